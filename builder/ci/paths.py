"""Files of the repository, as its jobs find them: by their paths from its top."""

import re
from pathlib import Path

from builder.ci.nightly import PATH
from builder.errors import InputError
from builder.words import shown


def path_from_top(path: Path, repository: Path, what: str) -> str:
    """The path of a file from the repository's top; ``what`` it is, for errors.

    Raises ``InputError`` where the file lies elsewhere, or its path could be misunderstood.
    """
    top = repository.resolve()
    try:
        inside = path.resolve().relative_to(top).as_posix()
    except ValueError as error:
        raise InputError(
            f"The {what} {shown(str(path))} lies outside of {top}, where the jobs look for it.",
            hint="Move it into the repository, or name the repository's top with --directory.",
        ) from error
    if not re.fullmatch(PATH, inside):
        raise InputError(
            f"The path {shown(inside)} could mean something else to a CI.",
            hint="Use letters, digits, '-', '_' and '.' only.",
        )
    return inside
