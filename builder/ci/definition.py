"""The files of a definition for each CI, and how they differ from those that are there. Pure."""

import difflib
from collections.abc import Callable, Iterator, Mapping

from builder.ci import github, gitlab, zuul
from builder.ci.document import MARK
from builder.ci.nightly import Nightly

Files = Mapping[str, str]
"""Texts by their paths from the repository's top."""

SYSTEMS: Mapping[str, Callable[[Nightly], Files]] = {
    "gitlab": gitlab.files,
    "github": github.files,
    "zuul": zuul.files,
}
"""The CIs, by the word that chooses one."""


def foreign(files: Files, there: Files) -> list[str]:
    """Which of the files that are there somebody else has written."""
    return [path for path in files if path in there and not there[path].startswith(MARK)]


def difference(files: Files, there: Files) -> Iterator[str]:
    """The lines of a unified difference from what is there to what would be written."""
    for path, text in files.items():
        old = there.get(path)
        if old != text:
            yield from difflib.unified_diff(
                (old or "").splitlines(),
                text.splitlines(),
                path if old is not None else "/dev/null",
                path,
                lineterm="",
            )
