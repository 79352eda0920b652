"""The form in which a build's disk is sent to a cloud: its image, another of its files, or raw.

Evidence is of the image's disk, so whatever else is sent is read to its end before, and must have
that disk.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from builder.errors import ImageError, InputError
from builder.host.files import sha256_of
from builder.image.content import QEMU_FORMATS, content, content_sha256
from builder.image.safety import format_of
from builder.profile.model import DiskFormat
from builder.publish.candidate.stream import Origin, pieces_of
from builder.publish.cloud.data import own_data
from builder.publish.cloud.image import Data
from builder.store.manifest import Manifest
from builder.store.sections import DiskFile
from builder.words import enumeration


@dataclass(frozen=True)
class Form:
    """What is sent."""

    data: Data
    origin: Origin


def form_of(directory: Path, build: Manifest, chosen: DiskFormat | None) -> Form:
    """The build's disk in the chosen format; without one the image.

    A raw disk that is no file of the build is made of the image on its way, in memory that does not
    grow with it. Raises ``InputError`` for a format that the build does not have, ``ImageError``
    where a file is not as it was built.
    """
    image = directory / build.image.name
    _require_format(image, build.image, build)
    if chosen in (None, build.image.format):
        return Form(own_data(build.image), Origin(lambda: pieces_of(image)))
    file = next((file for file in build.formats if file.format == chosen), None)
    if file is None and chosen != "raw":
        raise InputError(
            f"Build {build.build} has no {chosen}.",
            details=[f"It has {enumeration((file.format for file in build.files), 'and')}."],
            hint=f"Add '{chosen}' to disk.formats in the profile, and build it again; a raw disk"
            " needs no file.",
        )
    _require_known_disk(build)
    if sha256_of(image) != build.image.sha256:
        raise _other_file(image, build, "Its SHA-256 is not that of the manifest.")
    raw = _made_raw(image, build)
    return raw if file is None else _form_of_file(directory / file.name, file, build)


def _form_of_file(path: Path, file: DiskFile, build: Manifest) -> Form:
    _require_format(path, file, build)
    if content_sha256(path, file.format) != build.image.content_sha256:
        raise _other_disk(path, build)
    return Form(own_data(file), Origin(lambda: pieces_of(path)))


def _made_raw(path: Path, build: Manifest) -> Form:
    """The hashes are those of what was read once, and it is read once more when it is sent."""
    sha256, sha512, size = hashlib.sha256(), hashlib.sha512(), 0
    for piece in content(path, build.image.format):
        sha256.update(piece)
        sha512.update(piece)
        size += len(piece)
    if sha256.hexdigest() != build.image.content_sha256:
        raise _other_disk(path, build)
    hashes = {"sha256": sha256.hexdigest(), "sha512": sha512.hexdigest()}
    data = Data(disk_format="raw", size=size, hashes=hashes)
    return Form(data, Origin(_pieces_of_disk(path, build.image.format)))


def _pieces_of_disk(path: Path, image_format: str) -> Callable[[], Iterator[bytes]]:
    return lambda: content(path, image_format)


def _require_known_disk(build: Manifest) -> None:
    if not build.image.content_sha256:
        raise InputError(
            f"Build {build.build} is not published in another format: its manifest does not tell"
            " the digest of its disk.",
            details=["It is of an older version of this program."],
            hint=f"Build it again: guest-image image {build.planned().profile}",
        )


def _require_format(path: Path, file: DiskFile, build: Manifest) -> None:
    seen, size = format_of(path), path.stat().st_size
    if (seen, size) == (QEMU_FORMATS.get(file.format, file.format), file.size):
        return
    seen = f"It is {seen} of {size} bytes, and was {file.format} of {file.size}."
    raise _other_file(path, build, seen)


def _other_file(path: Path, build: Manifest, seen: str) -> ImageError:
    return ImageError(
        f"{path} is not the file that was built and proven.",
        details=[seen],
        hint=f"Build it again: guest-image image {build.planned().profile}",
    )


def _other_disk(path: Path, build: Manifest) -> ImageError:
    return ImageError(
        f"The disk in {path} is not the one that was proven.",
        details=["Its SHA-256 is not the content_sha256 of the manifest."],
        hint=f"If the file was changed, build it again: guest-image image"
        f" {build.planned().profile} --fresh",
    )
