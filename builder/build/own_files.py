"""Whose files a cache has: who could have written them is trusted with the next image."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path


def are_own(places: Iterable[Path]) -> bool:
    """Whether these are there, belong to who runs this, and nobody else can have written them.

    A path is safe only with the directories that lead to it: name those of the cache, too.
    """
    try:
        found = [os.lstat(path) for path in places]
    except OSError:
        return False
    return all(
        status.st_uid == os.geteuid()
        and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        and not stat.S_ISLNK(status.st_mode)
        for status in found
    )
