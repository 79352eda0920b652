"""A cloud that converts what it imports has another file: what counts is the disk in it.

Glance's plugin ``image_conversion`` makes another format of what was staged, so size, format and
hash are no longer those of what was sent. The data is fetched back then, and its disk compared: a
raw one on its way, another one in the directory for temporary files.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from builder.errors import CloudError, HostError
from builder.host.room import Room
from builder.host.scratch import scratch
from builder.image.content import QEMU_FORMATS, content_sha256
from builder.image.safety import check_image
from builder.publish.cloud.difference import Difference
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.image import CloudImage, Wanted
from builder.terminal.progress import Progress

_CONVERTED = frozenset({"size", "disk_format", "hash"})
_COMPARED = frozenset({"qcow2", "vmdk", "vhd", "vhdx"})
"""Formats that are read here, besides raw."""


def is_conversion(differences: Iterable[Difference]) -> bool:
    """Whether an image is in another format, and nothing differs that need not then."""
    names = {difference.what for difference in differences}
    return "disk_format" in names and names <= _CONVERTED


def require_same_disk(
    glance: Glance, image: CloudImage, wanted: Wanted, progress: Progress
) -> None:
    """Fetch an image, and raise ``CloudError`` where its disk is not the one that was proven.

    Raises ``HostError`` where there is no room for it, ``ImageError`` where it is no sound image.
    """
    told = f"It was sent as {wanted.data.disk_format}, and is {image.disk_format} there."
    if not wanted.content_sha256:
        raise CloudError(
            f"Cloud '{glance}' converts what it imports, and nothing tells whether image"
            f" {image.id} has the disk that was proven.",
            details=[told, "The build's manifest is of an older version, without content_sha256."],
            hint="Build it again, or send what the cloud keeps (--as).",
        )
    progress.phase(f"{glance}: comparing the disk")
    sha256 = _disk_sha256(glance, image, wanted, progress)
    if sha256 != wanted.content_sha256:
        seen = f"{sha256[:12]}…" if sha256 else "of another size, or in another format"
        raise CloudError(
            f"Image {image.id} of cloud '{glance}' does not have the disk that was proven.",
            details=[told, f"Its disk is {seen}; {wanted.content_sha256[:12]}… was proven."],
            hint="The cloud changes what it imports: ask its operators, or send it another way"
            " (--method direct).",
        )


def _disk_sha256(glance: Glance, image: CloudImage, wanted: Wanted, progress: Progress) -> str:
    """The SHA-256 of an image's disk; empty where it is no disk of that size and format."""
    pieces = _received(glance, image, progress)
    if image.disk_format == "raw":
        if image.size != wanted.virtual_size:
            return ""
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
        return digest.hexdigest()
    if image.disk_format not in _COMPARED:
        return ""
    with scratch("converted") as place:
        path = place / "image"
        _require_room(place, image)
        with path.open("wb") as file:
            file.writelines(pieces)
        info = check_image(path, called=Path(f"Image {image.id}"))
        expected = QEMU_FORMATS.get(image.disk_format, image.disk_format)
        if (info.format, info.virtual_size) != (expected, wanted.virtual_size):
            return ""
        return content_sha256(path, image.disk_format)


def _received(glance: Glance, image: CloudImage, progress: Progress) -> Iterator[bytes]:
    """An image's data, which must have the hash that Glance tells, for that is recorded."""
    size, received = image.size or 0, 0
    available = image.hash_algorithm in hashlib.algorithms_available
    digest = hashlib.new(image.hash_algorithm if available else "sha256")
    for piece in glance.download(image.id, size):
        digest.update(piece)
        received += len(piece)
        progress.transfer(received, size)
        yield piece
    if received != size or (available and digest.hexdigest() != image.hash_value):
        raise CloudError(
            f"Cloud '{glance}' sent other data of image {image.id} than it tells of.",
            details=[f"It sent {received} of {size} bytes, or their hash is another one."],
            hint="Ask the cloud's operators: it does not give back what it has.",
        )


def _require_room(place: Path, image: CloudImage) -> None:
    room = Room.of(
        place,
        needed=image.size or 0,
        work="the cloud's image",
        remedy="Make room, or choose another directory with TMPDIR.",
    )
    if not room.suffices:
        raise HostError(
            f"{place.parent} has too little room to compare image {image.id}.",
            details=[f"{room}."],
            hint=room.remedy,
        )
