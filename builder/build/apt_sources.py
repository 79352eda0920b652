"""The mirrors that the build host itself uses, as apt tells them."""

import contextlib
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from builder.errors import BuilderError, HostError
from builder.host.process import run

COLUMNS = 3
HEAD = 4096
"""Bytes of a release file that are read: its fields stand before its long lists of checksums."""
_FORMAT = "$(REPO_URI) $(RELEASE) $(COMPONENT) $(FILENAME) $(METAKEY)"


def mirrors_of(targets: str, distro: str, release: str) -> Mapping[str, str]:
    """diskimage-builder's mirror variables for a release of Debian or Ubuntu.

    ``targets`` are lines in the form URI, release, component, origin. The origin may have several
    words, or none: only lists that were fetched tell it. A mirror that serves one release serves
    the others too, so the host need not run ``release``: what counts is that a source is of the
    same distribution, which its origin says, or else its address, has the archive's component
    ``main`` and a plain code name.
    """
    rows = [
        (*row.split(maxsplit=COLUMNS), "")[: COLUMNS + 1]
        for row in targets.splitlines()
        if len(row.split()) >= COLUMNS
    ]
    # A source of the wanted release is a better witness than one of the host's own.
    rows.sort(key=lambda row: row[1] != release)
    found: dict[str, str] = {}
    for uri, suite, component, origin in rows:
        # Not a file of this host (mirror+file:, cdrom:), and not somebody else's archive.
        own = origin.strip().lower() == distro if origin.strip() else f"/{distro}" in uri
        if component != "main" or not uri.startswith("http") or not own:
            continue
        if "@" in uri:  # it would stand in the image's own sources, with its password
            continue
        if suite.endswith("-security"):
            found.setdefault("DIB_DEBIAN_SECURITY_MIRROR", uri.rstrip("/"))
        elif "-" not in suite:
            found.setdefault("DIB_DISTRIBUTION_MIRROR", uri.rstrip("/"))
    return found


def host_mirrors(distro: str, release: str) -> Mapping[str, str]:
    """The same, of this host; empty where it has no apt. Raises ``HostError``."""
    if shutil.which("apt-get") is None:
        return {}
    lists = _lists()
    rows = []
    for target in _targets().splitlines():
        *place, file, key = target.split()
        # The release file lies beside the index, and both are named after their addresses.
        suite = Path(file).name.removesuffix(key.replace("/", "_"))
        rows.append(" ".join([*place, _origin(lists, suite)]))
    return mirrors_of("\n".join(rows), distro, release)


def _targets() -> str:
    """Every package index of the host's sources, by the form above.

    Apt lists them from its sources alone, but first reads all lists of packages, which takes most
    of a second where it keeps no cache of them, as in containers. So it is shown none.
    """
    with tempfile.TemporaryDirectory(prefix="guest-image-apt-") as nothing:
        try:
            return run(
                [
                    *("apt-get", "indextargets", "--no-release-info", "--format", _FORMAT),
                    *("-o", f"Dir::State::lists={nothing}", "-o", "Dir::State::status=/dev/null"),
                    "Created-By: Packages",
                ],
                timeout=30,
                purpose="read the host's apt sources",
            )
        except BuilderError as error:
            raise HostError(
                error.message,
                details=error.details,
                hint="Repair the host's apt sources; 'apt-get update' reads them too.",
            ) from error


def _lists() -> Path:
    """Where apt keeps what it has fetched."""
    assignment = run(
        ["apt-config", "shell", "lists", "Dir::State::lists/d"],
        timeout=30,
        purpose="ask apt where its lists are",
    )
    return Path(*(word.partition("=")[2] for word in shlex.split(assignment)))


def _origin(lists: Path, suite: str) -> str:
    """Whose archive it is by its release file; empty where none was fetched."""
    for name in ("InRelease", "Release"):
        with contextlib.suppress(OSError), (lists / f"{suite}{name}").open("rb") as file:
            head = file.read(HEAD).decode(errors="replace").splitlines()
            return next((line[7:].strip() for line in head if line.startswith("Origin:")), "")
    return ""
