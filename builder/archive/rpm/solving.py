"""What libsolv does with indexes of repositories and an image's packages.

This runs in a child (``resolver.py``), for it parses what strangers have written.
"""

import contextlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from builder.archive.rpm.advisories import Fix, security_fixes
from builder.archive.rpm.answer import Newer, Resolution, Rpm, dated, newest, paired
from builder.archive.rpm.compressed import UNREADABLE, opened
from builder.archive.rpm.modules import Stream, Visible, streams

_ASSUMED = "files that no index lists"
"""What provides them here; no package has such a name."""

Solvable = Any  # libsolv's binding has no types: here and below


@dataclass(frozen=True)
class Question:
    """What is asked: the indexes of each repository by kind, the image's packages, the rules."""

    indexes: tuple[Mapping[str, Path], ...]
    installed: tuple[Rpm, ...]
    architecture: str
    release_package: str
    strict: bool
    """Whether an update that cannot be installed is a problem, and not passed over."""


class _UnreadableError(Exception):
    """An index is not of its form."""


def solved(solv: ModuleType, question: Question) -> Resolution:
    """What a new image would have otherwise."""
    try:
        return Solving(solv, question).resolution()
    except _UnreadableError as error:
        return Resolution(unreadable=str(error))
    except MemoryError:
        return Resolution(unreadable="they take more memory than any that are sound")


