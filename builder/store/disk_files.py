"""The files that have a build's disk, as its manifest and its checksums tell of them."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from builder.errors import BuilderError
from builder.host.files import digests
from builder.image.content import content_sha256
from builder.profile.model import DiskFormat, ProvableFormat
from builder.store.sections import DiskFile, FormatFile, ImageFile


def image_file(
    path: Path, image_format: ProvableFormat, virtual_size: int, *, content: str = ""
) -> ImageFile:
    """What is told of the image: the file that is proven. Raises ``ImageError``.

    ``content`` is the digest of its disk, where that is known: to read it back takes a while.
    """
    with ThreadPoolExecutor(max_workers=1) as beside:
        of_file = beside.submit(digests, path)
        if not content and image_format != "raw":
            content = content_sha256(path, image_format)
        sha256, sha512 = of_file.result()
    return ImageFile(
        name=path.name,
        format=image_format,
        size=path.stat().st_size,
        virtual_size=virtual_size,
        sha256=sha256,
        sha512=sha512,
        content_sha256=content or sha256,
    )


def format_files(image: ImageFile, paths: Mapping[DiskFormat, Path]) -> tuple[FormatFile, ...]:
    """What is told of the files in other formats, each read back.

    Raises ``BuilderError`` where the disk in one is not that in the image, and ``ImageError``.
    """
    files = tuple(_format_file(path, name, image) for name, path in paths.items())
    others = [file.name for file in files if file.content_sha256 != image.content_sha256]
    if others:
        raise BuilderError(
            f"The disk in {others[0]} is not that in {image.name}.",
            details=["It was read back after it was written; what is proven is the image's disk."],
            hint="qemu-img has written it wrong, or this machine's disk or memory fails:"
            " build it again, or leave this format out of disk.formats.",
        )
    return files


def checksums(files: Iterable[DiskFile]) -> str:
    """The content of a file for ``sha256sum --check``."""
    return "".join(f"{file.sha256}  {file.name}\n" for file in files)


def _format_file(path: Path, name: DiskFormat, image: ImageFile) -> FormatFile:
    sha256, sha512 = digests(path)
    return FormatFile(
        name=path.name,
        format=name,
        size=path.stat().st_size,
        virtual_size=image.virtual_size,
        sha256=sha256,
        sha512=sha512,
        content_sha256=sha256 if name == "raw" else content_sha256(path, name),
    )
