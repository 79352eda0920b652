"""Programs that a proof has started."""

from pathlib import Path


def processes_with(path: Path) -> list[str]:
    """The programs that were started with this path, or something below it, in their arguments."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # it has ended meanwhile
        if any(str(path) in word for word in words):
            found.append(Path(words[0]).name)
    return found
