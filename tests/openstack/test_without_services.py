"""Packages that are installed start no services, and what forbade it is gone afterwards."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "without-services"
ADMINISTRATORS = "#!/bin/sh\nexit 104\n"


def run(sbin: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command by the script, with a directory in the place of ``/usr/sbin``."""
    inside = 'mount --bind "$1" /usr/sbin && shift && exec "$@"'
    namespace = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", inside, "sh")
    return subprocess.run(
        [*namespace, sbin, SCRIPT, *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    return tmp_path / "policy-rc.d"


def test_meanwhile_services_may_not_start(policy: Path) -> None:
    done = run(policy.parent, "/usr/sbin/policy-rc.d", "mariadb", "start")
    assert (done.returncode, done.stderr) == (101, "")
    assert not policy.exists()


def test_a_failed_installation_is_a_failure_and_leaves_nothing(policy: Path) -> None:
    assert run(policy.parent, "sh", "-c", "exit 7").returncode == 7
    assert not policy.exists()


def test_what_a_killed_installation_has_left_goes_with_the_next(policy: Path) -> None:
    run(policy.parent, "sh", "-c", 'kill -KILL "$PPID"')
    assert policy.exists(), "it has not been killed"
    assert run(policy.parent, "true").returncode == 0
    assert not policy.exists()


def test_the_policy_of_an_administrator_stays(policy: Path) -> None:
    policy.write_text(ADMINISTRATORS)
    policy.chmod(0o755)
    assert run(policy.parent, "/usr/sbin/policy-rc.d").returncode == 104
    assert policy.read_text() == ADMINISTRATORS
