"""Disks of some megabytes that Glance's inspector takes for disks."""

import os
import subprocess
from pathlib import Path

MIB = 1024 * 1024
SIZE = 24 * MIB


def partitioned(path: Path, size: int = SIZE) -> Path:
    """A raw disk with a partition table, four random MiB and holes."""
    path.touch()
    os.truncate(path, size)
    subprocess.run(["sfdisk", "--quiet", path], input=b"label: gpt\n,\n", check=True)
    with path.open("r+b") as disk:
        disk.seek(8 * MIB)
        disk.write(os.urandom(4 * MIB))
    return path


def as_qcow2(raw: Path) -> Path:
    image = raw.with_suffix(".qcow2")
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, image], check=True)
    return image
