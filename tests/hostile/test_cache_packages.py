"""A package cache that somebody else has written into, before a real apt."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.build import recompressed_packages, verified_packages
from builder.build.verified_packages import archive_name, digests

pytestmark = pytest.mark.integration

NAMES = ("alpha", "beta", "gamma")
CONTROL = """\
Package: {name}
Version: 1:{version}
Architecture: all
Maintainer: Nobody <nobody@example.test>
Description: {name}
"""


class Archive:
    """A small archive of packages, and a system whose apt reads it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.packages = root / "archive"
        self.store = root / "store"
        self.archives = root / "archives"
        self.listing = root / "taken"
        self.pool = root / "cache" / recompressed_packages.DIRECTORY
        places = (self.packages, self.store, self.pool, self.archives / "partial", root / "system")
        for path in places:
            path.mkdir(parents=True)
        index = ""
        for name in NAMES:
            package = self._build(name)
            content = package.read_bytes()
            index += CONTROL.format(name=name, version=1)
            index += f"Filename: ./{package.name}\nSize: {len(content)}\n"
            index += f"SHA256: {hashlib.sha256(content).hexdigest()}\n\n"
        (self.packages / "Packages").write_text(index)
        self.configuration = self._configure()

    def _build(self, name: str, text: str = "") -> Path:
        tree = self.root / f"tree-{name}"
        (tree / "DEBIAN").mkdir(parents=True, exist_ok=True)
        (tree / "DEBIAN/control").write_text(CONTROL.format(name=name, version=1))
        (tree / "content").write_text(text or f"{name}\n")
        package = self.packages / f"{name}.deb"
        subprocess.run(["dpkg-deb", "--build", "--root-owner-group", "-Znone", tree, package],
                       check=True, stdout=subprocess.DEVNULL)  # fmt: skip
        return package

    def _configure(self) -> Path:
        system = self.root / "system"
        for name in ("etc/apt/sources.list.d", "lib/apt/lists/partial", "cache", "lib/dpkg"):
            (system / name).mkdir(parents=True)
        (system / "lib/dpkg/status").touch()
        (system / "etc/apt/sources.list").write_text(f"deb [trusted=yes] copy:{self.packages} ./\n")
        path = self.root / "apt.conf"
        path.write_text(
            f'Dir "{system}"; Dir::State "{system}/lib/apt"; Dir::Cache "{system}/cache";\n'
            f'Dir::State::status "{system}/lib/dpkg/status";\n'
            f'Dir::Cache::archives "{self.archives}"; Dir::Etc "{system}/etc/apt";\n'
            'APT::Architecture "amd64"; APT::Sandbox::User "root"; Debug::NoLocking "true";\n'
        )
        return path

    def keep(self, name: str) -> Path:
        """What an earlier build has left in the store."""
        kept = self.store / archive_name(name, "1:1", "all")
        kept.write_bytes((self.packages / f"{name}.deb").read_bytes())
        return kept

    def keep_quick(self, package: Path) -> None:
        """What an earlier build has made of a package, recompressed for dpkg."""
        digest = hashlib.sha256(package.read_bytes()).hexdigest()
        (self.pool / f"{digest}.deb").write_text("quick")

    @property
    def quick(self) -> set[str]:
        """What would take the place of a package before dpkg gets it."""
        found = (self.archives / recompressed_packages.DIRECTORY).glob("*")
        return {path.name.partition("_")[0] for path in found}

    def take(self, indexes: str = "some") -> set[str]:
        program = [sys.executable, "-I", "-m", verified_packages.__name__]
        places = (self.store, self.archives, self.listing, self.root / "index", self.pool)
        subprocess.run(
            [*program, *places],
            env={
                **os.environ,
                "MMDEBSTRAP_APT_CONFIG": str(self.configuration),
                "DIB_GUEST_INDEXES": indexes,
            },
            check=True,
            timeout=120,
        )
        return {name.partition("_")[0] for name in self.listing.read_text().split()}

    def fetch(self) -> None:
        environment = {**os.environ, "APT_CONFIG": str(self.configuration)}
        for words in (["update"], ["install", "--yes", "--download-only", *NAMES]):
            subprocess.run(["apt-get", "-qq", *words], env=environment, check=True, timeout=120)

    def fetched(self, name: str) -> bool:
        """Whether apt's archive directory has what the archive has."""
        path = self.archives / archive_name(name, "1:1", "all")
        return path.read_bytes() == (self.packages / f"{name}.deb").read_bytes()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def poison(package: Path) -> None:
    content = bytearray(package.read_bytes())
    content[content.rindex(b"beta")] = ord("B")
    package.write_bytes(content)


def truncate(package: Path) -> None:
    os.truncate(package, 100)


def lengthen(package: Path) -> None:
    with package.open("ab") as file:
        file.write(b"\0")


def empty(package: Path) -> None:
    os.truncate(package, 0)


def swap(package: Path) -> None:
    package.write_bytes((package.parent.parent / "archive/alpha.deb").read_bytes())


def link(package: Path) -> None:
    package.unlink()
    package.symlink_to(package.parent.parent / "archive/beta.deb")


def pipe(package: Path) -> None:
    package.unlink()
    os.mkfifo(package)


def directory(package: Path) -> None:
    package.unlink()
    package.mkdir()


def sparse(package: Path) -> None:
    os.truncate(package, 1 << 40)


@pytest.mark.parametrize(
    "change", [poison, truncate, lengthen, empty, swap, link, pipe, directory, sparse]
)
def test_what_is_not_as_it_was_signed_is_fetched_again(
    change: Callable[[Path], None], archive: Archive
) -> None:
    for name in NAMES[:2]:
        kept = archive.keep(name)
    change(kept)
    assert archive.take() == {"alpha"}
    archive.fetch()
    assert [archive.fetched(name) for name in NAMES] == [True, True, True]


@pytest.mark.parametrize("change", [poison, truncate, lengthen, swap])
def test_what_is_quick_takes_the_place_of_what_was_signed_alone(
    change: Callable[[Path], None], archive: Archive
) -> None:
    for name in NAMES[:2]:
        kept = archive.keep(name)
        archive.keep_quick(kept)
    change(kept)
    if change is not swap:  # that one is alpha, under another name
        archive.keep_quick(kept)
    archive.take()
    assert archive.quick == {"alpha"}


def test_where_nothing_kept_may_serve_nothing_quick_does(archive: Archive) -> None:
    archive.keep_quick(archive.keep("alpha"))
    assert archive.take(indexes="") == {"alpha"}
    assert archive.quick == set()


def test_apt_itself_would_have_taken_what_is_poisoned(archive: Archive) -> None:
    kept = archive.keep("beta")
    poison(kept)
    kept.rename(archive.archives / kept.name)
    archive.fetch()
    assert not archive.fetched("beta")


def test_without_an_index_nothing_is_taken(archive: Archive) -> None:
    archive.keep("alpha")
    (archive.packages / "Packages").unlink()
    assert archive.take() == set()


def test_a_package_that_its_archive_has_no_more_is_not_taken(archive: Archive) -> None:
    kept = archive.keep("alpha")
    kept.rename(kept.with_name("alpha_1%3a0_all.deb"))
    assert archive.take() == set()


@given(st.text(alphabet=st.sampled_from("PackageVrsionSHA256: \n\t_%x1"), max_size=400))
def test_no_index_is_worse_than_none(text: str) -> None:
    digests(text.splitlines())
