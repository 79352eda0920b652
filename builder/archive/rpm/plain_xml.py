"""XML as repositories have it: elements, attributes and text. Pure.

A document that declares a type, and so could declare entities that grow, is refused.
"""

from collections.abc import Callable, Mapping
from typing import IO
from xml.parsers import expat

TEXT_LIMIT = 4096
"""Characters of an element's own text that are kept: none that matters here is longer."""

_BLOCK = 1 << 20

Attributes = Mapping[str, str]
Start = Callable[[str, Attributes], None]
"""Takes the name and the attributes of an element that begins."""
Text = Callable[[str, str], None]
"""Takes the name of an element that ends, and its own text."""


class PlainXmlError(ValueError):
    """The document is not XML, or XML of a kind that no repository has."""


def read_xml(document: bytes | IO[bytes], start: Start, text: Text) -> None:
    """Read a document, piece by piece where it is a file. Raises ``PlainXmlError``."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    own: list[list[str]] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        own.append([])
        start(name, attributes)

    def characters(data: str) -> None:
        if own and len(own[-1]) < TEXT_LIMIT:
            own[-1].append(data[:TEXT_LIMIT])

    def end(name: str) -> None:
        text(name, "".join(own.pop())[:TEXT_LIMIT].strip())

    def refuse(*_: object) -> None:
        raise PlainXmlError("it declares a document type, which no repository does")

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = refuse
    try:
        if isinstance(document, bytes):
            parser.Parse(document, True)  # noqa: FBT003 - it takes no keywords
        else:
            while block := document.read(_BLOCK):
                parser.Parse(block)
            parser.Parse(b"", True)  # noqa: FBT003 - it takes no keywords
    except expat.ExpatError as error:
        raise PlainXmlError(f"it is not XML: {error}") from error
