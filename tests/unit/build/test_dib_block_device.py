"""The plugin, driven through diskimage-builder's own BlockDevice as its scripts drive it."""

from pathlib import Path

import pytest
import yaml
from diskimage_builder.block_device.blockdevice import BlockDevice

from builder.build import dib_block_device

# diskimage-builder leaves its state files open.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


@pytest.fixture
def build(tmp_path: Path) -> Path:
    build = tmp_path / "dib_build"
    (build / "built/etc").mkdir(parents=True)
    (build / "built/etc/hostname").write_text("guest\n")
    (build / "built/dev/pts").mkdir(parents=True)
    (build / "built/dev/null").touch()
    (build / "built/dev/fd").symlink_to("/proc/self/fd")
    return build


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "tree"


@pytest.fixture
def params(build: Path, destination: Path) -> dict[str, str]:
    config = build / "config.yaml"
    config.write_text(
        yaml.dump([{"guest_tree": {"name": "image0", "destination": str(destination)}}])
    )
    return {"config": str(config), "build-dir": str(build)}


def call(params: dict[str, str], *commands: str) -> None:
    """Each command is a program run of its own, which finds the state in files."""
    for command in commands:
        device = BlockDevice(params)
        assert getattr(device, f"cmd_{command}")() in (0, None)


def test_the_tree_stands_where_the_mounted_file_systems_would(
    build: Path, params: dict[str, str]
) -> None:
    call(params, "init", "create")
    assert (build / "mnt/etc/hostname").read_text() == "guest\n"


def test_diskimage_builder_can_go_on_copying_what_is_no_more_there(
    build: Path, params: dict[str, str]
) -> None:
    call(params, "init", "create")
    assert [path.name for path in (build / "built").iterdir()] == ["proc"]


def test_the_tree_is_handed_over_when_all_is_done(
    build: Path, destination: Path, params: dict[str, str]
) -> None:
    call(params, "init", "create", "umount")
    assert not destination.exists()
    call(params, "cleanup")
    assert (destination / "etc/hostname").read_text() == "guest\n"
    assert [*(destination / "dev").iterdir()] == []
    assert not (build / "mnt").exists()


def test_where_the_machine_s_devices_are_still_mounted_none_is_touched(
    build: Path,
    destination: Path,
    params: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"tmpfs / tmpfs rw 0 0\ndevtmpfs {build / 'mnt/dev'} devtmpfs rw 0 0\n")
    monkeypatch.setattr(dib_block_device, "MOUNTS", mounts)
    call(params, "init", "create", "umount")
    with pytest.raises(RuntimeError, match="still the machine's /dev"):
        call(params, "cleanup")
    assert (build / "mnt/dev/null").exists()
    assert not destination.exists()


def test_diskimage_builder_is_told_the_tree_s_path_as_the_image_s(
    destination: Path, params: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    call(params, "init", "create")
    for symbol in ("image-path", "image-block-device"):
        BlockDevice(params).cmd_getval(symbol)
        assert capsys.readouterr().out.strip() == str(destination)


def test_after_a_failure_the_tree_is_not_handed_over(
    destination: Path, params: dict[str, str]
) -> None:
    call(params, "init", "create", "delete")
    assert not destination.exists()
