"""A build that is made again is the same file, or what differs is named. Needs root.

``test_build.py`` compares two builds of equal inputs in every run.
"""

import json
import os
import shutil
from pathlib import Path

import pytest
from copies import Copy

from builder.host.files import sha256_of
from builder.store.build_directory import LATEST, LOG

pytestmark = [
    pytest.mark.integration,
    pytest.mark.whole,
    pytest.mark.program("diffoscope"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a build needs root"),
]

UNPACKED = "bootstrapped with the same options from the same indexes"


def built(copy: Copy) -> Path:
    done = copy.run(copy.build_command())
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def test_a_build_made_again_is_the_same_file_until_an_element_changes(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    cold, build = built(copy), built(copy)
    assert [UNPACKED in (each / LOG).read_text() for each in (cold, build)] == [False, True]
    assert sha256_of(cold / "image.qcow2") == sha256_of(build / "image.qcow2")
    shutil.rmtree(cold)
    command = copy.command("reproduce", build, "--output", copy.dist)

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    done = copy.run(command, TMPDIR=str(temporary))
    assert (done.returncode, "the same, byte for byte" in done.stdout) == (0, True), done.stdout
    assert {*copy.home.iterdir()} == {build, copy.home / LATEST}
    assert [*temporary.iterdir()] == []

    copy.hook(
        "guest-foundation", "install.d/60-more", "echo more | tee -a /etc/hostname > /etc/more"
    )
    done = copy.run([*command, "--json"])
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert not told["same"]
    assert [part["name"] for part in told["made_from"]] == ["element guest-foundation"]
    assert told["packages"] == []
    assert [file["name"] for file in told["files"]] == ["/etc/hostname", "/etc/more"]
    assert told["first"]["path"] == "/etc/hostname"
    assert "+more" in told["first"]["text"]
    assert (copy.processes(), copy.mounts()) == ([], set())
