"""What a plan shows of the environment that the build will set."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from samples import plan

from builder.build import dib_environment
from builder.build.dib_environment import expected_environment
from builder.build.package_cache import PackageCache
from builder.cli import program
from builder.errors import InputError
from builder.features.registry import shipped
from builder.host.paths import elements_path

MIRROR = "DIB_DISTRIBUTION_MIRROR"
Shown = Callable[..., str]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shown:
    """What the verb prints on a host that has a mirror of its own."""
    monkeypatch.setattr(
        dib_environment, "host_mirrors", lambda *_: {MIRROR: "http://host.example/debian"}
    )
    for name in dib_environment.PASSED_ON:
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> str:
        with pytest.raises(SystemExit) as caught:
            program.main(["plan", *arguments])
        assert caught.value.code == 0
        return capsys.readouterr().out

    return call


def test_a_plan_shows_everything_that_the_build_will_set(shown: Shown) -> None:
    built = dib_environment.environment(
        plan(), {}, elements=[elements_path()], scratch=Path("/s"), tree=Path("/s/tree"),
        packages=PackageCache(Path("/p"), "debian", Path("/s/store")),
        root_uuid="u", date=None, files=Path("/f"),
    )  # fmt: skip
    section = shown("pinned-scsi").partition("\nenvironment\n")[2].partition("\n\n")[0]
    assert re.findall(r"^  \S.*?  (\w+)=", section, re.MULTILINE) == sorted(built)
    assert f"  ELEMENTS_PATH={elements_path()}\n" in section
    assert "  DIB_ROOT_UUID=<uuid>\n" in section
    assert "  TMP_DIR=<scratch>" in section


def test_a_plan_says_where_a_mirror_comes_from(
    shown: Shown, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text(
        "extends: base\nmirrors: {archive: 'http://profile.example/debian'}"
    )
    assert f"  the host's apt sources  {MIRROR}=http://host.example/debian\n" in shown("base")
    monkeypatch.setenv(MIRROR, "http://caller.example/debian")
    assert re.search(f"  the environment  +{MIRROR}=http://caller.example/debian\n", shown("base"))
    text = shown(str(tmp_path / "mine.yaml"))
    assert re.search(f"  the profile  +{MIRROR}=http://profile.example/debian\n", text)


def test_a_plan_shows_the_snapshot_that_it_is_asked_for(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("ARCHIVE", "SECURITY"):
        monkeypatch.setenv(f"DIB_SNAPSHOT_MIRROR_{kind}", f"http://then.example/{{at}}/{kind}")
    monkeypatch.setenv("DIB_DEBIAN_SECURITY_MIRROR", "http://host.example/security")
    text = shown("base", "--at", "2026-11-01")
    assert re.search("^snapshot +2026-11-01T00:00:00Z$", text, re.MULTILINE)
    assert f"{MIRROR}=http://then.example/20261101T000000Z/ARCHIVE\n" in text
    assert "DIB_IMAGE_MIRROR_ARCHIVE=http://host.example/debian\n" in text


def test_its_json_has_it_beside_a_plan_that_knows_nothing_of_this_machine(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = json.loads(shown("base", "--json"))
    monkeypatch.setenv(MIRROR, "http://caller.example/debian")
    second = json.loads(shown("base", "--json"))
    assert first["build_environment"][MIRROR] == {
        "value": "http://host.example/debian",
        "origin": "the host's apt sources",
    }
    assert second["build_environment"][MIRROR]["origin"] == "the environment"
    assert first["digest"] == second["digest"] == plan("base").digest


def test_nobody_logs_in_to_a_proxy_with_what_a_plan_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dib_environment, "host_mirrors", lambda *_: {})
    caller = {"http_proxy": "http://me:s3cret@proxy.example:3128", "https_proxy": "s3cret@proxy"}
    settings = expected_environment(plan("base"), shipped(), caller)
    assert settings["http_proxy"].value == "http://<login>@proxy.example:3128"
    assert settings["https_proxy"].value == "<login>@proxy"
    assert "<login>@proxy" in settings["DIB_MMDEBSTRAP_EXTRA_ARGS"].value
    assert not [setting for setting in settings.values() if "s3cret" in setting.value]


def test_the_hosts_apt_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(dib_environment, "host_mirrors", lambda *of: asked.append(of) or {})
    expected_environment(plan("base"), shipped(), {})
    assert asked == [("debian", "bookworm")]


TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - nobody's


@pytest.mark.parametrize("of", ["the profile", "the environment", "the host's apt sources"])
def test_a_mirror_that_is_not_for_everybody_needs_another_one_for_the_image(
    monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    private = {MIRROR: f"https://mirror.example/{TOKEN}/debian"}
    host = private if of == "the host's apt sources" else {}
    monkeypatch.setattr(dib_environment, "host_mirrors", lambda *_: host)
    caller = private if of == "the environment" else {}
    planned = plan("base")
    named = {**planned.environment, **(private if of == "the profile" else {})}
    with pytest.raises(InputError, match="not for everybody") as caught:
        expected_environment(replace(planned, environment=named), shipped(), caller)
    (detail,) = caught.value.details
    assert detail.startswith(f"{MIRROR}=https://mirror.example/<secret>/debian (of {of}): ")
    assert "mirrors.in_image.archive" in caught.value.hint
    named["DIB_IMAGE_MIRROR_ARCHIVE"] = "https://mirror.example/debian"
    settings = expected_environment(replace(planned, environment=named), shipped(), caller)
    assert settings[MIRROR].value == "https://mirror.example/<secret>/debian"
    assert not [setting for setting in settings.values() if TOKEN in setting.value]


def test_a_mirror_of_the_image_that_takes_no_mirror_s_place_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dib_environment, "host_mirrors", lambda *_: {})
    planned = plan("base")
    named = {**planned.environment, "DIB_IMAGE_MIRROR_SECURITY": "https://mirror.example/security"}
    with pytest.raises(InputError, match="nobody names the one to build from") as caught:
        expected_environment(replace(planned, environment=named), shipped(), {})
    assert "mirrors.security" in caught.value.hint


def test_a_plan_shows_no_token_of_the_profile(shown: Shown, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        f"extends: base\nmirrors: {{archive: 'http://profile.example/{TOKEN}/debian',"
        " in_image: {archive: 'http://profile.example/debian'}}"
    )
    for words in ([], ["--json"]):
        text = shown(str(tmp_path / "mine.yaml"), *words)
        assert TOKEN not in text
        assert "http://profile.example/<secret>/debian" in text


def test_a_mirror_that_nobody_names_is_said_in_the_plan(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DIB_DEBIAN_SECURITY_MIRROR", raising=False)
    archive = {"DIB_DISTRIBUTION_MIRROR": "https://mirror.example/debian"}
    monkeypatch.setattr(dib_environment, "host_mirrors", lambda *_: archive)
    with pytest.raises(SystemExit):
        program.main(["plan", "base", "--json"])
    (note,) = json.loads(capsys.readouterr().out)["notes"]
    assert "'security'" in note
    assert "DIB_DEBIAN_SECURITY_MIRROR" in note
    monkeypatch.setenv("DIB_DEBIAN_SECURITY_MIRROR", "https://mirror.example/security")
    with pytest.raises(SystemExit):
        program.main(["plan", "base", "--json"])
    assert json.loads(capsys.readouterr().out)["notes"] == []


@pytest.mark.parametrize(("date", "told"), [(None, ""), (1_700_000_000, "1700000000")])
def test_the_date_that_is_asked_for_reaches_the_elements_by_a_name_of_its_own(
    date: int | None, told: str
) -> None:
    """Not as SOURCE_DATE_EPOCH, with which programs of the bootstrap write otherwise."""
    settings = dib_environment.environment(
        plan("base"), {"SOURCE_DATE_EPOCH": "1700000000"}, elements=[], scratch=Path("/s"),
        packages=PackageCache(Path("/p"), "debian", Path("/store")), tree=Path("/t"),
        root_uuid="u", date=date, files=Path("/f"),
    )  # fmt: skip
    assert settings["DIB_GUEST_DATE"].value == told
    assert "SOURCE_DATE_EPOCH" not in settings
