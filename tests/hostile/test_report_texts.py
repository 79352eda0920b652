"""Texts of guests, disks and clouds that a report's reader, or its viewer, would obey."""

import unicodedata
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from reports import publication
from samples import complete, evidence, manifest, plan

from builder.feature import Outcome
from builder.report.html import html
from builder.report.junit import junit_xml
from builder.store.manifest import Manifest
from builder.store.sections import Package

PLAN = plan("base")
OBEYED = {
    "escape": "\x1b[2J\x1b]0;title\x07",
    "C1 escape": "\x9b31m",
    "C1 string": "\x90q\x9c",
    "null": "a\x00b",
    "backspace": "failed\x08\x08\x08\x08\x08\x08passed",
    "carriage return": "failed\rpassed",
    "delete": "a\x7fb",
    "next line": "a\x85b",
    "right to left": "\u202epassed\u202c",
    "isolate": "\u2067passed\u2069",
    "mark of direction": "\u200fpassed\u061c",
    "separators": "a\u2028b\u2029c",
    "invisible": "pas\u200bsed\ufeff",
    "surrogate": "a\ud800b",
    "no character": "a\ufffe\uffffb",
    "tag": "\U000e0041",
}
PLAIN = "Größe 3 GiB, 名前, 🎉 <b> & 'x'\tcolumn\nline"


def build_of(text: str) -> Manifest:
    """A build in which all that comes from elsewhere is this text."""
    results = [
        evidence(check.check, outcome, boot=check.boot, seen=text)
        for check, outcome in zip(complete(PLAN), [*Outcome] * 99, strict=False)
    ]
    return manifest(
        PLAN,
        packages=(Package(name=text, version=text, architecture=text, installed_size=9),),
        unpackaged={text: 1 << 20},
        hooks={text: 1.0},
        tools={text: text},
        published=(publication(text),),
    ).with_evidence(results)


def obeyed(text: str) -> set[str]:
    """What is no mark on paper, except line ends, tabs and the space."""
    kinds = ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")
    return {character for character in text if unicodedata.category(character) in kinds} - {
        "\n",
        "\t",
    }


@pytest.mark.parametrize("text", OBEYED.values(), ids=OBEYED)
def test_junit_has_no_text_that_its_reader_obeys(text: str) -> None:
    document = junit_xml(build_of(text))
    root = ET.fromstring(document)  # noqa: S314 - our own
    values = [
        *root.itertext(),
        *(value for element in root.iter() for value in element.attrib.values()),
    ]
    assert not obeyed(document)
    assert not obeyed("".join(values))


@pytest.mark.parametrize("text", OBEYED.values(), ids=OBEYED)
def test_the_html_report_has_no_text_that_its_reader_obeys(text: str, tmp_path: Path) -> None:
    page = html(build_of(text), consoles={"bios": text}, build_log=text)
    assert not obeyed(page)
    (tmp_path / "report.html").write_text(page, encoding="utf-8")


def test_a_plain_text_of_any_script_stays_as_it_is() -> None:
    root = ET.fromstring(junit_xml(build_of(PLAIN)))  # noqa: S314 - our own
    assert PLAIN in {element.text for element in root.iter()}
    page = html(build_of(PLAIN), consoles={}, build_log="")
    escaped = PLAIN.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert escaped.replace("'", "&#39;") in page
