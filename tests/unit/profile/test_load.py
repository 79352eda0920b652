"""What a profile inherits and becomes, and what is said of a file that is none."""

from collections.abc import Callable
from pathlib import Path

import pytest
from profile_files import loaded, problems, write

from builder.errors import InputError
from builder.features.registry import shipped
from builder.profile.load import load, shipped_profiles
from builder.profile.yaml import SourceError

ERRORS = Path(__file__).parents[2] / "golden" / "errors"
INVALID = sorted(path.name for path in ERRORS.glob("*.yaml"))


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_profile_is_explained(
    name: str, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ERRORS)
    with pytest.raises(InputError) as caught:
        load(f"./{name}", shipped())
    golden(f"{caught.value}\n", f"errors/{Path(name).stem}.txt")


@pytest.mark.parametrize("name", shipped_profiles())
def test_a_shipped_profile_loads(name: str) -> None:
    assert load(name, shipped()).name == name


def test_pinned_scsi_has_the_features_its_name_promises() -> None:
    profile = load("pinned-scsi", shipped())
    assert profile.distribution.name == "debian-12"
    assert set(profile.features) == {
        "virtio-scsi", "discard", "guest-agent", "multiqueue", "watchdog", "cpu-pinning",
    }  # fmt: skip


def test_a_child_overrides_its_parent_and_keeps_the_rest(tmp_path: Path) -> None:
    profile = loaded(
        tmp_path, "extends: debian-13-pinned-scsi\nfeatures: {watchdog: {timeout: 60}}"
    )
    assert profile.distribution.name == "debian-13"
    assert profile.features["watchdog"].model_dump() == {"action": "reset", "timeout": 60}


def test_false_removes_an_inherited_feature(tmp_path: Path) -> None:
    profile = loaded(tmp_path, "extends: pinned-scsi\nfeatures: {watchdog: false}")
    assert "watchdog" not in profile.features
    assert "multiqueue" in profile.features


def test_a_feature_without_a_value_has_its_defaults(tmp_path: Path) -> None:
    write(tmp_path, "extends: base\nfeatures: {watchdog: {action: pause}}", "parent.yaml")
    profile = loaded(tmp_path, "extends: parent.yaml\nfeatures: {watchdog: }")
    assert profile.features["watchdog"].model_dump() == {"action": "reset", "timeout": 30}


def test_an_empty_mapping_keeps_inherited_parameters(tmp_path: Path) -> None:
    write(tmp_path, "extends: base\nfeatures: {watchdog: {action: pause}}", "parent.yaml")
    profile = loaded(tmp_path, "extends: parent.yaml\nfeatures: {watchdog: {}}")
    assert profile.features["watchdog"].model_dump()["action"] == "pause"


def test_a_feature_takes_its_default_from_the_distribution(tmp_path: Path) -> None:
    profile = loaded(tmp_path, "distribution: debian-12\nfeatures: {guest-agent: }")
    assert profile.features["guest-agent"].model_dump()["admin_user"] == "debian"


def test_packages_may_have_the_names_that_rpm_has(tmp_path: Path) -> None:
    text = "extends: rocky-9\npackages: [NetworkManager-tui, lsb_release, gcc-c++]"
    assert loaded(tmp_path, text).packages == ("NetworkManager-tui", "lsb_release", "gcc-c++")


def test_packages_of_parent_and_child_add_up(tmp_path: Path) -> None:
    write(tmp_path, "extends: base\npackages: [vim, htop]", "parent.yaml")
    profile = loaded(tmp_path, "extends: parent.yaml\npackages: [htop, curl]")
    assert profile.packages == ("vim", "htop", "curl")


def test_a_disk_is_a_zstd_qcow2_by_default(tmp_path: Path) -> None:
    disk = loaded(tmp_path, "distribution: debian-12").disk
    assert (disk.format, disk.compression) == ("qcow2", "zstd")


def test_a_raw_disk_is_not_compressed(tmp_path: Path) -> None:
    disk = loaded(tmp_path, "distribution: debian-12\ndisk: {format: raw}").disk
    assert disk.compression == "none"


@pytest.mark.parametrize(
    ("disk", "proven", "others", "compression"),
    [
        ("{formats: [qcow2, raw, vmdk]}", "qcow2", ("raw", "vmdk"), "zstd"),
        ("{formats: [vhd, raw, vhdx]}", "raw", ("vhd", "vhdx"), "none"),
        ("{formats: [qcow2, raw], format: raw}", "raw", ("qcow2",), "zstd"),
        ("{formats: [raw, qcow2, raw], compression: zlib}", "raw", ("qcow2",), "zlib"),
        ("{format: raw}", "raw", (), "none"),
    ],
)
def test_of_several_formats_the_first_that_can_be_booted_is_proven(
    tmp_path: Path, disk: str, proven: str, others: tuple[str, ...], compression: str
) -> None:
    found = loaded(tmp_path, f"distribution: debian-12\ndisk: {disk}").disk
    assert (found.format, found.others, found.compression) == (proven, others, compression)


