"""The guest drives a share of one of its host's graphics processors.

A virtual GPU needs a driver from its vendor, built against every kernel of the image, and nouveau
out of the way: whichever of the two binds the device first keeps it. The driver may not be shipped
with this program; a profile names the file and its SHA-256, and the image is built with it.
"""

import re
from collections.abc import Iterator

from pydantic import Field, field_validator, model_validator

from builder.feature import (
    CheckFailed,
    Claim,
    ConfigOption,
    Conflict,
    Consequence,
    ExtraSpec,
    Feature,
    Filesystem,
    HostFact,
    Inspection,
    Kernel,
    Need,
    NovaRelease,
    Parameters,
    ProviderTrait,
    Setup,
    Surroundings,
    inspection,
)
from builder.feature.needs import NOVA_DOCS
from builder.feature.source_file import Location, Sha256, SourceFile, name_of
from builder.linux import kernels, loadable, modprobe

DEBIAN = ".deb"
TARBALLS = (".tar.gz", ".tar.xz")
SUFFIXES = (DEBIAN, *TARBALLS)
TRAIT = re.compile(r"(CUSTOM|HW_GPU)_[A-Z0-9_]+")
MODULE = re.compile(r"[A-Za-z0-9_-]+")


class VgpuParameters(Parameters):
    """The vendor's driver for guests, which its user has a licence for and must bring along."""

    driver: Location | None = Field(
        default=None,
        description="The driver: a Debian package, or a tarball of sources for DKMS; a path"
        " relative to the profile, or an http(s) address; without it, one of the profile's"
        " packages must bring it.",
    )
    sha256: Sha256 | None = Field(
        default=None, description="The SHA-256 of 'driver', which is needed with it."
    )
    module: str = Field(
        default="nvidia", description="The kernel module that the driver must give every kernel."
    )
    trait: str | None = Field(
        default=None,
        examples=["CUSTOM_VGPU_SMALL"],
        description="Have Nova choose a graphics processor that has this trait in Placement.",
    )

    @field_validator("driver")
    @classmethod
    def known_format(cls, driver: str | None) -> str | None:
        """Refuse what cannot be looked into before it runs, such as an installer of its own."""
        if driver is not None and not name_of(driver).endswith(SUFFIXES):
            raise ValueError(
                f"'{name_of(driver)}' is not a driver that can be built for every kernel.\n"
                f"It must be a Debian package or a tarball for DKMS: {', '.join(SUFFIXES)}.\n"
                "Vendors' installers (.run) carry one: unpack it with their option for that."
            )
        return driver

    @field_validator("module")
    @classmethod
    def plain_module(cls, module: str) -> str:
        """A module's name, which commands are given."""
        if not MODULE.fullmatch(module):
            raise ValueError(f"'{module}' is not the name of a kernel module.")
        return module.replace("-", "_")

    @field_validator("trait")
    @classmethod
    def known_trait(cls, trait: str | None) -> str | None:
        """Placement takes its own traits, and those that begin with CUSTOM_."""
        if trait is not None and not TRAIT.fullmatch(trait):
            raise ValueError(
                f"'{trait}' is not a trait of a graphics processor.\n"
                "Write one of your own, CUSTOM_ and capital letters, digits and '_',\n"
                "or one of Placement's that begin with HW_GPU_."
            )
        return trait

    @model_validator(mode="after")
    def driver_with_checksum(self) -> "VgpuParameters":
        """A driver becomes a part of the kernel: it must be the one that was meant."""
        if (self.driver is None) != (self.sha256 is None):
            lacks, has = ("sha256", "driver") if self.driver else ("driver", "sha256")
            raise ValueError(f"'{has}' has no meaning without '{lacks}': write both, or neither.")
        return self


UPDATES = ("updates/dkms", "extra", "updates")
"""Where DKMS puts modules: in Debian and Ubuntu, in the RHEL family, in SUSE."""


@inspection("every kernel has the driver's module")
def kernels_have_driver(disk: Filesystem, parameters: VgpuParameters) -> str:
    """DKMS builds for one kernel at a time, and the image boots whichever is newest."""
    found = kernels.require_every(disk)
    paths = [_built(disk, kernel, parameters.module) for kernel in found]
    loadable.require(disk, (parameters.module,))
    return ", ".join(paths)


def _built(disk: Filesystem, kernel: Kernel, module: str) -> str:
    directory = f"{kernels.TREE}/{kernel.release}"
    # Underscores and hyphens are the same to modprobe, and a vendor may use either.
    pattern = f"{module.replace('_', '[_-]')}.ko*"
    path = next((p for place in UPDATES for p in disk.glob(f"{directory}/{place}/{pattern}")), None)
    if path is None:
        raise CheckFailed(
            f"kernel {kernel.release} has no {module} below {directory}: "
            "the driver was not built for it"
        )
    if module not in kernel.on_disk:
        raise CheckFailed(f"{path} is not in {directory}/modules.dep: modprobe does not find it")
    return path


RIVAL = "nouveau"


