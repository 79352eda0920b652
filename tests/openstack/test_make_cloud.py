"""``make cloud`` serves a user, and leaves nothing."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from cloudtemplate import CACHE, PROGRAMS

pytestmark = pytest.mark.openstack

HERE = Path(__file__).parent


@pytest.fixture
def serving() -> Generator[tuple[subprocess.Popen[str], Path]]:
    """The program, and the clouds.yaml that it has told of."""
    with subprocess.Popen(
        [sys.executable, HERE / "serve.py"], stdout=subprocess.PIPE, text=True, cwd=HERE.parents[1]
    ) as program:
        try:
            assert program.stdout is not None
            for line in program.stdout:
                if found := re.search(r"OS_CLIENT_CONFIG_FILE=(\S+)", line):
                    yield program, Path(found.group(1))
                    break
            else:
                pytest.fail("it has ended without telling of a clouds.yaml")
        finally:
            program.send_signal(signal.SIGTERM)


def test_an_image_can_be_looked_at_until_it_is_interrupted(
    serving: tuple[subprocess.Popen[str], Path], tmp_path: Path
) -> None:
    program, clouds_yaml = serving
    data = tmp_path / "an.img"
    data.write_bytes(b"some data")
    environment = {
        "PATH": os.environ["PATH"],
        "OS_CLIENT_CONFIG_FILE": str(clouds_yaml),
        "OS_CLOUD": "local",
    }

    def openstack(*words: str | Path) -> str:
        return subprocess.run(
            [PROGRAMS / "openstack", *words],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=180,
        ).stdout

    openstack("image", "create", "--public", "--file", data, "an image")
    assert openstack("image", "show", "an image", "-c", "status", "-f", "value") == "active\n"
    program.send_signal(signal.SIGINT)
    assert program.wait(60) == 0
    assert not clouds_yaml.parent.exists()


def test_what_a_killed_one_has_left_goes_with_the_next(
    serving: tuple[subprocess.Popen[str], Path],
) -> None:
    program, clouds_yaml = serving
    left = CACHE / "cloud-left"
    left.mkdir()
    other = subprocess.Popen(
        [sys.executable, HERE / "serve.py"], stdout=subprocess.PIPE, cwd=HERE.parents[1]
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline().startswith(b"starting")
        other.send_signal(signal.SIGTERM)
    assert not left.exists()
    assert clouds_yaml.exists(), "what another one uses stays"
    program.send_signal(signal.SIGTERM)
    assert program.wait(60) == 0
    assert not clouds_yaml.parent.exists()
