"""Scripts of the jobs, as files that linters can read; a line or two stand where they are used."""

from importlib.resources import files


def script(name: str) -> str:
    """The commands of a script of this package, without its head: that ends with an empty line."""
    return (files(__name__) / name).read_text(encoding="utf-8").partition("\n\n")[2]
