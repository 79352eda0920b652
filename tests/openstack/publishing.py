"""What the tests of publishing share: the command in this process and in another, and a look."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from localcloud import LocalCloud

from builder.cli.program import main

NAME = "pinned-scsi"
FILE_LIMIT = 4 << 20
"""Bytes: less than the data of any disk that is published."""


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    out: str
    err: str


class Command:
    """``guest-image`` with the builds of one directory."""

    def __init__(self, dist: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.dist = dist
        self._capsys = capsys

    def __call__(self, *words: str | Path) -> Done:
        """Run it in this process."""
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(word) for word in words])
        said = self._capsys.readouterr()
        return Done(int(str(end.value.code)), said.out, said.err)

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        """Start it in a process of its own."""
        program = Path(sys.executable).with_name("guest-image")
        return subprocess.Popen(
            [program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )


def peak_of_raw_upload(build: Path, *more: str) -> int:
    """Bytes that the upload had in memory at most; no file may be as large as the disk's data."""
    program = Path(sys.executable).with_name("guest-image")
    words = [
        *("prlimit", f"--fsize={FILE_LIMIT}", "--"),
        *(program, "publish", build, "--cloud", "local", "--as", "raw", *more),
    ]
    with tempfile.TemporaryFile() as said, subprocess.Popen(words, stderr=said) as command:
        _, status, usage = os.wait4(command.pid, 0)
        command.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        assert command.returncode == 0, said.read().decode()
    return usage.ru_maxrss * 1024


def images(cloud: LocalCloud, name: str = "local") -> list[Any]:
    """Every image of a cloud, visible and hidden."""
    client = cloud.client(name)
    return [
        image
        for hidden in (False, True)
        for image in client.images.list(filters={"os_hidden": hidden})
    ]


def answering(cloud: LocalCloud, name: str = "local", public: str = NAME) -> list[Any]:
    """The images that openstacksdk, and so ``openstack image show``, finds by the public name."""
    having = [image for image in images(cloud, name) if image.name == public]
    return [image for image in having if not image.os_hidden] or having


def current(cloud: LocalCloud, name: str = "local", public: str = NAME) -> Any:
    """The image that answers to the public name; there must be one, complete and visible."""
    (image,) = answering(cloud, name, public)
    assert image.status == "active"
    assert not image.os_hidden
    return image


def visible(cloud: LocalCloud, name: str = "local") -> Iterator[str]:
    """The builds of the images that a user sees in a list."""
    return (
        image.get("guest_image_build", "?") for image in images(cloud, name) if not image.os_hidden
    )
