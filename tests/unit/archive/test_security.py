"""What cannot be asked of an archive of security updates is unknown, and never "nothing"."""

from pathlib import Path

import pytest
from samples import manifest, plan

from builder.archive.security import security_lag
from builder.build import dib_environment
from builder.errors import HostError, InputError
from builder.plan.model import to_json
from builder.store.manifest import Manifest

DOWN = "http://127.0.0.1:9/debian"


@pytest.fixture(autouse=True)
def _no_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DIB_DISTRIBUTION_MIRROR", "DIB_DEBIAN_SECURITY_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(dib_environment, "host_mirrors", lambda *_: {})


def build(distribution: str = "debian-12", **environment: str) -> Manifest:
    data = to_json(plan("base"))
    data["distribution"]["name"] = distribution
    data["environment"] |= environment
    return manifest().model_copy(update={"plan": data})


def unknown(manifest_of: Manifest, cache: Path) -> str:
    with pytest.raises(HostError) as error:
        security_lag(manifest_of, cache=cache)
    return str(error.value)


@pytest.mark.parametrize("name", ["rocky-9", "opensuse-15.6"])
def test_packages_of_rpm_are_plainly_unknown(name: str, tmp_path: Path) -> None:
    told = unknown(manifest(plan(name)), tmp_path)
    assert f"What {name} has for updates is unknown" in told


def test_a_distribution_that_nobody_here_knows_is_unknown(tmp_path: Path) -> None:
    assert "nobody here knows the archive of debian-10" in unknown(build("debian-10"), tmp_path)


def test_a_build_without_a_list_of_packages_is_unknown(tmp_path: Path) -> None:
    mirrors = dict.fromkeys(("DIB_DISTRIBUTION_MIRROR", "DIB_DEBIAN_SECURITY_MIRROR"), DOWN)
    manifest_of = build(**mirrors).model_copy(update={"packages": ()})
    assert "its manifest has no list of packages" in unknown(manifest_of, tmp_path)


def test_a_mirror_that_the_manifest_does_not_tell_wholly_is_not_asked(tmp_path: Path) -> None:
    marked = "http://mirror.example.org/<secret>/debian"
    told = unknown(
        build(DIB_DISTRIBUTION_MIRROR=marked, DIB_DEBIAN_SECURITY_MIRROR=marked), tmp_path
    )
    assert "Nobody names the mirror of debian-12" in told


def test_what_is_no_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be a plain http or https address"):
        security_lag(build(DIB_DISTRIBUTION_MIRROR="http://a b"), cache=tmp_path)


@pytest.mark.program("apt-get")
def test_a_mirror_that_is_down_is_unknown_and_its_token_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = "http://127.0.0.1:9/A1b2C3d4E5f6G7h8I9j0/debian"
    monkeypatch.setenv("DIB_DISTRIBUTION_MIRROR", private)
    monkeypatch.setenv("DIB_DEBIAN_SECURITY_MIRROR", private)
    told = unknown(build(), tmp_path)
    assert "Could not fetch the package indexes of debian-12." in told
    assert "A1b2" not in told
