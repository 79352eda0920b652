"""The definition's files in a repository: read and written."""

from pathlib import Path

from builder.ci.definition import Files, foreign
from builder.errors import HostError, InputError
from builder.host.files import replace_text
from builder.words import enumeration


def committed(repository: Path, files: Files) -> Files:
    """Those of the files that are there. Raises ``HostError``."""
    there = {}
    for name in files:
        path = repository / name
        try:
            there[name] = path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise HostError(
                f"Could not read {path.absolute()}: {error.strerror}.",
                hint="Name the top of the repository with --directory.",
            ) from error
    return there


def write(repository: Path, files: Files) -> None:
    """Write the files, each whole or not at all.

    Raises ``InputError`` where one of them is somebody else's, and ``HostError``.
    """
    if others := foreign(files, committed(repository, files)):
        raise InputError(
            f"Somebody else has written {enumeration(others, 'and')} in {repository.absolute()}.",
            details=["This command overwrites only what it has written itself."],
            hint="Rename it, or write into another --directory and merge the two.",
        )
    for name, text in files.items():
        path = repository / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_text(path, text)
        except OSError as error:
            raise HostError(
                f"Could not write {path.absolute()}: {error.strerror}.",
                hint="Write it elsewhere: --directory.",
            ) from error
