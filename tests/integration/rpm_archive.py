"""A small archive of RPM packages on loopback, of real packages and createrepo_c's real indexes."""

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

from webserver import WebServer, serving

from builder.store.sections import Package

ROCKY = {
    "baseos": "9/BaseOS/x86_64/os", "appstream": "9/AppStream/x86_64/os",
    "extras": "9/extras/x86_64/os",
}  # fmt: skip
OPENSUSE = {"oss": "distribution/leap/15.6/repo/oss", "update": "update/leap/15.6/oss"}


@dataclass(frozen=True)
class Rpm:
    """A package that rpmbuild makes; ``tags`` are further lines of its specification."""

    name: str
    version: str
    release: str = "1.el9"
    epoch: str = ""
    architecture: str = "noarch"
    tags: tuple[str, ...] = ()

    @property
    def evr(self) -> str:
        return f"{self.epoch}:{self.version}-{self.release}".removeprefix(":")

    @property
    def package(self) -> Package:
        """It, as a manifest has it."""
        return Package(
            name=self.name,
            version=self.evr,
            architecture=self.architecture,
            installed_size=10,
        )

    @property
    def specification(self) -> str:
        lines = [
            f"Name: {self.name}", f"Version: {self.version}", f"Release: {self.release}",
            "Summary: A package of the tests", "License: MIT", "Vendor: Tests",
            *([f"Epoch: {self.epoch}"] if self.epoch else []),
            *(["BuildArch: noarch"] if self.architecture == "noarch" else []),
            *self.tags,
            "%description", "Nothing.", "%files",
        ]  # fmt: skip
        return "\n".join(lines) + "\n"


RELEASE = Rpm("rocky-release", "9.4")
GLIBC = Rpm("glibc", "2.34", architecture="x86_64")
OPENSSL = Rpm("openssl", "3.0.7", "27.el9", epoch="1", architecture="x86_64",
              tags=("Requires: glibc", "Requires: /usr/share/elsewhere/file"))  # fmt: skip
TOOL = Rpm("tool", "1.5")
ROCKY_AT_FIRST = (RELEASE, GLIBC, OPENSSL, TOOL)


@dataclass(frozen=True)
class Advisory:
    """What an archive says of an update."""

    issued: str
    rpms: tuple[Rpm, ...]
    kind: str = "security"

    @property
    def xml(self) -> str:
        packages = "".join(
            f'<package name="{rpm.name}" epoch="{rpm.epoch or 0}" version="{rpm.version}"'
            f' release="{rpm.release}" arch="{rpm.architecture}"/>'
            for rpm in self.rpms
        )
        return (
            f'<update from="tests" status="final" type="{self.kind}" version="1"><id>A-1</id>'
            f'<title>An update</title><issued date="{self.issued}"/>'
            f'<updated date="2026-12-24 12:00:00"/><pkglist><collection short="a"><name>a</name>'
            f"{packages}</collection></pkglist></update>"
        )


@dataclass
class RpmArchive:
    """Repositories below a root, by name; each has the packages that it was last given."""

    root: Path
    built: Path
    """Where packages stay that were made before."""
    paths: Mapping[str, str] = field(default_factory=lambda: ROCKY)
    requests: list[tuple[str, int]] = field(default_factory=list)
    """Paths, each with the answer's status."""
    _start: float = field(default_factory=lambda: time.time() - 3600)
    _written: int = 0

    def data(self, repository: str) -> Path:
        """Where a repository has its indexes."""
        return self.root / self.paths[repository] / "repodata"

    def write(
        self,
        repository: str,
        rpms: Sequence[Rpm],
        advisories: Sequence[Advisory] = (),
    ) -> None:
        """Publish a repository anew."""
        home = self.root / self.paths[repository]
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for rpm in rpms:
            os.link(self._made(rpm), home / f"{rpm.name}-{rpm.evr}.{rpm.architecture}.rpm")
        run("createrepo_c", "--quiet", "--no-database", home)
        if advisories:
            index = self.root / "updateinfo.xml"
            index.write_text(f"<updates>{''.join(each.xml for each in advisories)}</updates>")
            self.add(repository, "updateinfo", index)
        self.touch(repository)

    def add(self, repository: str, kind: str, file: Path) -> None:
        """Add an index to a repository's list, with its true checksum."""
        run("modifyrepo_c", f"--mdtype={kind}", file, self.data(repository))
        self.touch(repository)

    def touch(self, repository: str) -> None:
        """Tell a new time of a repository's list: HTTP has seconds, and tests are faster."""
        self._written += 1
        moment = self._start + self._written
        os.utime(self.data(repository) / "repomd.xml", (moment, moment))

    def write_all(self, rpms: Sequence[Rpm]) -> None:
        """Publish all repositories; only the first has packages."""
        for number, name in enumerate(self.paths):
            self.write(name, () if number else rpms)

    def _made(self, rpm: Rpm) -> Path:
        content = f"{rpm.architecture}\n{rpm.specification}"
        key = hashlib.sha256(content.encode()).hexdigest()[:16]
        package = self.built / f"{key}.rpm"
        if not package.exists():
            work = self.built / f"{key}.{os.getpid()}"
            work.mkdir()
            (work / "package.spec").write_text(rpm.specification)
            run(
                "rpmbuild", "-bb", "--quiet", f"--target={rpm.architecture}",
                "--define", f"_topdir {work}", "--define", "_build_id_links none",
                work / "package.spec",
            )  # fmt: skip
            (file,) = work.rglob("*.rpm")
            file.rename(package)
            shutil.rmtree(work)
        return package


def run(*words: str | Path) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def served(archive: RpmArchive) -> Generator[WebServer]:
    """Serve an archive, and note who asks for what."""

    class Noting(SimpleHTTPRequestHandler):
        def __init__(self, *connection: Any) -> None:
            super().__init__(*connection, directory=str(archive.root))

        def log_request(self, code: Any = "-", size: Any = "-") -> None:  # noqa: ARG002
            archive.requests.append((self.path, int(code)))

    with serving(Noting) as server:
        yield server


def packages(rpms: Iterable[Rpm]) -> tuple[Package, ...]:
    """What a manifest has of them."""
    return tuple(rpm.package for rpm in rpms)
