"""Disks that tests write to, through libguestfs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from builder.host.accelerator import detect
from builder.image.binding import load_binding


def open_disks(images: Iterable[Path], form: str) -> Any:
    """Start libguestfs' appliance with these images; who calls shuts it down and closes it."""
    handle: Any = load_binding().GuestFS(python_return_dict=True)
    handle.set_backend("direct")
    if detect().name == "tcg":
        handle.set_backend_settings(["force_tcg"])
    for image in images:
        handle.add_drive_opts(str(image), format=form)
    handle.launch()
    return handle
