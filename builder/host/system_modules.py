"""Python modules that the system's packages bring, and PyPI does not: found and loaded."""

import importlib.machinery
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

DIRECTORIES = (
    Path("/usr/lib/python3/dist-packages"),
    Path(f"/usr/lib64/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"),
)
"""Debian, and Fedora, install them for the system's Python only."""


def load_system_module(name: str, library: str) -> ModuleType | None:
    """A module with its shared library, from where the system's packages put both.

    It is not searched for: its directory on ``sys.path`` would let every other package of the
    system shadow ours. None where it is not there for this Python. Raises ``ImportError`` where it
    cannot be loaded.
    """
    for directory in DIRECTORIES:
        for suffix in importlib.machinery.EXTENSION_SUFFIXES:
            path = directory / f"{library}{suffix}"
            if path.exists() and (directory / f"{name}.py").exists():
                _load(library, path)
                return _load(name, directory / f"{name}.py")
    return None


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
