"""Which modules of a package a module can reach: its imports, their imports, and so on.

Read from the source, without importing anything: a change in any other module cannot change what
the module does.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path


def reachable(package: Path, modules: Iterable[str]) -> tuple[Path, ...]:
    """The files of these modules and of all that they reach in the package's directory, sorted.

    Modules are named as in ``import``. A package that a module lies in is reached with it, for it
    is imported before; imports in functions and under conditions count as well. Raises
    ``FileNotFoundError`` for a module that is not there.
    """
    files: dict[str, Path] = {}
    waiting = list(modules)
    for name in waiting:
        if _file(package, name) is None:
            raise FileNotFoundError(f"there is no module {name} in {package}")
    while waiting:
        name = waiting.pop()
        path = _file(package, name)
        if path is not None and name not in files:
            files[name] = path
            waiting += [name.rpartition(".")[0], *_imports(path.read_bytes())]
    return tuple(sorted(files.values()))


def _file(package: Path, name: str) -> Path | None:
    """None for what is no module of the package."""
    top, *rest = name.split(".")
    if top != package.name:
        return None
    place = package.joinpath(*rest)
    candidates = (place / "__init__.py", place.with_suffix(".py"))
    return next((path for path in candidates if path.is_file()), None)


@cache
def _imports(source: bytes) -> tuple[str, ...]:
    """Whatever a module imports, absolutely; what it takes from a package may be a module too.

    Kept, for reading it takes long and many images ask.
    """
    return tuple(_imported(ast.parse(source)))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
