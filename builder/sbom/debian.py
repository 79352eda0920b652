"""What dpkg's files tell of packages: its list of installed ones, and debian/copyright."""

import re
from collections.abc import Iterable, Iterator, Mapping

from builder.sbom.facts import Software

RELEVANT_LINES = r"^(Format|Format-Specification|Files|License):|^[[:space:]]*$"
"""The lines of debian/copyright that ``licence_names`` looks at, for grep -E."""

_FIELD = re.compile(r"(Format|Format-Specification|Files|License):(.*)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]{0,127}")
_VERSION = re.compile(r"[A-Za-z0-9.+~:_-]{1,255}")
_ARCHITECTURE = re.compile(r"[a-z0-9-]{1,32}")
_SOURCE = re.compile(rf"({_NAME.pattern})(?:\s+\(({_VERSION.pattern})\))?")
_ABSENT = ("not-installed", "config-files")
"""States of dpkg in which nothing of a package is there but its configuration."""


def licence_names(lines: Iterable[str]) -> tuple[str, ...]:
    """The licences of a package's parts, sorted, by the lines of its debian/copyright.

    Only the machine-readable format (copyright-format 1.0, sections 6 and 7) tells them: the
    paragraph with ``Format`` and those with ``Files``. A paragraph that has nothing but a licence
    is the text of one that others name.
    """
    paragraph: dict[str, str] = {}
    paragraphs = [paragraph]
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match:
            paragraph.setdefault(match[1], match[2].strip())
        elif not line.strip() and paragraph:
            paragraph = {}
            paragraphs.append(paragraph)
    if not {"Format", "Format-Specification"} & paragraphs[0].keys():
        return ()
    found = (each.get("License", "") for each in (paragraphs[0], *_of_files(paragraphs)))
    return tuple(sorted({name for name in found if name}))


def _of_files(paragraphs: Iterable[Mapping[str, str]]) -> Iterator[Mapping[str, str]]:
    return (paragraph for paragraph in paragraphs if "Files" in paragraph)


def installed(status: str) -> tuple[tuple[Software, ...], int]:
    """The packages of dpkg's status file that are installed, and how many entries make no sense.

    The file may be a stranger's: what does not look like a package's name or version is no package.
    """
    found: dict[tuple[str, str, str], Software] = {}
    defects = 0
    for paragraph in re.split(r"\n\s*\n", status):
        fields = _fields(paragraph)
        if not fields or fields.get("Status", "").rpartition(" ")[2] in _ABSENT:
            continue
        software = _software(fields)
        if software is None:
            defects += 1
        else:
            found[software.name, software.version, software.architecture] = software
    return tuple(sorted(found.values())), defects


def _fields(paragraph: str) -> dict[str, str]:
    """Without the lines that continue a field."""
    fields: dict[str, str] = {}
    for line in paragraph.splitlines():
        name, colon, value = line.partition(":")
        if colon and not name[:1].isspace():
            fields.setdefault(name, value.strip())
    return fields


def _software(fields: Mapping[str, str]) -> Software | None:
    name, version = fields.get("Package", ""), fields.get("Version", "")
    architecture = fields.get("Architecture", "")
    size = fields.get("Installed-Size", "0")
    if not (
        _NAME.fullmatch(name)
        and _VERSION.fullmatch(version)
        and _ARCHITECTURE.fullmatch(architecture)
        and fields.get("Status", "").count(" ") == 2  # noqa: PLR2004 - want, flag, state: dpkg(1)
    ):
        return None
    source = _SOURCE.fullmatch(fields.get("Source", ""))
    return Software(
        name=f"{name}:{architecture}" if fields.get("Multi-Arch") == "same" else name,
        version=version,
        architecture=architecture,
        installed_size=int(size) if size.isdecimal() and len(size) < 15 else 0,  # noqa: PLR2004
        source=source[1] if source else name,
        source_version=(source[2] if source else None) or version,
        supplier=fields.get("Maintainer", ""),
    )
