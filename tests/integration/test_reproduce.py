"""A build that is made again is the same file, or what differs is named. Needs root.

``test_build.py`` compares two builds of equal inputs in every run.
"""

import json
import os
from pathlib import Path

import pytest
from copies import Copy

from builder.store.build_directory import LATEST

pytestmark = [
    pytest.mark.integration,
    pytest.mark.whole,
    pytest.mark.program("diffoscope"),
    pytest.mark.skipif(os.geteuid() != 0, reason="a build needs root"),
]


def test_a_build_made_again_is_the_same_file_until_an_element_changes(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    built = copy.run(copy.build_command())
    assert built.returncode == 0, built.stderr
    build = (copy.home / LATEST).resolve()
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
