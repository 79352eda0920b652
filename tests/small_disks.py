"""Disks of some megabytes that are made here, of files alone."""

import subprocess
from pathlib import Path

ROOT_START, ROOT_BLOCKS = 18 << 20, 40 << 10  # bytes; blocks of 1 KiB
SIZE = 64 << 20
PARTITIONS = b"""\
label: gpt
start=2048, size=32768, type=U
start=36864, size=81920, type=L
"""


def make_disk(directory: Path, files: dict[str, str | bytes], links: dict[str, str]) -> Path:
    """A GPT with an ESP and a root file system, made of plain files."""
    tree = directory / "tree"
    for name, content in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    for name, target in links.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).symlink_to(target)
    (tree / "boot/efi").mkdir(parents=True, exist_ok=True)
    image = directory / "disk.raw"
    with image.open("wb") as disk:
        disk.truncate(SIZE)
    subprocess.run(["sfdisk", "--quiet", image], input=PARTITIONS, check=True)
    esp = f"{image}@@1M"
    subprocess.run(["mformat", "-i", esp, "-T", "32768", "-v", "ESP", "::"], check=True)
    subprocess.run(["mmd", "-i", esp, "::EFI"], check=True)
    subprocess.run(
        [
            *("mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-L", "root", "-d", tree),
            *("-E", f"offset={ROOT_START}", image, str(ROOT_BLOCKS)),
        ],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return image
