"""The elements of this project and of diskimage-builder, as files."""

from pathlib import Path

import diskimage_builder

from builder.host.paths import elements_path

OURS = elements_path()
THEIRS = Path(diskimage_builder.__file__).parent / "elements"
ELEMENTS = sorted(path for path in OURS.iterdir() if path.is_dir())
NAMES = {path.name for path in ELEMENTS}


def name(path: Path) -> str:
    return str(path.relative_to(OURS))
