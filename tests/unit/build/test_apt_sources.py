import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from builder.build.apt_sources import host_mirrors, mirrors_of
from builder.errors import HostError

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


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Give apt itself these sources; the result is where it would keep what it fetches."""
    if shutil.which("apt-get") is None:
        pytest.skip("this host has no apt")

    def configured(sources: str) -> Path:
        lists = tmp_path / "some lists"
        lists.mkdir()
        (tmp_path / "sources.list").write_text(sources)
        (tmp_path / "apt.conf").write_text(
            f'Dir::Etc::sourcelist "{tmp_path}/sources.list";\n'
            'Dir::Etc::sourceparts "/dev/null";\n'
            f'Dir::State::lists "{lists}";\n'
        )
        monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
        return lists

    return configured


def test_apt_tells_the_mirrors_of_its_sources(apt: Callable[[str], Path]) -> None:
    apt(
        "deb http://one.example.org/debian bookworm main contrib\n"
        "deb [arch=amd64] http://two.example.org/debian-security bookworm-security main\n"
    )
    assert host_mirrors("debian", "bookworm") == {
        ARCHIVE: "http://one.example.org/debian",
        SECURITY: "http://two.example.org/debian-security",
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("InRelease", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: {}\nSuite: x\n"),
        ("Release", "Origin: {}\nLabel: Debian\n"),
    ],
)
@pytest.mark.parametrize(("origin", "expected"), [("Debian", 1), ("Some Tools", 0), ("", 1)])
def test_the_origin_is_that_of_the_release_file_that_was_fetched(
    apt: Callable[[str], Path], name: str, text: str, origin: str, expected: int
) -> None:
    lists = apt("deb http://one.example.org/some_where/debian bookworm main\n")
    release = lists / f"one.example.org_some%5fwhere_debian_dists_bookworm_{name}"
    release.write_text(text.format(origin))
    assert len(host_mirrors("debian", "bookworm")) == expected


def test_an_archive_at_any_address_is_used_by_its_origin(apt: Callable[[str], Path]) -> None:
    lists = apt("deb http://one.example.org/mirror bookworm main\n")
    assert host_mirrors("debian", "bookworm") == {}
    (lists / "one.example.org_mirror_dists_bookworm_InRelease").write_text("Origin: Debian\n")
    assert host_mirrors("debian", "bookworm") == {ARCHIVE: "http://one.example.org/mirror"}


def test_apt_without_sources_has_no_mirrors(apt: Callable[[str], Path]) -> None:
    apt("")
    assert host_mirrors("debian", "bookworm") == {}


def test_sources_that_apt_cannot_read_are_told(apt: Callable[[str], Path]) -> None:
    apt("deb nonsense\n")
    with pytest.raises(HostError, match="apt"):
        host_mirrors("debian", "bookworm")
