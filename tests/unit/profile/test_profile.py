import json
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from builder.errors import InputError
from builder.feature import ExtraSpec, Feature, Need, Parameters
from builder.features.registry import Registered, shipped
from builder.host.paths import profiles_path
from builder.profile.load import load, shipped_profiles
from builder.profile.model import Profile
from builder.profile.schema import profile_schema
from builder.profile.yaml import SourceError

ERRORS = Path(__file__).parents[2] / "golden" / "errors"
INVALID = sorted(path.name for path in ERRORS.glob("*.yaml"))

PropertySettings = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200
)


def write(directory: Path, text: str, name: str = "mine.yaml") -> str:
    (directory / name).write_text(text, encoding="utf-8")
    return str(directory / name)


def loaded(directory: Path, text: str) -> Profile:
    return load(write(directory, text), shipped())


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


def test_an_error_of_the_parent_is_placed_in_the_parent(tmp_path: Path) -> None:
    write(tmp_path, "distribution: debian-12\nfeatures:\n  watchdog: {action: bad}", "p.yaml")
    with pytest.raises(SourceError) as caught:
        loaded(tmp_path, "extends: p.yaml\nfeatures: {watchdog: {timeout: 60}}")
    (problem,) = caught.value.problems
    assert str(problem.position) == f"{tmp_path}/p.yaml:3:22"


def setting(name: str, value: str) -> Feature[Parameters]:
    return Feature(
        name=name, summary="a test", parameters=Parameters,
        environment=lambda _: {"DIB_A": value},
        needs=lambda _: (Need(what=ExtraSpec("hw:a", value), reason="", source=""),),
    )  # fmt: skip


def problems(directory: Path, text: str, *features: Feature[Any]) -> list[str]:
    registry = {**shipped(), **{one.name: Registered(one, "a test") for one in features}}
    with pytest.raises(SourceError) as caught:
        load(write(directory, text), registry)
    return [str(one).replace(f"{directory}/", "") for one in caught.value.problems]


def test_two_features_that_contradict_each_other_are_placed_at_their_keys(tmp_path: Path) -> None:
    write(tmp_path, "distribution: debian-12\nfeatures:\n  a:", "p.yaml")
    text = "extends: p.yaml\npackages: vim\nfeatures:\n\n  b:"
    place = "mine.yaml:5:3: features.b: sets the"
    remedy = "  a stands in p.yaml:3:3.\n  Change the parameters of one, or remove it."
    assert problems(tmp_path, text, setting("a", "1"), setting("b", "2")) == [
        "mine.yaml:2:11: packages: expected a list, not 'vim'.",
        f"{place} environment variable DIB_A to '2', a to '1'.\n{remedy}",
        f"{place} flavor extra spec hw:a to '2', a to '1'.\n{remedy}",
    ]


def test_a_feature_that_contradicts_the_distribution_is_the_one_to_blame(tmp_path: Path) -> None:
    release = Feature(
        name="a", summary="a test", parameters=Parameters,
        environment=lambda _: {"DIB_RELEASE": "sid"},
    )  # fmt: skip
    (problem,) = problems(tmp_path, "extends: base\nfeatures: {a: }", release)
    assert problem.startswith("mine.yaml:2:12: features.a: sets the environment variable DIB_REL")
    (problem,) = problems(tmp_path, "distribution: sid\nfeatures: {a: }", release)
    assert "'sid' is not one of" in problem  # and no release is known yet


EXCLUDED = "features.secure-boot: excludes vgpu"
NEEDED = "features.secure-boot: asks for os_secure_boot: without hw_firmware_type=uefi"


@pytest.mark.parametrize(
    ("features", "found"),
    [
        ("secure-boot: , watchdog: {timeout: 5}", [NEEDED, "features.watchdog.timeout: 5"]),
        ("secure-boot: , uefi: {a: 1}", ["features.uefi.a: unknown key"]),
        ("secure-boot: , ueif: ", ["features.ueif: unknown feature"]),
        ("secure-boot: , uefi: false", [NEEDED]),
        ("secure-boot: , uefi: , vgpu: {sha256: x}", [EXCLUDED, "features.vgpu.sha256: a SHA"]),
        ("secure-boot: {a: 1}, uefi: , vgpu: {a: 1}",
         [EXCLUDED, "features.secure-boot.a: unknown", "features.vgpu.a: unknown"]),
    ],
)  # fmt: skip
def test_a_conflict_is_told_beside_other_errors_unless_it_may_be_their_consequence(
    features: str, found: list[str], tmp_path: Path
) -> None:
    told = problems(tmp_path, f"distribution: debian-14\nfeatures: {{{features}}}")
    assert "'debian-14' is not one of" in told[0]
    assert len(told) == len(found) + 1
    assert [one for one in found if not any(one in text for text in told)] == []


