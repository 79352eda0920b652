"""What the element guest-minimal tells dpkg to leave out, as mmdebstrap is handed it."""

import shlex
import subprocess

import pytest
from element_files import OURS
from fakes import FakeFilesystem

from builder.features.minimal import KEPT, LEFT_OUT, Part
from builder.linux import dpkg_filters

ENVIRONMENT = OURS / "guest-minimal/environment.d/50-guest-minimal.bash"


def arguments(*parts: str, given: str = "") -> list[str]:
    """mmdebstrap's, as the shell of the element debootstrap takes them apart."""
    shell = 'set -euo pipefail; source "$0"; printf %s "$DIB_MMDEBSTRAP_EXTRA_ARGS"'
    variables = {"DIB_MINIMAL_WITHOUT": " ".join(parts)} if parts else {}
    text = subprocess.run(
        ["bash", "-c", shell, ENVIRONMENT],
        env={"DIB_MMDEBSTRAP_EXTRA_ARGS": given, **variables},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return shlex.split(text)


def filters(*parts: str) -> dpkg_filters.Filters:
    words = arguments(*parts)
    lines = [word.removeprefix("--dpkgopt=") for word in words if word.startswith("--dpkgopt=")]
    path = "/etc/dpkg/dpkg.cfg.d/guest-minimal"
    return dpkg_filters.read(FakeFilesystem({path: "\n".join(lines)}))


def example(pattern: str) -> str:
    return pattern.replace("*", "x")


@pytest.mark.parametrize("part", LEFT_OUT)
def test_a_part_alone_is_left_out_and_nothing_else(part: Part) -> None:
    found = filters(part)
    left_out = {name for name, all_of in LEFT_OUT.items() for pattern in all_of
                if found.leave_out(example(pattern))}  # fmt: skip
    assert left_out == {part}
    assert all(found.leave_out(example(pattern)) for pattern in LEFT_OUT[part])


def test_by_default_all_parts_are_left_out_and_what_is_kept_is_not() -> None:
    found = filters()
    assert found == filters(*LEFT_OUT)
    assert not [path for paths in KEPT.values() for path in paths if found.leave_out(example(path))]


@pytest.mark.parametrize("place", ["/lib/modules", "/usr/lib/modules"])
@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("drivers/scsi/qla2xxx/qla2xxx.ko", True),
        ("drivers/scsi/qla2xxx/qla2xxx.ko.xz", True),
        ("drivers/scsi/sd_mod.ko", False),
        ("drivers/scsi/sd_mod.ko.xz", False),
        ("drivers/scsi/megaraid/megaraid_sas.ko", False),
        ("drivers/message/fusion/mptsas.ko", False),
        ("drivers/hid/hid-asus.ko", True),
        ("drivers/hid/usbhid/usbhid.ko", False),
        ("drivers/hid/hid.ko", False),
        ("drivers/ata/pata_amd.ko", True),
        ("drivers/ata/ata_piix.ko", False),
        ("drivers/ata/ahci.ko", False),
        ("drivers/watchdog/i6300esb.ko", False),
        ("drivers/net/ethernet/mellanox/mlx5/core/mlx5_core.ko", False),
        ("drivers/net/ethernet/8390/ne2k-pci.ko", False),
        ("drivers/net/ethernet/8390/pcnet_cs.ko", True),
        ("drivers/gpu/drm/nouveau/nouveau.ko", True),
        ("drivers/gpu/drm/tiny/cirrus.ko", False),
        ("sound/core/snd.ko", True),
        ("net/wireless/cfg80211.ko", True),
        ("net/sched/sch_fq.ko", False),
    ],
)
def test_modules_of_virtual_hardware_stay(place: str, module: str, *, expected: bool) -> None:
    assert filters().leave_out(f"{place}/6.1.0-1-amd64/kernel/{module}") is expected


def test_what_else_mmdebstrap_is_told_stays_and_its_file_gets_our_name() -> None:
    words = arguments("translations", given="--include='a,b'")
    assert words[0] == "--include=a,b"
    assert words[-1] == (
        '--customize-hook=cd "$1"/etc/dpkg/dpkg.cfg.d && mv 99mmdebstrap guest-minimal'
    )


def test_a_part_that_is_not_known_ends_the_build() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        arguments("everything", "translations")
