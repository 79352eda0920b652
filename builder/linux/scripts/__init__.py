"""Scripts that run in Linux guests, as files that linters can read."""

from importlib.resources import files


def script(name: str) -> str:
    """The text of a script of this package, such as ``nic-queues.sh``."""
    return (files(__name__) / name).read_text(encoding="utf-8")