DRIVER = f"driver: a.deb, sha256: '{'0' * 64}'"
ONE_VCPU = "cpu-topology: {sockets: 1, cores: 1, threads: 1}"
TWO_VCPUS = "cpu-topology: {sockets: 1, cores: 2, threads: 1}"


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        (f"features: {{{TWO_VCPUS}, cpu-pinning: {{housekeeping: 2}}}}", "cpu-pinning.housekeeping",
         "takes 2 of 2 vCPUs, and leaves none to isolate"),
        (f"features: {{{ONE_VCPU}, cpu-pinning: {{housekeeping: 3}}}}", "cpu-pinning.housekeeping",
         "takes 3 of 1 vCPU, and leaves none"),
        ("features: {vgpu: }", "vgpu", "brings no driver"),
        (f"distribution: rocky-9\nfeatures: {{vgpu: {{{DRIVER}}}}}", "vgpu.driver",
         "is a Debian package, and rocky-9 has RPM packages"),
        ("features: {watchdog: {action: disabled, timeout: 30}}", "watchdog.timeout",
         "has no meaning with 'action: disabled'"),
        ("features: {guest-agent: {admin_user: admin}}", "guest-agent.admin_user",
         "is 'admin', but nobody can log in as that: the image has 'debian' and root"),
    ],
)  # fmt: skip
def test_parameters_that_cannot_be_in_this_image_are_refused(
    text: str, place: str, said: str, tmp_path: Path
) -> None:
    (problem,) = problems(tmp_path, f"extends: base\n{text}")
    assert f"features.{place}: {said}" in problem
    line = text.count("\n") + 2
    assert problem.startswith(f"mine.yaml:{line}:")
    assert problem.count("\n") == 1  # with its remedy


@pytest.mark.parametrize(
    "text",
    [
        f"features: {{{TWO_VCPUS}, cpu-pinning: {{housekeeping: 1}}}}",
        "features: {cpu-topology: {cores: 2}, cpu-pinning: {housekeeping: 2}}",
        "packages: [vendor-driver]\nfeatures: {vgpu: }",
        f"features: {{vgpu: {{{DRIVER}}}}}",
        f"distribution: rocky-9\nfeatures: {{vgpu: {{{DRIVER.replace('.deb', '.tar.gz')}}}}}",
        "features: {watchdog: {action: disabled}}",
        "features: {guest-agent: {admin_user: root}}",
        "packages: [admin-of-ours]\nfeatures: {guest-agent: {admin_user: admin}}",
    ],
)
def test_parameters_that_may_be_right_are_not_refused(text: str, tmp_path: Path) -> None:
    assert loaded(tmp_path, f"extends: base\n{text}").features


def test_another_distribution_has_another_user(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "extends: pinned-scsi\ndistribution: ubuntu-24.04")
    assert "features.guest-agent.admin_user: is 'debian'" in problem
    text = (
        "extends: pinned-scsi\ndistribution: ubuntu-24.04\nfeatures: {guest-agent: {admin_user: }}"
    )
    assert loaded(tmp_path, text).features["guest-agent"].model_dump()["admin_user"] == "ubuntu"


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("distribution: debian-14\nfeatures: {guest-agent: {admin_user: rocky}}", "debian-14"),
        ("extends: base\nfeatures: {vgpu: , driver-of-ours: }", "driver-of-ours"),
        ("extends: base\npackages: [-x]\nfeatures: {vgpu: }", "'-x'"),
    ],
)
def test_parameters_are_not_refused_by_what_is_not_known(
    text: str, only: str, tmp_path: Path
) -> None:
    (problem,) = problems(tmp_path, text)
    assert only in problem


