"""No host of a package mirror is named in what is shipped."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.host.paths import elements_path, profiles_path

MIRROR = re.compile(
    r"\b(?:[a-z0-9-]+\.)*(?:deb|mirrors?|archive|security|ftp|packages|cdn|download)"
    r"\.(?:[a-z0-9-]+\.)+(?:org|com|net|edu|io|dev|de|eu|uk|fr|nl|cz|invalid)\b"
)
"""A host that looks like a package mirror's."""


def mirror_hosts(text: str) -> list[str]:
    return [host for host in MIRROR.findall(text) if not host.endswith(".example.org")]


def sources() -> Iterator[Path]:
    for root in (elements_path(), profiles_path(), elements_path().parent / "builder"):
        yield from (
            path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts
        )


@pytest.mark.parametrize(
    "host",
    ["deb.host.invalid", "ftp.de.host.invalid", "mirrors.host.invalid", "x.archive.h.invalid"],
)
def test_a_mirror_s_host_is_recognised(host: str) -> None:
    assert mirror_hosts(f"http://{host}/debian") == [host]


def test_no_mirror_s_host_is_named() -> None:
    named = {str(path): hosts for path in sources() if (hosts := mirror_hosts(path.read_text()))}
    assert named == {}
