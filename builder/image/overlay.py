"""A throw-away layer over an image, which is only read, and which leads to no other file."""

import json
from pathlib import Path
from typing import Any

from builder.errors import ImageError
from builder.host.process import require_tool, run_unchecked

_LIMIT = 60.0
_MEMORY = 1 << 30  # bytes


def block_node(image: Path, image_format: str) -> dict[str, Any]:  # Any: QEMU's JSON
    """An image as QEMU's block layer is told to open it.

    It is described in full, so that QEMU opens no backing file that a header names, and takes no
    path for an address.
    """
    node: dict[str, Any] = {  # Any: QEMU's JSON
        "driver": image_format,
        "read-only": True,
        "file": {"driver": "file", "filename": str(image.absolute()), "read-only": True},
    }
    if image_format == "qcow2":
        node["backing"] = None
    return node


def pseudo_name(image: Path, image_format: str) -> str:
    """The same, as a file name that QEMU's programs take."""
    return f"json:{json.dumps(block_node(image, image_format))}"


def virtual_size(image: Path, image_format: str) -> int:
    """Bytes of the disk in an image. Raises ``ImageError``."""
    answer = _qemu_img(image, "info", "--output=json", pseudo_name(image, image_format))
    return int(json.loads(answer)["virtual-size"])


def make_overlay(image: Path, image_format: str, overlay: Path, *, size: int) -> None:
    """Make a qcow2 file of ``size`` bytes over an image. Raises ``ImageError``.

    A link beside it leads to the image: what a header can hold of a name is short.
    """
    link = overlay.with_suffix(".image")
    link.symlink_to(image.absolute())
    backing = ("-u", "-F", image_format, "-b", pseudo_name(link, image_format))
    _qemu_img(image, "create", "-q", "-f", "qcow2", *backing, str(overlay), str(size))


def _qemu_img(image: Path, *words: str) -> str:
    tool = require_tool("qemu-img", "qemu-utils")
    try:
        done = run_unchecked(["prlimit", f"--as={_MEMORY}", "--", tool, *words], timeout=_LIMIT)
    except TimeoutError as error:
        raise ImageError(
            f"{image} could not be opened.",
            details=[str(error)],
            hint="No sound image takes so long, unless this machine or its disk is too busy.",
        ) from error
    if done.status != 0:
        raise ImageError(
            f"{image} could not be opened.",
            details=done.stderr.splitlines()[-3:],
            hint="Get the file again, and compare its checksum.",
        )
    return done.stdout
