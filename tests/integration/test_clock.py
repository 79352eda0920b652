"""An archive whose signed dates do not fit this host's clock, as a real apt tells it."""

import hashlib
import os
import subprocess
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from builder.build.failure_hints import explained
from builder.errors import BuilderError, HostError

pytestmark = [pytest.mark.integration, pytest.mark.program("apt-get")]

DAY = timedelta(days=1)


def update(root: Path, **dates: timedelta) -> subprocess.CompletedProcess[str]:
    """Let apt read an empty archive whose Release file has these dates, from now on."""
    system, archive = root / "system", root / "archive"
    for name in ("etc/apt/apt.conf.d", "lib/apt/lists/partial", "cache", "lib/dpkg"):
        (system / name).mkdir(parents=True)
    archive.mkdir()
    (system / "lib/dpkg/status").touch()
    (archive / "Packages").touch()
    written = {
        name.replace("_", "-"): format_datetime(datetime.now(UTC) + date).replace("+0000", "UTC")
        for name, date in dates.items()
    }
    (archive / "Release").write_text(
        "".join(f"{name}: {date}\n" for name, date in written.items())
        + f"SHA256:\n {hashlib.sha256().hexdigest()} 0 Packages\n"
    )
    (system / "etc/apt/sources.list").write_text(f"deb [trusted=yes] file:{archive} ./\n")
    configuration = root / "apt.conf"
    configuration.write_text(
        f'Dir "{system}"; Dir::State "{system}/lib/apt"; Dir::Cache "{system}/cache";\n'
        f'Dir::State::status "{system}/lib/dpkg/status"; Dir::Etc "{system}/etc/apt";\n'
        'APT::Sandbox::User "root"; Debug::NoLocking "true";\n'
    )
    return subprocess.run(
        ["apt-get", "update"],
        env={**os.environ, "APT_CONFIG": str(configuration), "LC_ALL": "C.UTF-8"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("dates", "remedy"),
    [
        ({"Date": 3 * DAY}, "signed in the future of this host's clock"),
        ({"Date": -30 * DAY, "Valid_Until": -3 * DAY}, "valid until a date before"),
    ],
    ids=["behind", "ahead"],
)
def test_a_clock_that_is_wrong_is_told_with_the_remedy(
    dates: dict[str, timedelta], remedy: str, tmp_path: Path
) -> None:
    done = update(tmp_path, **dates)
    assert done.returncode == 100, done.stderr
    failed = BuilderError("apt-get failed.", details=done.stderr.splitlines())
    error = explained(failed, log=tmp_path / "build.log", rooms=())
    assert isinstance(error, HostError)
    assert remedy in error.hint


def test_a_clock_that_is_right_lets_apt_read_it(tmp_path: Path) -> None:
    done = update(tmp_path, Date=-DAY, Valid_Until=DAY)
    assert done.returncode == 0, done.stderr