def test_formats_of_parent_and_child_add_up(tmp_path: Path) -> None:
    write(tmp_path, "extends: base\ndisk: {formats: [qcow2, raw]}", "parent.yaml")
    disk = loaded(tmp_path, "extends: parent.yaml\ndisk: {formats: [raw, vmdk]}").disk
    assert (disk.format, disk.others) == ("qcow2", ("raw", "vmdk"))


@pytest.mark.parametrize(
    ("disk", "complaint"),
    [
        ("{formats: [vmdk, vhd]}", "disk.formats: none of them can be proven"),
        ("{formats: [qcow2], format: raw}", "disk.format: it is not among 'formats': qcow2."),
        ("{formats: [raw, vmdk], compression: zstd}", "a raw image cannot be compressed"),
        ("{formats: [qcow2, iso]}", "'iso'"),
        ("{format: vmdk}", "'vmdk'"),
    ],
)
def test_formats_that_cannot_be_are_refused(tmp_path: Path, disk: str, complaint: str) -> None:
    with pytest.raises(SourceError) as caught:
        loaded(tmp_path, f"distribution: debian-12\ndisk: {disk}")
    assert complaint in str(caught.value)


def test_an_error_of_the_parent_is_placed_in_the_parent(tmp_path: Path) -> None:
    write(tmp_path, "distribution: debian-12\nfeatures:\n  watchdog: {action: bad}", "p.yaml")
    with pytest.raises(SourceError) as caught:
        loaded(tmp_path, "extends: p.yaml\nfeatures: {watchdog: {timeout: 60}}")
    (problem,) = caught.value.problems
    assert str(problem.position) == f"{tmp_path}/p.yaml:3:22"


# ---- files


@pytest.mark.parametrize("name", ["Big.yaml", "-x.yaml", "a b.yaml", ".yaml/"])
def test_a_file_name_that_cannot_name_an_image_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot name an image"):
        load(f"./{name}", shipped())


def test_an_unknown_profile_names_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'pinned-scsi'"):
        load("pined-scsi", shipped())


@pytest.mark.parametrize(
    "path",
    ["./nowhere.yaml", "/dev/null/x.yaml", "./a\0b/x.yaml", f"./{'d' * 300}/x.yaml"],
)
def test_a_file_that_cannot_be_read_is_reported_without_a_place_in_it(path: str) -> None:
    with pytest.raises(InputError, match="cannot be read") as caught:
        load(path, shipped())
    assert ":1:1" not in str(caught.value)
    assert caught.value.details
    assert caught.value.hint == "Name a file that you may read."


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("pined-scsi.yaml", "the shipped profile 'pinned-scsi'? It is named without path and suf"),
        ("databse.yaml", "'./database.yml'?"),
        ("x/pined-scsi.yml", "the shipped profile 'pinned-scsi'?"),
    ],
)
def test_a_file_that_is_not_there_names_the_nearest(
    wanted: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "extends: base", "database.yml")
    with pytest.raises(InputError) as caught:
        load(wanted, shipped())
    assert caught.value.details == ("No such file or directory.",)
    assert caught.value.hint.startswith(f"Did you mean {meant}".replace("./", ""))
    (problem,) = problems(tmp_path, f"extends: ./{wanted}")
    assert f"there is no file '{wanted}'." in problem
    assert f"  Did you mean {meant}".replace("./", "") in problem


def test_a_parent_that_cannot_be_read_is_placed_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "parent.yaml").mkdir()
    (problem,) = problems(tmp_path, "extends: ./parent.yaml")
    assert problem == "mine.yaml:1:10: extends: 'parent.yaml' cannot be read: Is a directory."


def test_a_directory_is_no_profile(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").mkdir()
    with pytest.raises(InputError, match="directory") as caught:
        load(str(tmp_path / "mine.yaml"), shipped())
    assert caught.value.hint == "Name a file that you may read."


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="larger than"):
        loaded(tmp_path, "#" * 100_000)


@pytest.mark.parametrize("text", ["[" * 50_000, "{a: " * 15_000, "- " * 30_000, "? " * 30_000])
def test_deep_nesting_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="nested more than"):
        loaded(tmp_path, text)
