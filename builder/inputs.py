"""The digest of everything that an image is made from, apart from the packages of the day."""

import hashlib
import itertools
import json
from importlib.metadata import version
from pathlib import Path

from builder.plan import Plan, to_json


def inputs_digest(plan: Plan, *elements: Path) -> str:
    """Hex SHA-256 over the plan, the builder's own code, and the files of the elements it uses.

    ``elements`` are the directories that have them. Elements of diskimage-builder itself count
    through its version.
    """
    digest = hashlib.sha256(json.dumps(to_json(plan), sort_keys=True).encode())
    for program in ("guest-image-builder", "diskimage-builder"):
        digest.update(f"\0{program} {version(program)}".encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    for home, name in itertools.product(elements, plan.elements):
        for path in sorted((home / name).rglob("*")):
            if path.is_file():
                mode = "x" if path.stat().st_mode & 0o100 else "-"
                digest.update(f"\0{path.relative_to(home)}\0{mode}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()
