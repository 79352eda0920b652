"""An apt of its own: private directories, the sources and keys of a build, no root's rights.

Nothing of the host's apt counts but its programs: neither its sources nor its configuration, its
keys or its packages. The indexes stay between runs, and apt asks for them by their dates.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.archive.apt_answer import fields, index_digests
from builder.archive.index_directory import index_directory, writing
from builder.archive.release import untimely
from builder.archive.sources import Source
from builder.distribution import Distribution
from builder.errors import BuilderError, HostError
from builder.host.files import replace_text, sha256_of
from builder.host.process import require_tool, run
from builder.words import day_of

UPDATE_LIMIT = 300.0
"""Seconds for the indexes of all sources: some ten megabytes at first."""
SIMULATION_LIMIT = 60.0

_EMPTY = hashlib.sha256(b"").hexdigest()
_LISTS = "var/lib/apt/lists"
_DIRECTORIES = (
    "etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/sources.list.d",
    "etc/apt/trusted.gpg.d", f"{_LISTS}/partial", "var/cache/apt/archives/partial",
    "var/lib/dpkg", "var/log/apt",
)  # fmt: skip
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")

# A new image has what the archive has, also where that is an older version than the last one's.
_PREFERENCES = "Package: *\nPin: release n=*\nPin-Priority: 1001\n"


@dataclass(frozen=True)
class AptRoot:
    """The directory, and whose packages it is about. Its lock is held."""

    directory: Path
    distribution: Distribution
    sources: tuple[Source, ...]
    environment: Mapping[str, str]

    def update(self) -> None:
        """Fetch what is new of the indexes. Raises ``HostError`` where any could not be had."""
        try:
            self._update()
        except HostError as error:
            if not any("sign" in line for line in error.details):
                raise
            self.forget()  # the kept file may be the broken one, and apt asks only for newer ones
            self._update()

    def _update(self) -> None:
        words = ("update", "--error-on=any", "-o", "pkgCacheFile::Generate=false")
        what = f"fetch the package indexes of {self.distribution.name}"
        self._apt(*words, limit=UPDATE_LIMIT, purpose=what)

    def release(self, source: Source) -> str:
        """What a source's signed release file says.

        Raises ``HostError`` where it is of another suite, as of a mirror that was set up wrongly,
        or of another moment than a snapshot has to be.
        """
        paths = [
            path
            for name in ("InRelease", "Release")
            for path in self._lists.glob(f"*_dists_{source.suite}_{name}")
        ]
        text = paths[0].read_text(encoding="utf-8", errors="replace") if paths else ""
        said = fields(text)
        names = {said.get("Suite"), said.get("Codename")}
        if source.suite not in names:
            named = " and ".join(sorted(filter(None, names))) or "none"
            raise HostError(
                f"{source.mirror} does not have the suite {source.suite}.",
                details=[f"Its release file is of the suite {named}."],
                hint="Name another mirror, or tell the one who runs it.",
            )
        if source.at is not None and (reason := untimely(said, source.at)):
            raise HostError(
                f"{source.mirror} does not have {source.suite} as it was at {day_of(source.at)}.",
                details=[reason],
                hint="Name a moment that the snapshot archive has, or another one's address.",
            )
        return text

    def indexes(self, source: Source) -> tuple[Path, ...]:
        """A source's package indexes, each as its release file says.

        Raises ``ValueError`` where one is not, as after a full disk.
        """
        digests = index_digests(self.release(source))
        found = []
        for component in source.components:
            name = source.index(component)
            pattern = f"*_dists_{source.suite}_{name.replace('/', '_')}"
            path = next(iter(self._lists.glob(pattern)), None)
            if path is None and digests.get(name) != _EMPTY:
                raise ValueError(f"{name} of {source.suite} is not there")
            if path is not None and digests.get(name, "") not in {"", sha256_of(path)}:
                raise ValueError(f"{path.name} is not what its release file says")
            found += [path] if path else []
        return tuple(found)

    def forget(self) -> None:
        """Remove all indexes, to fetch them anew."""
        shutil.rmtree(self._lists, ignore_errors=True)
        (self._lists / "partial").mkdir(parents=True, exist_ok=True)

    def simulate(self, status: str) -> str:
        """What apt would do to have the archive's packages where ``status`` is installed.

        Raises ``HostError`` with apt's own words.
        """
        replace_text(self.directory / "var/lib/dpkg/status", status)
        words = ("--simulate", "--fix-broken", "--allow-downgrades", "dist-upgrade")
        what = f"ask apt what is new in {self.distribution.name}"
        return self._apt(*words, limit=SIMULATION_LIMIT, purpose=what)

    @property
    def _lists(self) -> Path:
        return self.directory / _LISTS

    def configure(self) -> None:
        """Write the configuration, as it is to be for this version and these sources."""
        for name in _DIRECTORIES:
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        for left in self.directory.rglob(".*"):  # of a run that was killed while it wrote
            left.unlink()
        keyring = self.distribution.keyring
        files = {
            "apt.conf": _configuration(self.directory, self.sources[0].architecture),
            "etc/apt/preferences": _PREFERENCES,
            "etc/apt/sources.list": "".join(f"{source.line(keyring)}\n" for source in self.sources),
        }
        for name, text in files.items():
            replace_text(self.directory / name, text)

    def _apt(self, *words: str, limit: float, purpose: str) -> str:
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C.UTF-8",
            "APT_CONFIG": str(self.directory / "apt.conf"),
            **self.environment,
        }
        # Killed with this program, it holds no lock that the next run waits for.
        command = ["setpriv", "--pdeathsig", "KILL", "--", "apt-get", "--quiet=2", *words]
        try:
            return run(command, timeout=limit, purpose=purpose, env=environment)
        except BuilderError as error:
            raise HostError(
                f"Could not {purpose}.",
                details=_complaints(error.details) or [error.message],
                hint="So it is unknown what is new. See that the mirror answers, and"
                " that this machine's clock is right; then run the same command again.",
            ) from error


@contextlib.contextmanager
def apt_root(
    cache: Path,
    distribution: Distribution,
    sources: Sequence[Source],
    caller: Mapping[str, str],
) -> Iterator[AptRoot]:
    """The apt of these sources, below ``cache``, for this process alone.

    Raises ``HostError`` where apt or the keyring is missing, where nothing can be written, or where
    another process does not release it; ``InputError`` for a cache that apt could not work in.
    """
    require_tool("apt-get", "apt")
    if not Path(distribution.keyring).is_file():
        raise HostError(
            f"The keyring {distribution.keyring}, which packages are checked by, is not here.",
            hint=f"Install it: apt-get install {distribution.keyring_package}",
        )
    named = json.dumps([source.line(distribution.keyring) for source in sources])
    with index_directory(cache, distribution, named) as directory:
        proxies = {name: caller[name] for name in _PROXIES if name in caller}
        root = AptRoot(directory, distribution, tuple(sources), proxies)
        with writing(directory):
            root.configure()
        yield root


def _configuration(directory: Path, architecture: str) -> str:
    settings = {
        "Dir": f"{directory}/",
        "Dir::State::status": f"{directory}/var/lib/dpkg/status",
        "Dir::Cache::pkgcache": "",  # it is of one image, srcpkgcache is of the indexes
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Sandbox::User": "root",  # a user who may not read the cache could not fetch into it
        "APT::Install-Recommends": "false",  # what the image has of them is among its packages
        "APT::Get::Always-Include-Phased-Updates": "true",  # as a new image has them
        "Acquire::Languages": "none",
        "Acquire::PDiffs": "false",
        "Acquire::Retries": "1",
        "Acquire::http::Timeout": "30",
        "Acquire::https::Timeout": "30",
        # A release becomes oldstable in its time; that the suite is the wanted one is checked here.
        "Acquire::AllowReleaseInfoChange": "true",
    }
    return "".join(f'{name} "{value}";\n' for name, value in settings.items())


def _complaints(lines: Sequence[str]) -> list[str]:
    """What apt itself says is wrong."""
    return [line for line in lines if line.startswith(("E:", "W:", "Err:", " "))]
