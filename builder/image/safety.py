"""Whether a file is an image that may safely be opened, found out before anything opens it.

A qcow2 may name another file as its backing or its data file, a VMDK as its extent: QEMU would
open that file with our rights. OpenStack's own inspector (``oslo_utils.imageutils``) reads the
header only, follows nothing, and refuses these.
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from oslo_utils.imageutils import format_inspector

from builder.errors import ImageError
from builder.host.process import require_tool, run_unchecked
from builder.image.held import held
from builder.image.overlay import pseudo_name

FORMATS = {
    "qcow2": "qcow2", "gpt": "raw", "vmdk": "vmdk", "vdi": "vdi", "vhd": "vpc", "vhdx": "vhdx",
}  # fmt: skip
"""Formats that are inspected, as the inspector names them, and QEMU's names of them."""

_CHECK_LIMIT = 120  # seconds; it reads the tables only
_CHECK_MEMORY = 1 << 30  # bytes; a count for each cluster up to the end, which a header can put far
_SOUND = (0, 3)  # exit codes of qemu-img check; 3 is clusters that are only wasted

_REASONS = {
    "backing_file": "It has a backing file: its content depends on another file.",
    "data_file": "It has an external data file: its content is in another file.",
    "unknown_features": "It uses features of qcow2 that are not known to be safe.",
    "descriptor": "Its VMDK descriptor is missing, or names extents in other files.",
    "mbr": "Its partition table is not valid.",
}
_REMEDIES = {
    "backing_file": "Make it self-contained: qemu-img convert -O qcow2 OVERLAY NEW (only where you"
    " trust the files that it names).",
    "data_file": "Make it self-contained: qemu-img convert -O qcow2 IMAGE NEW (only where you"
    " trust the files that it names).",
    "unknown_features": "Rewrite it: qemu-img convert -O qcow2 IMAGE NEW.",
    "descriptor": "Export it as a single sparse or stream-optimised VMDK.",
}
_DAMAGED = "Get the file again, and compare its checksum."

# The inspector logs what it then raises; without a handler that would reach the terminal.
logging.getLogger(format_inspector.__name__).addHandler(logging.NullHandler())


@dataclass(frozen=True)
class ImageInfo:
    """An image that may be opened, always with its format said explicitly."""

    path: Path
    format: str
    """QEMU's name of it."""
    virtual_size: int
    """Bytes of the disk in it."""


def check_image(path: Path, *, called: Path | None = None) -> ImageInfo:
    """Find out what a file is, and refuse what is no sound and self-contained disk image.

    ``called`` is what messages call it, where that is not its path. Raises ``InputError`` where
    there is no file, ``ImageError`` where it is no such image.
    """
    name = called or path
    with held(path) as source:
        size = source.stat().st_size
        inspector = _safe_inspector(source, name)
        kind = str(inspector)
        if kind == "qcow2":
            _require_sound(source, name)
    virtual_size = size if kind == "gpt" else inspector.virtual_size
    return ImageInfo(path=path, format=FORMATS[kind], virtual_size=virtual_size)


def format_of(path: Path) -> str:
    """QEMU's name of the format that a file is in; no program but this one looks at it.

    Raises as ``check_image``, apart from what only QEMU's tools find.
    """
    with held(path) as source:
        return FORMATS[str(_safe_inspector(source, path))]


def _safe_inspector(source: Path, path: Path) -> format_inspector.FileInspector:
    """The inspector of what ``source`` holds; ``path`` is what messages call it, here and below."""
    inspector = _inspect(source, path)
    name = str(inspector)
    if name == "raw":
        raise ImageError(
            f"{path} is not a disk image.",
            details=["It has no known format, and no partition table as a raw image would."],
            hint="A truncated or compressed image looks so too: unpack it, or get it again.",
        )
    if name not in FORMATS:
        raise ImageError(
            f"{path} is in the format {name}, which is not inspected.",
            details=[f"Inspected are qcow2, raw, and {', '.join(_others())}."],
            hint="Convert it: qemu-img convert -O qcow2 IMAGE NEW.",
        )
    _require_safe(path, inspector)
    return inspector


def _others() -> list[str]:
    return [name for name in FORMATS if name not in {"qcow2", "gpt"}]


def _inspect(source: Path, path: Path) -> format_inspector.FileInspector:
    try:
        inspector = format_inspector.detect_file_format(str(source))
    except format_inspector.ImageFormatError as error:
        raise ImageError(
            f"{path} is not one image: its format cannot be told.",
            details=[str(error)],
            hint="A file that looks like several formats at once may be an attack: do not open it.",
        ) from error
    if inspector is None:
        raise ImageError(f"{path} is not a disk image: its format cannot be told.", hint=_DAMAGED)
    return inspector


def _require_safe(path: Path, inspector: format_inspector.FileInspector) -> None:
    try:
        inspector.safety_check()
    except format_inspector.SafetyCheckFailed as error:
        names = list(error.failures)
        raise ImageError(
            f"{path} cannot safely be opened.",
            details=[_REASONS.get(name, str(error.failures[name])) for name in names],
            hint=next((_REMEDIES[name] for name in names if name in _REMEDIES), _DAMAGED),
        ) from error
    except format_inspector.ImageFormatError as error:
        raise ImageError(
            f"{path} is truncated or corrupt.", details=[str(error)], hint=_DAMAGED
        ) from error


def _require_sound(source: Path, path: Path) -> None:
    """Refuse a qcow2 whose tables or clusters lie beyond its end."""
    qemu_img = require_tool("qemu-img", "qemu-utils")
    command = [
        *("prlimit", f"--as={_CHECK_MEMORY}", "--", qemu_img),
        *("check", "--output=json", pseudo_name(source, "qcow2")),
    ]
    try:
        done = run_unchecked(command, timeout=_CHECK_LIMIT)
    except TimeoutError as error:
        raise ImageError(
            f"{path} could not be checked.",
            details=[str(error)],
            hint="No sound image takes so long, unless this machine or its disk is too busy.",
        ) from error
    if done.status in _SOUND:
        return
    if "Failed to get shared" in done.stderr:
        raise ImageError(
            f"{path} is in use.",
            details=done.stderr.splitlines()[-3:],
            hint="Shut down the guest that runs on it, or copy the file when it is at rest.",
        )
    if "encrypt" in done.stderr:
        raise ImageError(
            f"{path} is encrypted.",
            details=done.stderr.splitlines()[-3:],
            hint="Decrypt a copy of it with 'qemu-img convert' and the key; nobody could boot it.",
        )
    if done.status < 0 or "allocate memory" in done.stderr:
        raise ImageError(
            f"{path} could not be checked: its tables take more than"
            f" {_CHECK_MEMORY >> 20} MiB of memory.",
            details=done.stderr.splitlines()[-3:],
            hint="Rewrite it: qemu-img convert -O qcow2 IMAGE NEW.",
        )
    report = json.loads(done.stdout) if done.stdout else {}
    details = done.stderr.splitlines()[-3:]
    if "corruptions" in report:
        details.insert(
            0, f"{report['corruptions']} references lead to clusters that are not there."
        )
    raise ImageError(f"{path} is truncated or corrupt.", details=details, hint=_DAMAGED)
