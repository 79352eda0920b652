"""Features of a profile that contradict each other, and parameters that no image can have."""

from pathlib import Path

import pytest
from profile_files import loaded, problems, shipped_and, write

from builder.feature import ExtraSpec, Feature, Need, Parameters
from builder.profile.load import load


def setting(name: str, value: str) -> Feature[Parameters]:
    return Feature(
        name=name, summary="a test", parameters=Parameters,
        environment=lambda _: {"DIB_A": value},
        needs=lambda _: (Need(what=ExtraSpec("hw:a", value), reason="", source=""),),
    )  # fmt: skip


def test_two_features_that_contradict_each_other_are_placed_at_their_keys(tmp_path: Path) -> None:
    write(tmp_path, "distribution: debian-12\nfeatures:\n  a:", "p.yaml")
    text = "extends: p.yaml\npackages: vim\nfeatures:\n\n  b:"
    place = "mine.yaml:5:3: features.b: sets the"
    remedy = "  a stands in p.yaml:3:3.\n  Change the parameters of one, or remove it."
    assert problems(tmp_path, text, shipped_and(setting("a", "1"), setting("b", "2"))) == [
        "mine.yaml:2:11: packages: expected a list, not 'vim'.",
        f"{place} environment variable DIB_A to '2', a to '1'.\n{remedy}",
        f"{place} flavor extra spec hw:a to '2', a to '1'.\n{remedy}",
    ]


def test_a_feature_that_contradicts_the_distribution_is_the_one_to_blame(tmp_path: Path) -> None:
    release = Feature(
        name="a", summary="a test", parameters=Parameters,
        environment=lambda _: {"DIB_RELEASE": "sid"},
    )  # fmt: skip
    (problem,) = problems(tmp_path, "extends: base\nfeatures: {a: }", shipped_and(release))
    assert problem.startswith("mine.yaml:2:12: features.a: sets the environment variable DIB_REL")
    (problem,) = problems(tmp_path, "distribution: sid\nfeatures: {a: }", shipped_and(release))
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
    assert [problem for problem in found if not any(problem in text for text in told)] == []


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
    registry = shipped_and(setting("a", "1"))
    assert load(write(tmp_path, "extends: base\nfeatures: {vgpu: , a: }"), registry).features
