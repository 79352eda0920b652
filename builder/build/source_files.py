"""Brings a plan's files to its build: each is what its SHA-256 says, or nothing begins."""

import hashlib
import http.client
import os
import shutil
import stat
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from builder.errors import HostError, InputError
from builder.feature.source_file import SourceFile, is_address
from builder.host.files import sha256_of, temporary_name

_BY_HAND = "Or get the file yourself, and name its path in the profile."
BLOCK = 1024 * 1024
ANSWER_LIMIT = 60.0
"""Seconds without a word from a server."""
FETCH_LIMIT = 1800.0
"""Seconds for a whole file: vendors' drivers are of half a gigabyte."""


SIZE_LIMIT = 8 << 30
"""Bytes of a file, which lands in an image."""


def fetch_sources(
    files: Iterable[SourceFile], directory: Path, cache: Path, say: Callable[[str], object]
) -> None:
    """Put every file, verified, into a directory, under its own name.

    What was fetched is kept in ``cache``, by its checksum. Raises ``InputError`` where a file is
    missing or is another one, ``HostError`` where it cannot be fetched.
    """
    for file in files:
        say(f"{file.name} from {file.source}")
        target = directory / file.name
        kept = cache / file.sha256
        if not is_address(file.source):
            _write(_read(Path(file.source)), file, target)
        elif kept.exists() and sha256_of(kept) == file.sha256:
            shutil.copyfile(kept, target)
        else:
            cache.mkdir(parents=True, exist_ok=True)
            _write(_fetch(file.source), file, target)
            _keep(target, kept)


def _write(blocks: Iterable[bytes], file: SourceFile, target: Path) -> None:
    digest = hashlib.sha256()
    with target.open("wb") as written:
        for block in blocks:
            digest.update(block)
            written.write(block)
    if digest.hexdigest() != file.sha256:
        target.unlink()
        raise InputError(
            f"{file.source} is not the file that the profile names.",
            details=[f"expected SHA-256 {file.sha256}", f"found             {digest.hexdigest()}"],
            hint="Get the right file; or, if you trust this one, write its SHA-256 in the profile.",
        )


def _keep(target: Path, kept: Path) -> None:
    """Copy a verified file into the cache, under its name only when it is complete."""
    partial = temporary_name(kept)
    try:
        shutil.copyfile(target, partial)
        partial.replace(kept)
    finally:
        partial.unlink(missing_ok=True)


def _read(path: Path) -> Iterator[bytes]:
    try:
        # Not blocking: a pipe without a writer would wait for ever.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputError(f"{path} is not a regular file.", hint="Name the file itself.")
            if status.st_size > SIZE_LIMIT:
                raise InputError(
                    f"{path} has more than {SIZE_LIMIT >> 30} GiB.", hint="Name the right file."
                )
            while block := opened.read(BLOCK):
                yield block
    except OSError as error:
        raise InputError(
            f"The file {path} cannot be read: {error.strerror}.",
            hint="A path in a profile is relative to the profile's own directory.",
        ) from error


def _fetch(address: str) -> Iterator[bytes]:
    start = time.monotonic()
    try:
        # The address is http or https: the profile was checked, and urllib follows to no other.
        with urllib.request.urlopen(address, timeout=ANSWER_LIMIT) as answer:  # noqa: S310
            size = 0
            while block := answer.read(BLOCK):
                yield block
                size += len(block)
                if size > SIZE_LIMIT:
                    raise InputError(
                        f"{address} sends more than {SIZE_LIMIT >> 30} GiB.",
                        hint="Correct the address in the profile.",
                    )
                if time.monotonic() - start > FETCH_LIMIT:
                    raise HostError(
                        f"{address} was not fetched within {FETCH_LIMIT:.0f} s.", hint=_BY_HAND
                    )
            if answer.length:
                raise HostError(
                    f"{address} was not fetched whole: the connection ended {answer.length} bytes "
                    "before its end.",
                    hint=f"Run the same command again. {_BY_HAND}",
                )
    except urllib.error.HTTPError as error:
        error.close()
        raise InputError(
            f"{address} cannot be fetched: the server answers {error.code} {error.reason}.",
            hint="Correct the address in the profile.",
        ) from error
    except (OSError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise HostError(
            f"{address} cannot be fetched: {reason}.",
            hint=f"Check the network and the address. {_BY_HAND}",
        ) from error
