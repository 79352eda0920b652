"""What a build from a snapshot is made from, and what its guests keep."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from samples import plan

from builder.build import dib_environment
from builder.build.dib_environment import expected_environment, mirrors, usual_mirrors
from builder.errors import InputError
from builder.features.registry import shipped

ARCHIVE, SECURITY = "DIB_DISTRIBUTION_MIRROR", "DIB_DEBIAN_SECURITY_MIRROR"
USUAL = {ARCHIVE: "https://usual.example/debian", SECURITY: "https://usual.example/security"}
THEN = {
    "DIB_SNAPSHOT_MIRROR_ARCHIVE": "http://127.0.0.1:8080/debian/{at}/",
    "DIB_SNAPSHOT_MIRROR_SECURITY": "http://127.0.0.1:8080/security/{at}/",
}
AT = replace(plan("base"), snapshot=datetime(2026, 11, 1, tzinfo=UTC))
TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - nobody's


@pytest.fixture(autouse=True)
def _host_without_mirrors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dib_environment, "host_mirrors", lambda *_: {})


def test_the_snapshot_s_mirrors_are_built_from_and_the_usual_ones_kept() -> None:
    settings = expected_environment(AT, shipped(), {**USUAL, **THEN})
    assert settings[ARCHIVE].value == "http://127.0.0.1:8080/debian/20261101T000000Z/"
    assert settings[SECURITY].value == "http://127.0.0.1:8080/security/20261101T000000Z/"
    assert settings[ARCHIVE].origin == "the environment"
    assert settings["DIB_IMAGE_MIRROR_ARCHIVE"].value == USUAL[ARCHIVE]
    assert settings["DIB_IMAGE_MIRROR_SECURITY"].value == USUAL[SECURITY]
    assert usual_mirrors(AT, {**USUAL, **THEN}) == USUAL


def test_without_a_moment_no_snapshot_is_asked() -> None:
    assert mirrors(plan("base"), {**USUAL, **THEN}) == USUAL


def test_the_profile_s_mirrors_for_the_image_are_kept_where_no_usual_one_is_known() -> None:
    named = {
        "DIB_IMAGE_MIRROR_ARCHIVE": "https://packages.example/debian",
        "DIB_IMAGE_MIRROR_SECURITY": "https://packages.example/security",
    }
    planned = replace(AT, environment={**AT.environment, **named, **THEN})
    settings = expected_environment(planned, shipped(), {})
    assert settings["DIB_IMAGE_MIRROR_ARCHIVE"].value == "https://packages.example/debian"
    assert settings[ARCHIVE].origin == "the profile"


def test_a_snapshot_that_nobody_names_is_refused_with_where_to_name_it() -> None:
    only_archive = {name: THEN[name] for name in THEN if name.endswith("ARCHIVE")}
    with pytest.raises(InputError, match="where the archive's snapshot of 2026-11-01T") as caught:
        mirrors(AT, {**USUAL, **only_archive})
    assert "mirrors.snapshot.security or DIB_SNAPSHOT_MIRROR_SECURITY" in caught.value.hint
    assert "mirrors.snapshot.archive" not in caught.value.hint


def test_an_image_that_could_only_name_the_snapshot_is_refused() -> None:
    with pytest.raises(InputError, match="in place of the snapshot") as caught:
        mirrors(AT, THEN)
    assert "mirrors.in_image.security" in caught.value.hint


def test_a_usual_mirror_that_is_not_for_everybody_is_not_kept() -> None:
    private = {**USUAL, ARCHIVE: f"https://mirror.example/{TOKEN}/debian"}
    with pytest.raises(InputError, match="not for everybody"):
        mirrors(AT, {**private, **THEN})


def test_a_snapshot_s_address_is_plain_and_its_token_secret() -> None:
    name = "DIB_SNAPSHOT_MIRROR_ARCHIVE"
    with pytest.raises(InputError, match="plain http or https address"):
        mirrors(AT, {**USUAL, **THEN, name: "http://x.example/{at}/$(id)"})
    with_token = {**USUAL, **THEN, name: f"http://x.example/{TOKEN}/{{at}}"}
    settings = expected_environment(AT, shipped(), with_token)
    assert settings[ARCHIVE].value == "http://x.example/<secret>/20261101T000000Z"
    assert not [setting for setting in settings.values() if TOKEN in setting.value]
