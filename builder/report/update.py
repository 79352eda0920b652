"""The one place where the manifest of a build is changed, and its report with it."""

from collections.abc import Callable
from pathlib import Path

from builder.errors import HostError
from builder.host.locking import locked
from builder.report.html import write_html
from builder.store import manifest
from builder.store.manifest import Manifest


def update(directory: Path, change: Callable[[Manifest], Manifest]) -> Manifest:
    """Change what the manifest of a build directory says by now, and write its report anew.

    Under the directory's lock: another process may have changed the manifest since it was last
    read. A ``change`` that returns its argument itself leaves both files as they are. Returns the
    manifest as it stands then. Raises ``InputError`` where it cannot be read, ``OSError`` where
    the directory cannot be written.
    """
    with locked(directory):
        present = manifest.read(directory)
        changed = change(present)
        if changed is not present:
            manifest.write(directory, changed)
            write_html(directory, changed)
    return changed


def rewrite_report(directory: Path) -> None:
    """Write a build directory's report anew, of what its manifest says by now.

    Raises ``InputError`` where that cannot be read, ``HostError`` where the report cannot be
    written.
    """
    try:
        with locked(directory):
            write_html(directory, manifest.read(directory))
    except OSError as error:
        raise HostError(
            f"The report could not be written into {directory}.",
            details=[error.strerror or str(error)],
            hint="Make room, or write it elsewhere: --html FILE",
        ) from error