def test_a_feature_of_another_package_may_bring_what_is_missing(tmp_path: Path) -> None:
    registry = {**shipped(), "a": Registered(setting("a", "1"), "a test")}
    assert load(write(tmp_path, "extends: base\nfeatures: {vgpu: , a: }"), registry).features


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


@PropertySettings
@given(data=st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_load_or_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(data)
    with pytest.raises(InputError):
        load(str(path), shipped())


YAML_TEXT = st.lists(
    st.sampled_from(
        ["distribution", "debian-12", "features", "extends", "base", "disk", "watchdog", ": ",
         ":", "\n", "  ", "- ", "[", "]", "{", "}", ",", "&a ", "*a", "!", "? ", "|\n", "'", '"',
         "null", "~", "1e9", "0x", "-", "#", "---", "...", "<<", "%", "\t"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@PropertySettings
@given(text=YAML_TEXT)
def test_any_yaml_like_text_loads_or_is_refused(tmp_path: Path, text: str) -> None:
    try:
        loaded(tmp_path, text)
    except InputError as error:
        assert str(error)  # noqa: PT017 - loading may succeed as well


WORDS = [
    "distribution", "debian-12", "extends", "base", "disk", "format", "raw", "size_gib", "packages",
    "mirrors", "archive", "features", "watchdog", "action", "reset", "timeout", "guest-agent",
    "admin_user", "cpu-pinning", "policy", "shared", "threads", "prefer", "discard",
]  # fmt: skip
KEYS = st.sampled_from(WORDS) | st.text(string.printable, max_size=5)
STRUCTURES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
PROFILES = st.fixed_dictionaries(
    {"distribution": st.just("debian-12") | STRUCTURES},
    optional={
        "disk": STRUCTURES,
        "packages": STRUCTURES,
        "extends": STRUCTURES,
        "features": st.dictionaries(KEYS, st.dictionaries(KEYS, STRUCTURES) | STRUCTURES)
        | STRUCTURES,
    },
)


@PropertySettings
@given(data=STRUCTURES | PROFILES)
def test_any_structure_loads_or_is_refused(tmp_path: Path, data: Any) -> None:
    text = yaml.safe_dump(data)
    try:
        profile = loaded(tmp_path, text)
    except InputError as error:
        assert str(error)  # noqa: PT017 - loading may succeed as well
    else:
        assert profile.name == "mine"


def schema_errors(data: Any) -> list[str]:
    return [
        one.message for one in Draft202012Validator(profile_schema(shipped())).iter_errors(data)
    ]


def test_the_committed_schema_is_current() -> None:
    committed = (profiles_path() / "profile.schema.json").read_text(encoding="utf-8")
    assert json.loads(committed) == profile_schema(shipped()), "guest-image schema > …"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(profile_schema(shipped()))


@pytest.mark.parametrize("name", shipped_profiles())
def test_a_shipped_profile_validates_and_names_its_schema(name: str) -> None:
    text = (profiles_path() / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=profile.schema.json\n")
    assert schema_errors(yaml.safe_load(text)) == []


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"distribution": "debian-14"},
        {"extends": "base", "feature": {}},
        {"extends": "base", "features": {"watchdg": {}}},
        {"extends": "base", "features": {"watchdog": True}},
        {"extends": "base", "features": {"watchdog": {"action": "shutdown"}}},
        {"extends": "base", "packages": ["-x"]},
    ],
)
def test_the_schema_refuses_what_loading_refuses(data: dict[str, Any], tmp_path: Path) -> None:
    assert schema_errors(data)
    with pytest.raises(InputError):
        loaded(tmp_path, yaml.safe_dump(data))


@pytest.mark.parametrize(
    "data",
    [
        {"extends": "base", "features": {"watchdog": None, "multiqueue": False, "discard": {}}},
        {"extends": "base", "features": {"guest-agent": {"require_quiesce": True}}},
        {"distribution": "debian-12", "packages": None, "disk": {"compression": None}},
    ],
)
def test_the_schema_accepts_what_loading_accepts(data: dict[str, Any], tmp_path: Path) -> None:
    assert schema_errors(data) == []
    assert loaded(tmp_path, yaml.safe_dump(data))
