"""A fleet of an ordinary user that is killed: its verbs, in their user namespaces, die with it.

The kernel clears a process's death signal where it gets rights by a set-user-ID program, or other
ids than it had (prctl(2)). Neither is so on the way into a user namespace of one's own.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from copies import MAIN, ROOT
from ordinary_user import OrdinaryUser
from waiting import wait_until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user"),
    pytest.mark.program("newuidmap", "setpriv"),
]


def of_fleet(place: Path, namespace: str = "") -> list[Path]:
    """The processes of a fleet; or those alone that are in another namespace than this one."""
    return [each for each in Path("/proc").glob("[0-9]*") if _is(each, place, namespace)]


def _is(process: Path, place: Path, namespace: str) -> bool:
    try:
        is_fleets = f"={place}".encode() in (process / "environ").read_bytes()  # empty of a zombie
        here = Path("/proc/self/ns", namespace)
        return is_fleets and not (namespace and (process / "ns" / namespace).samefile(here))
    except OSError:
        return False  # it has ended meanwhile


def builds(place: Path, namespace: str) -> bool:
    """Whether the program itself, or its sandbox, runs there: not what only asks for namespaces."""
    for process in of_fleet(place, namespace):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            words = (process / "cmdline").read_bytes()
            if b"\0build\0" in words or words == b"cat\0":
                return True
    return False


@pytest.fixture
def place(tmp_path: Path) -> Path:
    found = tmp_path / "place"  # pytest's own directory is closed to others
    found.mkdir()
    return found


@pytest.fixture
def fleet(place: Path) -> Generator[subprocess.Popen[str]]:
    """A run of one image, as a user who reaches this checkout and the interpreter's home."""
    user = OrdinaryUser(place / "home")
    (user.home / "images.yaml").write_text("images: {base: }\n")
    user.own(user.home)
    words = ("fleet", "run", str(user.home / "images.yaml"), "--output", str(user.home / "dist"))
    reached = {ROOT, place, Path(sys.prefix), Path(sys.base_prefix)}
    run = subprocess.Popen(
        user.command([sys.executable, "-c", MAIN, *words], *sorted(reached)),
        env={**os.environ, "HOME": str(user.home), "GUEST_IMAGE_CACHE": f"{user.home}/cache"},
        cwd=place, stdout=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        yield run
    finally:
        run.kill()
        run.wait(10)
        for process in of_fleet(place):  # those of a test that has failed
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process.name), signal.SIGKILL)


@pytest.mark.parametrize(
    "namespace",
    [
        "user",
        "pid",  # that of a build, with all that it starts
    ],
)
def test_a_run_that_is_killed_takes_along_its_verbs_in_namespaces(
    namespace: str, place: Path, fleet: subprocess.Popen[str]
) -> None:
    wait_until(
        lambda: builds(place, namespace) or fleet.poll() is not None,
        f"a verb is in its {namespace} namespace",
        180,  # an archive may be asked before
    )
    assert fleet.poll() is None
    fleet.kill()
    fleet.wait(10)
    wait_until(lambda: not of_fleet(place), "all that the run had started has ended", 20)
