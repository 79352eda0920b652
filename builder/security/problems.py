"""What is wrong with a file that somebody gave, as its error tells it."""

from pydantic import ValidationError

SHOWN = 3


def problems(error: Exception) -> list[str]:
    """A line for each thing that is wrong, the first few of them."""
    if isinstance(error, ValidationError):
        return [
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}".removeprefix(": ")
            for problem in error.errors()[:SHOWN]
        ]
    if isinstance(error, OSError) and error.strerror:
        return [error.strerror]
    return [str(error)]
