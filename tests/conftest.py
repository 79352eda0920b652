"""Fixtures of all tests: golden files, which ``--regenerate`` writes anew, and built images.

An image is built once for all tests and all runs of a day, as ``guest-image image`` would: in
``.cache/tests``, found again by the digest of its inputs.
"""

import os
import shutil
import signal
import time
from collections.abc import Callable, Generator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from messages import MessagesPlugin

if TYPE_CHECKING:
    from broken import Broken

# How long an example takes says something of what else this machine does, and nothing of the code.
# A contributor waits for the units, and CI draws four times as many examples.
EXAMPLES = 100 if os.environ.get("CI") else 25
hypothesis.settings.register_profile("ours", deadline=None, max_examples=EXAMPLES)
hypothesis.settings.load_profile("ours")

GOLDEN = Path(__file__).parent / "golden"
BUILDS = Path(__file__).parent.parent / ".cache" / "tests"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate", action="store_true", help="write golden files instead of comparing"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a file below ``tests/golden``."""

    def compare(text: str, name: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--regenerate"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        expected = path.read_text(encoding="utf-8") if path.exists() else ""
        assert text == expected, f"{path} differs; if that is meant: pytest --regenerate"

    return compare


def remove_old_builds(home: Path) -> None:
    """Remove builds that are too old to be taken again; an image has 300 MB."""
    from builder.build.reuse import REUSE_LIMIT  # noqa: PLC0415 - unit tests start without it

    oldest = time.time() - REUSE_LIMIT.total_seconds()
    for manifest in home.glob("[!.]*/manifest.json"):
        if not manifest.parent.is_symlink() and manifest.stat().st_mtime < oldest:
            shutil.rmtree(manifest.parent)


@pytest.fixture(scope="session")
def built() -> Callable[[str], Path]:
    """The build directory of a profile, built when first asked for; its evidence is not touched."""
    from builder.build.build import build  # noqa: PLC0415 - unit tests start without it
    from builder.build.reuse import reusable  # noqa: PLC0415
    from builder.features.registry import installed  # noqa: PLC0415
    from builder.host.locking import locked  # noqa: PLC0415
    from builder.plan.merge import make_plan  # noqa: PLC0415
    from builder.profile.load import load  # noqa: PLC0415
    from builder.terminal.progress import Progress  # noqa: PLC0415

    @cache
    def directory(profile: str) -> Path:
        registry = installed()
        plan = make_plan(load(profile, registry), registry)
        BUILDS.mkdir(parents=True, exist_ok=True)
        with locked(BUILDS), Progress() as progress:  # against other workers
            remove_old_builds(BUILDS / profile)
            return reusable(plan, BUILDS) or build(plan, BUILDS, progress)

    return directory


@pytest.fixture(scope="session")
def built_image(built: Callable[[str], Path]) -> Callable[[str], Path]:
    """The image file of a profile's build."""
    return lambda profile: built(profile) / "image.qcow2"


@pytest.fixture(scope="session")
def compute(built: Callable[[str], Path]) -> Path:
    """The build directory of a profile with every feature that is about processors."""
    from drivers import profile  # noqa: PLC0415 - unit tests start without it

    return built(str(profile(BUILDS / "drivers")))


@pytest.fixture(scope="session")
def broken(
    built_image: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Generator["Broken", None, None]:
    """Images with defects, made of ``pinned-scsi`` and removed at the end."""
    from broken import broken_images  # noqa: PLC0415 - unit tests start without libguestfs

    directory = tmp_path_factory.mktemp("broken")
    yield broken_images(built_image("pinned-scsi"), directory)
    shutil.rmtree(directory)


ADMINISTRATORS = ("/usr/sbin", "/sbin")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a program that a contributor has not; CI has to have it."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *ADMINISTRATORS])
    needed = [name for marker in item.iter_markers("program") for name in marker.args]
    missing = [name for name in needed if shutil.which(name, path=path) is None]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"{', '.join(missing)} is not installed: make host")


SKIPPED_BOOTS = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    # A worker is started with SIGINT ignored, and nohup(1) starts all with SIGHUP ignored: so
    # would be every program that a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    config.stash[SKIPPED_BOOTS] = []
    config.pluginmanager.register(_SkippedBoots(config.stash[SKIPPED_BOOTS]))
    config.pluginmanager.register(MessagesPlugin(config))


class _SkippedBoots:
    """Sees the reports of all workers, as only the process that started them does."""

    def __init__(self, found: list[str]) -> None:
        self.found = found

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and "boot" in report.keywords:
            self.found.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A continuous integration that skipped the real boots has proven nothing."""
    if os.environ.get("CI") and session.config.stash[SKIPPED_BOOTS]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.config.stash[SKIPPED_BOOTS]
    if os.environ.get("CI") and skipped:
        terminalreporter.write_line(f"CI must not skip real boots: {', '.join(skipped)}")
