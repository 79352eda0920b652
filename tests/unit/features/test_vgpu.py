"""What a virtual graphics processor needs, and which drivers and traits are taken."""

from collections.abc import Iterator
from typing import Any

import pytest
from check_cases import Case, broken_disk, good_disks
from firmware_disk import BUILTIN
from good_disk import INITRD_PATH, MODULES_DEP, NO_KERNEL, NO_NOUVEAU, OTHER, RELEASE, second_kernel
from initrds import cpio
from pydantic import ValidationError

from builder.feature import NovaRelease
from builder.feature.needs import flavor_of
from builder.feature.nova_release import NEWEST
from builder.features import vgpu
from builder.features.vgpu import VgpuParameters


def needed(parameters: VgpuParameters, release: NovaRelease) -> list[str]:
    return [str(need.what) for need in vgpu.needs(parameters) if need.applies_to(release)]


def test_the_flavor_asks_for_the_device_and_the_host_makes_it() -> None:
    assert flavor_of(vgpu.needs(VgpuParameters()), NEWEST) == {"resources:VGPU": "1"}
    assert "[devices] enabled_mdev_types" in needed(VgpuParameters(), NovaRelease.XENA)
    assert "[devices] enabled_vgpu_types" in needed(VgpuParameters(), NovaRelease.WALLABY)


@pytest.mark.parametrize("trait", ["CUSTOM_VGPU_SMALL", "HW_GPU_API_VULKAN"])
def test_a_trait_is_claimed_of_the_image_and_needed_of_the_host(trait: str) -> None:
    parameters = VgpuParameters(trait=trait)
    (claim,) = vgpu.claims(parameters)
    assert (claim.property, claim.value) == (f"trait:{trait}", "required")
    assert claim.proof == vgpu.INSPECTIONS
    assert trait in needed(parameters, NEWEST)


def test_without_a_trait_nothing_is_claimed() -> None:
    assert vgpu.claims(VgpuParameters()) == ()


def test_a_modules_name_is_the_one_that_the_kernel_knows() -> None:
    assert VgpuParameters(module="my-gpu").module == "my_gpu"


def test_without_a_driver_of_ones_own_a_package_brings_it() -> None:
    assert vgpu.files(VgpuParameters()) == ()
    assert vgpu.environment(VgpuParameters()) == {
        "DIB_VGPU_DRIVER": "",
        "DIB_VGPU_MODULE": "nvidia",
    }


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"trait": "VGPU_SMALL"}, "is not a trait of a graphics processor"),
        ({"trait": "CUSTOM_small"}, "is not a trait of a graphics processor"),
        ({"module": "a; reboot"}, "is not the name of a kernel module"),
        ({"sha256": "0" * 64}, "'sha256' has no meaning without 'driver'"),
    ],
)
def test_what_cannot_be_is_refused(given: Any, reason: str) -> None:
    with pytest.raises(ValidationError) as refused:
        VgpuParameters(**given)
    assert reason in str(refused.value)


def disks() -> Iterator[Case]:
    yield from good_disks(vgpu.FEATURE.inspections)
    check = vgpu.kernels_have_driver
    built = f"/usr/lib/modules/{RELEASE}/updates/dkms/nvidia.ko"
    yield broken_disk(check, "no kernel", NO_KERNEL, "no kernel is installed")
    yield broken_disk(check, "not built", {built: None}, f"kernel {RELEASE} has no nvidia below")
    yield broken_disk(
        check,
        "built for one kernel only",
        second_kernel(OTHER),
        f"kernel {OTHER} has no nvidia below /lib/modules/{OTHER}: the driver was not built",
    )
    yield broken_disk(
        check,
        "depmod has not been run",
        {MODULES_DEP: "kernel/kvm.ko:\n"},
        "updates/dkms/nvidia.ko is not in",
    )
    check = vgpu.nouveau_is_out
    nouveau = cpio({"init": b"", f"usr/lib/modules/{RELEASE}/kernel/nouveau.ko": b""})
    yield broken_disk(check, "no kernel", NO_KERNEL, "no kernel is installed")
    yield broken_disk(
        check, "in the initrd", {INITRD_PATH: nouveau}, f"has nouveau in its initrd ({INITRD_PATH})"
    )
    yield broken_disk(
        check,
        "built in",
        {BUILTIN: "kernel/drivers/nouveau.ko\n"},
        f"kernel {RELEASE} has nouveau built in",
    )
    yield broken_disk(
        check, "loaded by its devices", {NO_NOUVEAU: None}, "modprobe.d blacklists nouveau"
    )
    yield broken_disk(
        check,
        "loaded by its name",
        {NO_NOUVEAU: "blacklist nouveau\n"},
        "no file of modprobe.d keeps nouveau from being loaded by its name",
    )


@pytest.mark.parametrize("case", [*disks()], ids=str)
def test_an_inspection_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
