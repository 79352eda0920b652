"""What the boot loader tells the kernels that it starts."""

from collections.abc import Sequence

from builder.feature import CheckFailed, Filesystem
from builder.linux.bootentries import entries


def require(disk: Filesystem, arguments: Sequence[str]) -> str:
    """Say which entries give their kernels all of these arguments.

    Raises ``CheckFailed`` for an entry that lacks one, and where there is no entry.
    """
    found = entries(disk)
    if not found:
        raise CheckFailed("the boot loader has no entry that starts a kernel")
    for entry in found:
        lacks = [argument for argument in arguments if argument not in entry.arguments]
        if lacks:
            raise CheckFailed(
                f"{entry.place}: starts a kernel without {' '.join(lacks)}; add that to the "
                "kernel's arguments"
            )
    return f"{', '.join(dict.fromkeys(entry.path for entry in found))}: {' '.join(arguments)}"
