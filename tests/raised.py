"""The errors that tests really raise, noted with the place of the program that makes each."""

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from itertools import groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "builder"

KINDS = frozenset({
    "BuilderError", "InputError", "HostError", "ImageError", "CloudError", "InterruptedByUser",
    "SourceError", "Refused", "GuestNotUp", "ChildEnded", "UnfitError",
    "CheckFailed", "CheckSkipped", "Problem", "UsageError", "BadParameter",
})  # fmt: skip
"""Names of classes whose texts users see."""

LONGEST = 1500
"""Characters of a golden text; an error of many lines is understood by its first ones."""

_OF_THIS_RUN = (
    (re.compile(r"/[\w./-]*pytest-of-[^/]+/pytest-\d+(?:/popen-gw\d+)?/[^/\s':,;]+"), "TMP"),
    (re.compile(r"/tmp/(?:guest-image-[\w-]+|tmp\w{8})"), "TMP"),  # noqa: S108 - looked for only
    (re.compile(r"(127\.0\.0\.1|\[::1\]|localhost):\d{4,5}"), r"\1:PORT"),
    (re.compile(r"\b20\d{6}T\d{6}Z-[0-9a-f]{6}\b"), "BUILD"),
    (re.compile(r"\b20\d\d-\d\d-\d\d\b"), "DATE"),
    (re.compile(r"(?<![\w:])\d\d:\d\d:\d\d(?![\w:])"), "TIME"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\b(?:[0-9a-f]{32,}\b|[0-9a-f]{12}(?=…))"), "HEX"),
    # The last words of an appliance are those to which it has come.
    (re.compile(r"(appliance did not start\.)(?:\n(?! *Try again).*)+"), r"\1"),
    (re.compile(r"\d+(?:\.\d+)? ([GM]iB) free"), r"SOME \1 free"),
    (re.compile(r"0x[0-9a-f]{8,}"), "0xADDRESS"),
)


@dataclass(frozen=True, order=True)
class Site:
    """One place where an error is made: the n-th of a function."""

    module: str
    function: str
    number: int = 1

    def __str__(self) -> str:
        return f"{self.module} {self.function} {self.number}"

    @property
    def room(self) -> str:
        """The package or single module that it is in; it names the golden file."""
        return self.module.partition("/")[0].removesuffix(".py")


Seen = dict[Site, dict[str, str]]
"""What was said at each site, and by which test."""


def sites_in(module: str, source: str) -> dict[int, Site]:
    """The sites of a module, by their lines."""

    def calls(node: ast.AST, function: str) -> Iterator[tuple[int, str]]:
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in KINDS:
                yield node.lineno, function
            case ast.Call(func=ast.IfExp() | ast.BoolOp(), keywords=[*words]) if words:
                # One class or another, with details or a hint.
                yield node.lineno, function
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                function = f"{function}.{name}".removeprefix(".")
        for child in ast.iter_child_nodes(node):
            yield from calls(child, function)

    found = sorted(set(calls(ast.parse(source), "")), key=lambda call: (call[1], call[0]))
    return {
        line: Site(module, function, number)
        for function, group in groupby(found, key=lambda call: call[1])
        for number, (line, _) in enumerate(group, 1)
    }


def sites() -> dict[tuple[str, int], Site]:
    """Those of the program, by module and line. What runs in guests raises none of them."""
    return {
        (module, line): site
        for path in sorted(PACKAGE.rglob("*.py"))
        if "scripts" not in path.parts
        for module in (path.relative_to(PACKAGE).as_posix(),)
        for line, site in sites_in(module, path.read_text(encoding="utf-8")).items()
    }


class Recorder:
    """Notes the errors that are made while a test runs."""

    def __init__(self, places: Mapping[tuple[str, int], Site]) -> None:
        self.test = ""
        self.seen: Seen = {}
        self._places = places

    def watch(self, kind: type[Any], shown: Callable[[Any], str] = str) -> None:
        """Note every instance of a class from now on, with what users are shown of it."""
        original = kind.__init__

        @wraps(original)
        def init(error: Any, *arguments: Any, **named: Any) -> None:
            original(error, *arguments, **named)
            self._note(error, shown)

        kind.__init__ = init

    def _note(self, error: object, shown: Callable[[Any], str]) -> None:
        frame = sys._getframe(2)  # noqa: SLF001 - what inspect uses, at a hundredth of the cost
        while frame.f_code.co_name == "__init__" and frame.f_locals.get("self") is error:
            assert frame.f_back
            frame = frame.f_back
        path = Path(frame.f_code.co_filename)
        if not self.test or not path.is_relative_to(PACKAGE):
            return
        site = self._places.get((path.relative_to(PACKAGE).as_posix(), frame.f_lineno))
        if site is not None:
            text = normal(shown(error))
            texts = self.seen.setdefault(site, {})
            texts[text] = max(texts.get(text, self.test), self.test)  # unit tests before all


def normal(text: str) -> str:
    """A text without what is another in every run."""
    from builder.words import printable  # noqa: PLC0415 - unit tests start without it

    lines = (printable(line) for line in text[: 2 * LONGEST].splitlines())
    text = "\n".join(lines).replace(str(ROOT), "ROOT")
    for pattern, name in _OF_THIS_RUN:
        text = pattern.sub(name, text)
    return text[:LONGEST].rstrip()
