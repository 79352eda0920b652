"""Takes packages out of a store, as far as the signed index of their archive vouches for them.

apt takes a file of the right name and size from its archive directory as it is. So no file gets
there but one whose SHA-256 the index has. Run as a program by mmdebstrap, before it downloads
anything.

What the index vouches for is kept in a file, for builds that find it unchanged (``layer``).
"""

import contextlib
import fcntl
import hashlib
import os
import shlex
import shutil
import stat
import subprocess  # noqa: TID251 - this is a program of its own; its output goes to the build's log
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from builder.build import recompressed_packages

LIMIT = 600.0
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
FICLONE = 0x40049409  # Linux' include/uapi/linux/fs.h

Digests = Mapping[str, Collection[tuple[int, str]]]
"""Size and SHA-256 by which a file of a name may be taken."""


def archive_name(package: str, version: str, architecture: str) -> str:
    """What apt calls a package's file in its archive directory."""
    return f"{package}_{version.replace(':', '%3a')}_{architecture}.deb"


def digests(index: Iterable[str]) -> Digests:
    """What an index (``Packages``, by its lines) says of its files."""
    found: dict[str, set[tuple[int, str]]] = {}
    for fields in _stanzas(index):
        with contextlib.suppress(KeyError, ValueError):
            found.setdefault(_name(fields), set()).add((int(fields["Size"]), fields["SHA256"]))
    return found


def names(status: Iterable[str]) -> Iterator[str]:
    """What apt calls the files of packages, by paragraphs such as those of dpkg's status."""
    for fields in _stanzas(status):
        with contextlib.suppress(KeyError):
            yield _name(fields)


def _name(fields: Mapping[str, str]) -> str:
    return archive_name(fields["Package"], fields["Version"], fields["Architecture"])


def take(store: Path, archives: Path, vouched: Digests) -> dict[str, str]:
    """Copy what may be taken from the store into apt's archives; return names and SHA-256."""
    wanted = sorted(path.name for path in store.glob("*.deb") if path.name in vouched)
    taken = {name: _take(store / name, archives / name, vouched[name]) for name in wanted}
    return {name: digest for name, digest in taken.items() if digest is not None}


def releases_of(directory: Path) -> str:
    """Which indexes lie in apt's directory of them: the digests of their signed releases."""
    return told_releases(path.read_bytes() for path in directory.glob("*InRelease"))


def told_releases(signed: Iterable[bytes]) -> str:
    """The same of these files' contents: hex SHA-256, sorted, with commas."""
    return ",".join(sorted(hashlib.sha256(text).hexdigest() for text in signed))


def write_index(path: Path, releases: str, vouched: Digests) -> None:
    """Keep what indexes vouch for: a line that names them, and one for each file."""
    lines = (
        f"{name} {size} {digest}\n"
        for name, files in vouched.items()
        for size, digest in sorted(files)
    )
    path.write_text(f"{releases}\n{''.join(lines)}")


def read_index(path: Path) -> tuple[str, Digests]:
    """What was kept. Raises ``ValueError`` where it is something else."""
    releases, *lines = path.read_text().splitlines()
    vouched: dict[str, set[tuple[int, str]]] = {}
    for line in lines:
        name, size, digest = line.rsplit(" ", 2)
        vouched.setdefault(name, set()).add((int(size), digest))
    return releases, vouched


def _stanzas(index: Iterable[str]) -> Iterator[dict[str, str]]:
    fields: dict[str, str] = {}
    for line in index:
        name, colon, value = line.partition(":")
        if colon and not line[0].isspace():
            fields[name] = value.strip()
        elif not line.strip():
            yield fields
            fields = {}
    yield fields


def _take(source: Path, target: Path, vouched: Collection[tuple[int, str]]) -> str | None:
    """What is verified is the copy: nobody who can write into the store can change it."""
    partial = target.with_suffix(".part")
    try:
        with (
            os.fdopen(os.open(source, _FLAGS), "rb") as stored,
            partial.open("wb+") as copy,
        ):
            status = os.fstat(stored.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size not in {
                size for size, _ in vouched
            }:
                return None
            try:
                fcntl.ioctl(copy, FICLONE, stored.fileno())
            except OSError:  # no file system that shares blocks, or another one
                shutil.copyfileobj(stored, copy)
            copy.seek(0)
            digest = hashlib.file_digest(copy, "sha256").hexdigest()
            if (copy.tell(), digest) not in vouched:
                return None
        partial.replace(target)
    except OSError:
        return None
    else:
        return digest
    finally:
        partial.unlink(missing_ok=True)


def _indices() -> Iterator[str]:
    """The lines of every package index of the new system, whose signatures apt has verified."""
    _apt("apt-get", "-qq", "update")
    files = _apt("apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages")
    for file in files:
        yield from _apt("/usr/lib/apt/apt-helper", "cat-file", file)
        yield ""


def _apt(*words: str) -> list[str]:
    environment = {**os.environ, "APT_CONFIG": os.environ["MMDEBSTRAP_APT_CONFIG"]}
    done = subprocess.run(  # noqa: S603 - words of this file's
        words, env=environment, timeout=LIMIT, stdout=subprocess.PIPE, check=True
    )
    return done.stdout.decode(errors="replace").splitlines()


def main(store: Path, archives: Path, listing: Path, index: Path, pool: Path) -> None:
    """Take what may be taken, and list it. Without an index nothing is, which apt will explain."""
    taken: dict[str, str] = {}
    try:
        vouched = digests(_indices())
        lists = _apt("apt-config", "shell", "lists", "Dir::State::lists/d")[0]
        write_index(index, releases_of(Path(shlex.split(lists)[0].partition("=")[2])), vouched)
        taken = take(store, archives, vouched)
        if os.environ["DIB_GUEST_INDEXES"]:
            recompressed_packages.take(pool, archives, taken)
    except (subprocess.SubprocessError, OSError, KeyError) as error:
        print(f"no cached package is used: {error}", file=sys.stderr)  # noqa: T201 - the log
    tell(listing, taken)


def tell(listing: Path, taken: Collection[str]) -> None:
    """List what was taken, for those who keep what was not."""
    listing.write_text("".join(f"{name}\n" for name in taken))
    print(f"{len(taken)} cached packages are what the archive signed")  # noqa: T201 - the log


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
