"""The mirrors that the build host itself uses, as apt tells them."""

import shutil
from collections.abc import Mapping

from builder.host.process import run

COLUMNS = 3
_FORMAT = "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)"
"""The origin may have several words, or none: only lists that were fetched tell it."""


def mirrors_of(targets: str, distro: str, release: str) -> Mapping[str, str]:
    """diskimage-builder's mirror variables for a release of Debian or Ubuntu.

    ``targets`` are lines of ``apt-get indextargets`` in the form URI, release, component, origin. A
    mirror that serves one release serves the others too, so the host need not run ``release``: what
    counts is that a source is of the same distribution, which its origin says, or else its address,
    has the archive's component ``main`` and a plain code name.
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
    """The same, of this host; empty where the host has no apt."""
    if shutil.which("apt-get") is None:
        return {}
    targets = run(
        ["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"],
        timeout=30,
        purpose="read the host's apt sources",
    )
    return mirrors_of(targets, distro, release)
