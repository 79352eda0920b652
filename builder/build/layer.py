"""Bootstrapped systems, kept: mmdebstrap makes the same of the same options and the same indexes.

Run by ``as_root/mmdebstrap`` in mmdebstrap's place, inside the build's sandbox. A layer is a
directory of the cache with the system as a tape archive and what the indexes vouch for; nothing of
a build's own is in it. Who could have written into one is trusted with the image: so it must belong
to root, or to the user whose namespace this is, and to nobody else.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess  # noqa: TID251 - this is a program of its own; its output goes to the build's log
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from builder.build import recompressed_packages, verified_packages
from builder.build.own_files import are_own

TREE, INDEX = "tree.tar.zst", "index"
KEPT = 4
"""Layers that stay: with each change of an index there is another one, some hundred MB large."""

UNUSED_LIMIT = 7 * 24 * 3600.0
"""Seconds after which a layer that no build has used is removed."""

_LIMIT = 3600.0
_PACK = (
    "tar", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--acls", "--one-file-system",
)  # fmt: skip
_COMPRESS = "zstd --fast=3 -T0"
# What is in them is the machine's, or the package cache's.
_WITHOUT = ("--exclude=./dev/*", "--exclude=./var/cache/apt/archives/*.deb")


def key_of(arguments: Sequence[str], environment: Mapping[str, str], version: str) -> str:
    """What a bootstrap depends on besides what the archive has: options, settings, tools.

    Paths of the one build, which options name, do not count.
    """
    places = {environment["TARGET_ROOT"]: "TARGET", environment["DIB_IMAGE_CACHE"]: "CACHE"}
    found = re.compile("|".join(map(re.escape, sorted(places, key=len, reverse=True))))
    options = [found.sub(lambda match: places[match[0]], word) for word in arguments]
    settings = {
        path.name: path.read_text() for path in sorted(Path(environment["DIB_GUEST_APT"]).iterdir())
    }
    programs = [Path(str(module)).read_bytes() for module in (__file__, verified_packages.__file__)]
    told = [
        options, settings, environment["DIB_GUEST_INDEXES"], environment.get("INITRD", ""), version,
        *(hashlib.sha256(program).hexdigest() for program in programs),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def is_own(layer: Path) -> bool:
    """Whether a layer is there, and nobody else can have written it."""
    return are_own((layer.parent.parent, layer.parent, layer, layer / TREE, layer / INDEX))


def unpack(layer: Path, target: Path, packages: Sequence[Path]) -> bool:
    """Unpack a layer, and take packages for what comes next: ``packages`` as for a bootstrap.

    What is damaged is removed, and the target as empty as it was; then the answer is no.
    """
    store, archives, listing, _, pool = packages
    try:
        _, vouched = verified_packages.read_index(layer / INDEX)
        _run([*_PACK, "--extract", "--preserve-permissions", "--use-compress-program=zstd",
              f"--directory={target}", f"--file={layer / TREE}"])  # fmt: skip
        os.utime(layer)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        print(f"{layer} is damaged, and removed: {error}", file=sys.stderr)  # noqa: T201 - the log
        shutil.rmtree(layer, ignore_errors=True)
        _run(["find", str(target), "-xdev", "-mindepth", "1", "-delete"])
        return False
    present = installed(target)
    missing = {name: files for name, files in vouched.items() if name not in present}
    taken = verified_packages.take(store, archives, missing)
    recompressed_packages.take(pool, archives, taken)
    verified_packages.tell(listing, taken)
    return True


def installed(target: Path) -> set[str]:
    """The files of a system's packages, which nothing will install again."""
    with (target / "var/lib/dpkg/status").open() as status:
        return set(verified_packages.names(status))


def keep(layer: Path, target: Path, index: Path, releases: str) -> None:
    """Keep a system as a layer, if its bootstrap has seen the very indexes that name it.

    What cannot be kept is not, which is no error: nothing but time is lost.
    """
    partial = index.with_name("layer")  # beside it: what a killed build leaves there is removed
    try:
        seen, _ = verified_packages.read_index(index)
        if seen != releases:
            return
        layer.parent.mkdir(mode=0o755, exist_ok=True)
        _remove_unused(layer.parent)
        partial.mkdir(mode=0o755)
        shutil.copyfile(index, partial / INDEX)
        _run([*_PACK, "--create", "--sort=name", f"--use-compress-program={_COMPRESS}", *_WITHOUT,
              f"--directory={target}", f"--file={partial / TREE}", "."])  # fmt: skip
        partial.rename(layer)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        print(f"the bootstrapped system is not kept: {error}", file=sys.stderr)  # noqa: T201 - the log
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _remove_unused(layers: Path) -> None:
    used: list[tuple[float, Path]] = []
    for path in layers.iterdir():
        with contextlib.suppress(OSError):
            used.append((path.stat().st_mtime, path))
    old = time.time() - UNUSED_LIMIT
    newest = {path for _, path in sorted(used, reverse=True)[: KEPT - 1]}
    for when, path in used:
        if path not in newest or when < old:
            shutil.rmtree(path, ignore_errors=True)


def _run(words: Sequence[str]) -> None:
    subprocess.run(words, timeout=_LIMIT, check=True)  # noqa: S603 - words of this file's


def main(program: str, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Unpack the layer of these arguments, or run mmdebstrap, and keep what it makes."""
    target = Path(environment["TARGET_ROOT"])
    packages = [Path(word) for word in environment["DIB_GUEST_PACKAGES"].split()]
    releases = environment["DIB_GUEST_INDEXES"]
    if not releases:
        return subprocess.run([program, *arguments], timeout=_LIMIT, check=False).returncode  # noqa: S603 - diskimage-builder's words
    version = subprocess.check_output([program, "--version"], text=True, timeout=_LIMIT)  # noqa: S603 - as above
    layer = Path(environment["DIB_GUEST_LAYERS"]) / key_of(arguments, environment, version)[:16]
    if is_own(layer) and unpack(layer, target, packages):
        print(f"unpacked {layer}, bootstrapped with the same options from the same indexes")  # noqa: T201 - the log
        return 0
    status = subprocess.run([program, *arguments], timeout=_LIMIT, check=False).returncode  # noqa: S603 - as above
    if status == 0:
        keep(layer, target, packages[3], releases)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:], os.environ))