@inspection("the free driver that would take the device first is out")
def nouveau_is_out(disk: Filesystem, _: VgpuParameters) -> str:
    """It must not be in any initrd, nor be loaded for a device or by its name."""
    for kernel in kernels.require_every(disk):
        if kernel.initrd is not None:
            kernels.require_initrd(kernel)
        for modules, where in (
            (kernel.builtin, "built in"),
            (kernel.in_initrd, f"in its initrd ({kernel.initrd})"),
        ):
            if RIVAL in modules:
                raise CheckFailed(f"kernel {kernel.release} has {RIVAL} {where}")
    blacklist = next(modprobe.directives(disk, "blacklist", RIVAL), None)
    if blacklist is None:
        raise CheckFailed(f"no file of modprobe.d blacklists {RIVAL}: its devices load it")
    install = next(modprobe.directives(disk, "install", RIVAL), None)
    if install is None or install.arguments[-1:] not in {("/bin/false",), ("/bin/true",)}:
        raise CheckFailed(f"no file of modprobe.d keeps {RIVAL} from being loaded by its name")
    return f"{blacklist.path} blacklists {RIVAL}, {install.path} keeps it from being loaded"


INSPECTIONS: tuple[Inspection[VgpuParameters], ...] = (kernels_have_driver, nouveau_is_out)


def claims(parameters: VgpuParameters) -> tuple[Claim, ...]:
    """The trait, where one is asked for: the flavor asks for the device itself."""
    if parameters.trait is None:
        return ()
    return (
        Claim(
            property=f"trait:{parameters.trait}",
            value="required",
            promise=f"the guest has the driver of a graphics processor with {parameters.trait}",
            proof=INSPECTIONS,
        ),
    )


def environment(parameters: VgpuParameters) -> dict[str, str]:
    """What the element installs, and what it must find afterwards."""
    return {
        "DIB_VGPU_DRIVER": "" if parameters.driver is None else name_of(parameters.driver),
        "DIB_VGPU_MODULE": parameters.module,
    }


def files(parameters: VgpuParameters) -> tuple[SourceFile, ...]:
    """The driver, where it is no package of the distribution's or of a mirror's."""
    if parameters.driver is None or parameters.sha256 is None:
        return ()
    return (SourceFile(parameters.driver, parameters.sha256),)


DOCS = f"{NOVA_DOCS}/admin/virtual-gpu.html"


def needs(parameters: VgpuParameters) -> tuple[Need, ...]:
    """What makes shares of a graphics processor, and asks for one."""
    trait = (
        Need(
            what=ProviderTrait(parameters.trait or "", by_nova=False),
            reason="The image requires it: the operator gives it to the graphics processor's"
            " resource provider, which is a child of the host's.",
            source=f"{DOCS}#optional-provide-custom-traits-for-multiple-gpu-types",
        ),
    )
    types = "nvidia-35"
    return (
        Need(
            what=ExtraSpec("resources:VGPU", "1"),
            reason="A share of a graphics processor is asked for by the flavor.",
            source=f"{DOCS}#configure-a-flavor-controller",
        ),
        *(trait if parameters.trait else ()),
        Need(
            what=ConfigOption("devices", "enabled_mdev_types", types, per_host=HostFact.MDEV_TYPES),
            reason="These types of shares are made; 'ls /sys/class/mdev_bus/*/mdev_supported_types'"
            " lists what there is.",
            source=f"{DOCS}#enable-gpu-types-compute",
            since=NovaRelease.XENA,
        ),
        Need(
            what=ConfigOption("devices", "enabled_vgpu_types", types, per_host=HostFact.MDEV_TYPES),
            reason="These types of shares are made; one type only until Train.",
            source=f"{DOCS}#enable-gpu-types-compute",
            until=NovaRelease.WALLABY,
        ),
        Need(
            what=Setup("the vendor's manager for virtual graphics processors is installed"),
            reason="It makes the mediated devices.",
            source=DOCS,
        ),
        Need(
            what=Consequence("a guest with a share is not migrated live"),
            reason="Nova refuses it before 2024.1, and since then does it where hosts have libvirt"
            " 8.6, QEMU 8.1 and Linux 5.18.",
            source=f"{DOCS}#caveats",
            until=NovaRelease.BOBCAT,
        ),
        Need(
            what=Consequence("live migration needs the same type on both hosts, and no post-copy"),
            reason="VFIO's devices cannot wait for memory: live_migration_permit_post_copy must be"
            " False. Hosts need libvirt 8.6, QEMU 8.1 and Linux 5.18.",
            source=f"{DOCS}#caveats",
            since=NovaRelease.CARACAL,
        ),
    )


def conflicts(parameters: VgpuParameters, surroundings: Surroundings) -> Iterator[Conflict]:
    """What the elements would find out when half of the image is built."""
    distribution, driver = surroundings.distribution, parameters.driver
    if driver is None and surroundings.complete:
        yield Conflict(
            "",
            "brings no driver: it names none, and the profile has no package that could",
            "Name the vendor's file with 'driver' and 'sha256', or its package in 'packages'.",
        )
    if driver and name_of(driver).endswith(DEBIAN) and distribution.package_format == "rpm":
        yield Conflict(
            "driver",
            f"is a Debian package, and {distribution.name} has RPM packages",
            f"Bring the driver as a tarball for DKMS ({', '.join(TARBALLS)}).",
        )


FEATURE = Feature(
    name="vgpu",
    summary="the vendor's driver for a share of a graphics processor, built for every kernel",
    parameters=VgpuParameters,
    architectures=("x86_64",),
    elements=("guest-vgpu",),
    environment=environment,
    files=files,
    claims=claims,
    inspections=INSPECTIONS,
    needs=needs,
    conflicts=conflicts,
    no_probe_reason="A virtual graphics processor is cut from a real one by its vendor's manager:"
    " QEMU has no such device to emulate, and the driver stays unused without it.",
)
