from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from builder.archive.sources import sources_of
from builder.distribution import DISTRIBUTIONS
from builder.errors import HostError

BOTH = {
    "DIB_DISTRIBUTION_MIRROR": "http://mirror.example.org/debian/",
    "DIB_DEBIAN_SECURITY_MIRROR": "http://mirror.example.org/security",
}


def lines(name: str, mirrors: Mapping[str, str] = BOTH) -> list[str]:
    found = sources_of(DISTRIBUTIONS[name], mirrors, {})
    return [source.line("/keys.gpg") for source in found]


def test_the_sources_are_those_of_a_build() -> None:
    start = "deb [signed-by=/keys.gpg arch=amd64] http://mirror.example.org"
    assert lines("debian-12") == [
        f"{start}/debian bookworm main",
        f"{start}/debian bookworm-updates main",
        f"{start}/security bookworm-security main",
    ]
    assert lines("ubuntu-24.04") == [
        f"{start}/debian noble{suite} main universe" for suite in ("", "-updates", "-security")
    ]


def test_the_sources_of_a_snapshot_are_judged_by_its_moment_and_not_by_today() -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    for source in sources_of(DISTRIBUTIONS["debian-12"], BOTH, {}, at):
        assert source.at == at
        assert "[signed-by=/keys.gpg arch=amd64 check-valid-until=no] " in source.line("/keys.gpg")


def test_the_environment_of_a_plan_may_name_other_components() -> None:
    found = sources_of(
        DISTRIBUTIONS["debian-12"], BOTH, {"DIB_DEBIAN_COMPONENTS": "main,non-free-firmware"}
    )
    assert {source.components for source in found} == {("main", "non-free-firmware")}


def test_a_mirror_that_nobody_names_leaves_it_unknown() -> None:
    with pytest.raises(HostError, match="Nobody names the mirror of debian-12") as error:
        lines("debian-12", {"DIB_DISTRIBUTION_MIRROR": "http://mirror.example.org/debian"})
    assert "mirrors.security" in error.value.hint


@pytest.mark.parametrize("name", ["rocky-9", "opensuse-15.6"])
def test_packages_of_rpm_are_plainly_unknown(name: str) -> None:
    with pytest.raises(HostError, match=f"What {name} has for updates is unknown"):
        lines(name)
