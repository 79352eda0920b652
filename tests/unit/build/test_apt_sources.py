import shutil
from collections.abc import Mapping

import pytest

from builder.build import apt_sources
from builder.build.apt_sources import host_mirrors, mirrors_of

ARCHIVE = "DIB_DISTRIBUTION_MIRROR"
SECURITY = "DIB_DEBIAN_SECURITY_MIRROR"


def mirrors(*rows: str, distro: str = "debian", release: str = "bookworm") -> Mapping[str, str]:
    return mirrors_of("\n".join(rows), distro, release)


def test_archive_and_security_mirror_are_told_apart_by_the_suite() -> None:
    assert mirrors(
        "http://one.example.org/debian/ bookworm main",
        "http://one.example.org/debian/ bookworm-updates main",
        "http://two.example.org/debian-security/ bookworm-security main",
    ) == {
        ARCHIVE: "http://one.example.org/debian",
        SECURITY: "http://two.example.org/debian-security",
    }


def test_the_origin_tells_whose_archive_it_is_whatever_its_address_says() -> None:
    assert mirrors(
        "http://tools.example.org/debian bookworm main Some Tools",
        "http://one.example.org/mirror/ bookworm main Debian",
    ) == {ARCHIVE: "http://one.example.org/mirror"}


def test_the_order_of_the_sources_does_not_matter() -> None:
    assert mirrors(
        "http://two.example.org/debian-security/ bookworm-security main",
        "http://one.example.org/debian/ bookworm main",
    ) == {
        ARCHIVE: "http://one.example.org/debian",
        SECURITY: "http://two.example.org/debian-security",
    }


def test_a_host_of_another_release_has_mirrors_for_the_wanted_one() -> None:
    found = mirrors("http://one.example.org/debian trixie main", release="bookworm")
    assert found == {ARCHIVE: "http://one.example.org/debian"}


def test_a_source_of_the_wanted_release_wins_over_the_host_s_own() -> None:
    found = mirrors(
        "http://host.example.org/debian trixie main",
        "http://wanted.example.org/debian bookworm main",
        release="bookworm",
    )
    assert found[ARCHIVE] == "http://wanted.example.org/debian"


def test_the_first_of_two_equal_sources_wins() -> None:
    found = mirrors(
        "http://first.example.org/debian bookworm main",
        "http://second.example.org/debian bookworm main",
    )
    assert found[ARCHIVE] == "http://first.example.org/debian"


@pytest.mark.parametrize(
    "row",
    [
        "http://one.example.org/debian bookworm contrib",
        "http://one.example.org/debian bookworm-updates main",
        "http://one.example.org/debian bookworm-backports main",
        "http://apps.example.org/tools bookworm main",
        "http://apps.example.org/linux/debian bookworm stable",
    ],
    ids=["another component", "updates", "backports", "another archive", "another vendor"],
)
def test_a_source_that_is_no_whole_debian_archive_names_no_mirror(row: str) -> None:
    assert mirrors(row) == {}


@pytest.mark.parametrize(
    "rows",
    [(), ("",), ("E: The list of sources could not be read.",), ("one two",), ("a b c d e",)],
)
def test_text_that_is_no_list_of_sources_names_no_mirror(rows: tuple[str, ...]) -> None:
    assert mirrors(*rows) == {}


def test_an_ubuntu_host_has_no_mirror_of_debian() -> None:
    assert (
        mirrors(
            "http://one.example.org/ubuntu noble main",
            "http://one.example.org/ubuntu noble-security main",
        )
        == {}
    )


def test_an_ubuntu_host_has_a_mirror_of_ubuntu_and_none_of_what_apt_does_not_serve() -> None:
    row = "http://one.example.org/ubuntu noble main"
    found = mirrors(row, distro="ubuntu", release="noble")
    assert found == {ARCHIVE: "http://one.example.org/ubuntu"}
    assert mirrors(row, distro="rocky", release="9") == {}


def test_a_mirror_that_only_this_host_can_read_is_not_used() -> None:
    assert (
        mirrors(
            "mirror+file:/etc/apt/mirrors/debian.list bookworm main",
            "mirror+file:/etc/apt/mirrors/debian-security.list bookworm-security main",
            "file:/srv/debian bookworm main",
            "cdrom:[Debian]/debian bookworm main",
        )
        == {}
    )


def test_a_host_without_apt_has_no_mirrors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert host_mirrors("debian", "bookworm") == {}


def test_a_host_with_apt_is_asked_for_its_package_indexes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(argv: list[str], **_: object) -> str:
        asked.append(argv)
        return "http://one.example.org/debian/ bookworm main\n"

    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(apt_sources, "run", run)
    assert host_mirrors("debian", "bookworm") == {ARCHIVE: "http://one.example.org/debian"}
    assert asked[0][:2] == ["apt-get", "indextargets"]
