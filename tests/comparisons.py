"""Pairs of builds that are compared."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from samples import OTHER_SHA256, complete, evidence, manifest, plan

from builder.feature import Outcome
from builder.plan.model import Plan
from builder.store.manifest import Manifest
from builder.store.sections import Adopted, BootRecord, Package, UnprovenClaim

PLAN = plan("pinned-scsi")
PLANS = tuple(plan(profile) for profile in ("base", "pinned-scsi", "secure-boot", "rocky-9"))
PROBE = "virtio-scsi/root-is-on-virtio-scsi"
MIB = 1 << 20


def package(name: str, version: str, architecture: str = "amd64", size: int = 100) -> Package:
    return Package(name=name, version=version, architecture=architecture, installed_size=size)


def boots(of: Plan, sha256: str, kernel: str, until_ssh: float = 70) -> list[BootRecord]:
    return [
        BootRecord(
            name=boot.name,
            accelerator="tcg",
            until_ssh=until_ssh,
            probes=12,
            image_sha256=sha256,
            qemu="7.2.22",
            kernel=kernel,
            command_line=f"BOOT_IMAGE=/boot/vmlinuz-{kernel} root=UUID={sha256[:8]} ro quiet",
        )
        for boot in of.boots
    ]


def image(sha256: str, size: int) -> dict[str, Any]:
    return {"image": manifest(PLAN).image.model_copy(update={"sha256": sha256, "size": size})}


def older() -> Manifest:
    """A proven build."""
    return manifest(
        PLAN,
        packages=(
            package("apt", "2.6.1"),
            package("bind9", "9.18.33-1"),
            package("libssl3:amd64", "3.0.15-1~deb12u1"),
            package("linux-image-6.1.0-57-amd64", "6.1.192-3", size=400_000),
            package("python3-six", "1.16.0-4", "all"),
            package("vim", "2:9.0.1378-2"),
        ),
        directories={"/usr/lib/modules": 400 * MIB, "/usr/share/doc": 9 * MIB, "/etc": 1 * MIB},
        unpackaged={"/boot": 30 * MIB, "/var/lib/old": 4096},
    ).with_evidence(complete(PLAN), boots(PLAN, "a" * 64, "6.1.0-57-amd64"))


def newer() -> Manifest:
    """What became of it: another timeout, newer packages, a probe that fails under UEFI."""
    planned = replace(
        PLAN,
        elements=(*PLAN.elements[1:], "guest-extra"),
        environment={**PLAN.environment, "DIB_WATCHDOG_TIMEOUT": "60"},
        parameters={**PLAN.parameters, "watchdog": {"action": "reset", "timeout": 60}},
        claims=PLAN.claims[:-1],
        packages=("vim",),
    )
    results = [
        result.model_copy(update={"image_sha256": OTHER_SHA256}) for result in complete(PLAN)
    ]
    failed = evidence(PROBE, Outcome.FAILED, boot="uefi", sha256=OTHER_SHA256)
    return manifest(
        planned,
        build="20260109T030405Z-77b1aa",
        inputs="e" * 64,
        packages=(
            package("apt", "2.6.1"),
            package("bind9", "1:9.18.33-1"),
            package("libssl3:amd64", "3.0.15-1~deb12u2"),
            package("linux-image-6.1.0-58-amd64", "6.1.193-1", size=401_000),
            package("python3-six", "1.16.0-4", "amd64"),
            package("vim", "9.1.0"),
        ),
        directories={"/usr/lib/modules": 401 * MIB, "/usr/share/doc": 9 * MIB, "/opt": 1 * MIB},
        unpackaged={"/boot": 31 * MIB},
        tools={"qemu-img": "qemu-img version 7.2.23"},
        timings={"bootstrap": 38.0, "convert": 6.0},
        **image(OTHER_SHA256, 304 * MIB),
    ).with_evidence([*results, failed], boots(PLAN, OTHER_SHA256, "6.1.0-58-amd64", 64.5))


def adopted(sha256: str = "f" * 64) -> Manifest:
    """An image from elsewhere: no packages, a Windows."""
    distribution = replace(
        PLAN.distribution, name="windows-2022", os_distro="windows", package_format=None
    )
    bare = replace(
        PLAN, profile="adopted-windows", distribution=distribution, claims=PLAN.claims[:1],
        inspections=(), probes=(), boots=(), elements=(), environment={},
    )  # fmt: skip
    lacks = UnprovenClaim(property="os_type", value="", owner="x", reason="none", checks=())
    return manifest(
        bare,
        packages=(),
        adopted=Adopted(source="win.qcow2", lacking=(lacks,), limits=()),
        **image(sha256, MIB),
    )


_NAMES = st.sampled_from(["apt", "bind9", "bind9:amd64", "bind9:i386", "kernel", "vim"])
_VERSIONS = st.sampled_from(["1", "1:1", "0:1", "1~rc1", "1^git", "2-1.el9", "", "é"]) | st.text(
    max_size=4
)
_PACKAGES = st.lists(
    st.builds(
        package, _NAMES, _VERSIONS, st.sampled_from(["all", "amd64", "i386"]), st.integers(0, 9)
    ),
    max_size=8,
    unique_by=lambda package: (
        package.name.partition(":")[0],
        package.version,
        package.architecture,
    ),
).map(tuple)
_SIZES = st.dictionaries(st.sampled_from(["/", "/boot", "/etc", "/opt"]), st.integers(0, 1 << 40))
_KERNELS = st.sampled_from(["", "6.1.0-57-amd64", "6.1.0-58-amd64"])


@st.composite
def builds(draw: st.DrawFn) -> Manifest:
    """A build of any profile, proven or not in whatever part."""
    of = draw(st.sampled_from(PLANS))
    sha256 = draw(st.sampled_from(["a" * 64, OTHER_SHA256]))
    outcomes = draw(st.lists(st.sampled_from([*Outcome, None]), min_size=1, max_size=7))
    results = [
        result.model_copy(update={"outcome": outcome, "image_sha256": sha256})
        for number, result in enumerate(complete(of))
        if (outcome := outcomes[number % len(outcomes)]) is not None
    ]
    booted = boots(of, sha256, draw(_KERNELS), draw(st.floats(0, 999)))
    return manifest(
        of,
        packages=draw(_PACKAGES),
        directories=draw(_SIZES),
        unpackaged=draw(_SIZES),
        timings=draw(st.dictionaries(st.sampled_from(["disk", "convert"]), st.floats(0, 999))),
        libguestfs=draw(st.sampled_from(["", "1.48.6", "1.52.0"])),
        adopted=draw(st.sampled_from([None, adopted().adopted])),
        **image(sha256, draw(st.integers(0, 1 << 40))),
    ).with_evidence(results, booted[: draw(st.integers(0, len(booted)))])
