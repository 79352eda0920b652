"""A page of HTML by its structure."""

from html.parser import HTMLParser

VOID = {"meta", "link", "input", "rect", "br", "img"}


class Page(HTMLParser):
    """The page's elements with their attributes, and its text by section."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.sections: dict[str, str] = {}
        self._open: list[str] = []
        self._section = ""
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag in {"section", "header"}:
            self._section = dict(attrs).get("id") or tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag in {"section", "header"}:
            self._section = ""

    def handle_data(self, data: str) -> None:
        text = self.sections.get(self._section, "") + " " + data
        self.sections[self._section] = " ".join(text.split())

    def tags(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]