class Solving:
    """One question, and the pool of packages that it is asked of."""

    def __init__(self, solv: ModuleType, question: Question) -> None:
        self._solv = solv
        self._question = question
        self._pool = solv.Pool()
        self._pool.setdisttype(solv.Pool.DISTTYPE_RPM)
        self._pool.setarch(question.architecture)
        # As rpm has it: a package of another architecture is no other version of this one.
        self._pool.set_flag(solv.Pool.POOL_FLAG_IMPLICITOBSOLETEUSESCOLORS, 1)

    def resolution(self) -> Resolution:
        """What the image's packages would be otherwise, or why that is not known."""
        for path in self._paths("primary"):
            self._add_packages(path)
        newer = Order(self._solv).newer
        installed = newest(self._question.installed, newer)
        hidden = self._hidden(installed, newer)
        names = {*(rpm.name for rpm in installed), self._question.release_package}
        available = dict(self._named(names))
        releases = tuple(
            rpm.version for rpm in available if rpm.name == self._question.release_package
        )
        there = self._install(installed, available)
        self._assume_files(hidden)
        problems, kept, new = self._upgrade()
        if problems:
            return Resolution(releases=releases, problems=problems)
        steps = list(paired([rpm for id_, rpm in there.items() if id_ not in kept], new))
        fixes = list(self._fixes({step.name for step in steps}))
        updates = tuple(dated(step, fixes, newer) for step in steps)
        return Resolution(releases=releases, updates=updates)

    def _add_packages(self, primary: Path) -> None:
        repository = self._pool.add_repo(primary.name)
        file = self._solv.xfopen(str(primary))
        if file is None or not repository.add_rpmmd(file, None):
            raise _UnreadableError(f"{primary.name}: {self._pool.errstr}")

    def _hidden(self, installed: Collection[Rpm], newer: Newer) -> list[int]:
        """What dnf would not see: packages of modules that are not enabled."""
        found: list[Stream] = []
        for path in self._paths("modules"):
            with _reading(path) as file:
                found += streams(file)
        visible = Visible(found, installed, newer)
        return [solvable.id for rpm, solvable in self._named(visible.names) if not visible(rpm)]

    def _named(self, names: Collection[str]) -> Iterator[tuple[Rpm, Solvable]]:
        """What the repositories have of these names."""
        ids = {self._pool.str2id(name) for name in names}
        for solvable in self._pool.solvables_iter():
            if solvable.nameid in ids:
                yield _rpm(solvable), solvable

    def _install(
        self, installed: Collection[Rpm], available: Mapping[Rpm, Solvable]
    ) -> dict[int, Rpm]:
        """The image's packages, by the pool's number.

        A manifest has names and versions only. Where a repository still has the version, what that
        depends on is taken from there.
        """
        solv = self._solv
        repository = self._pool.add_repo("installed")
        self._pool.installed = repository
        found = {}
        for rpm in installed:
            solvable = repository.add_solvable()
            solvable.name, solvable.evr, solvable.arch = rpm.name, rpm.version, rpm.architecture
            twin = available.get(rpm)
            if twin is None:
                itself = self._pool.rel2id(solvable.nameid, solvable.evrid, solv.REL_EQ)
                solvable.add_deparray(solv.SOLVABLE_PROVIDES, itself)
            else:
                solvable.vendor = twin.vendor
                for kind in (
                    solv.SOLVABLE_PROVIDES,
                    solv.SOLVABLE_REQUIRES,
                    solv.SOLVABLE_CONFLICTS,
                    solv.SOLVABLE_OBSOLETES,
                ):
                    for dependency in twin.lookup_deparray(kind):
                        solvable.add_deparray(kind, dependency)
            found[solvable.id] = rpm
        return found

    def _assume_files(self, hidden: list[int]) -> None:
        """Take as met what packages depend on of files that ``primary`` does not list.

        All files stand in an index ten times as large, of which this is all that would be read.
        """
        solvable = self._pool.installed.add_solvable()
        solvable.name, solvable.evr, solvable.arch = _ASSUMED, "0-0", "noarch"
        self._pool.set_disabled_list(hidden)  # a map of all packages: none may come after it
        named = self._pool.addfileprovides_queue()
        self._pool.createwhatprovides()
        for name in named:
            if not self._pool.whatprovides(name):
                solvable.add_deparray(self._solv.SOLVABLE_PROVIDES, name)
        self._pool.createwhatprovides()

    def _upgrade(self) -> tuple[tuple[str, ...], set[int], list[Rpm]]:
        """Why there is no way; else which of the installed packages stay, and what comes.

        A new image has what the archive has, also where that is an older version than the last
        one's, so this is what dnf calls distro-sync and zypper dist-upgrade.
        """
        job = self._solv.Job
        best = job.SOLVER_FORCEBEST if self._question.strict else 0
        every = self._pool.Job(job.SOLVER_DISTUPGRADE | job.SOLVER_SOLVABLE_ALL | best, 0)
        solver = self._pool.Solver()
        for flag in (
            solver.SOLVER_FLAG_IGNORE_RECOMMENDED,  # what the image has of them it has installed
            solver.SOLVER_FLAG_KEEP_ORPHANS,  # they may be from elsewhere
            # As dnf has them:
            solver.SOLVER_FLAG_BEST_OBEY_POLICY,
            solver.SOLVER_FLAG_YUM_OBSOLETES,
        ):
            solver.set_flag(flag, 1)
        problems = solver.solve([every])
        if problems:
            return tuple(dict.fromkeys(map(str, problems))), set(), []
        transaction = solver.transaction()
        kept = {solvable.id for solvable in transaction.keptsolvables()}
        return (), kept, [_rpm(solvable) for solvable in transaction.newsolvables()]

    def _fixes(self, names: Collection[str]) -> Iterator[Fix]:
        for path in self._paths("updateinfo"):
            with _reading(path) as file:
                yield from (fix for fix in security_fixes(file) if fix.name in names)

    def _paths(self, kind: str) -> Iterator[Path]:
        """The indexes of a kind, of the repositories that have one."""
        return (indexes[kind] for indexes in self._question.indexes if kind in indexes)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[IO[bytes]]:
    try:
        with opened(path) as file:
            yield file
    except UNREADABLE as error:
        why = str(error).partition("\n")[0]
        raise _UnreadableError(f"{path.name}: {why}") from error


class Order:
    """Rpm's order of versions, as libsolv has it."""

    def __init__(self, solv: ModuleType) -> None:
        self._pool = solv.Pool()  # what is in it is there as long as itself
        self._pool.setdisttype(solv.Pool.DISTTYPE_RPM)
        repository = self._pool.add_repo("versions")
        self._first, self._second = repository.add_solvable(), repository.add_solvable()

    def newer(self, first: str, second: str) -> bool:
        """Whether the first version is newer than the second one."""
        self._first.evr, self._second.evr = first, second
        return bool(self._first.evrcmp(self._second) > 0)


def _rpm(solvable: Solvable) -> Rpm:
    return Rpm(solvable.name, solvable.evr, solvable.arch)
