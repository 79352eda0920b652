"""YAML with positions: every value knows its file, line and column.

A profile needs little of YAML, and what it does not need is refused: aliases (``extends`` is how
profiles share), tags, several documents, keys that are no text. Plain scalars follow the core
schema of YAML 1.2, so ``yes`` and ``on`` are text.
"""

import errno
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from builder.errors import InputError
from builder.words import printable

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20

Scalar = str | int | float | bool | None

_NULL = re.compile(r"~|null|Null|NULL|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"(?=.*[.eE])[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")


@dataclass(frozen=True, order=True)
class Position:
    """A place in a file; lines and columns count from one."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, in what, and further lines that say why or what to write."""

    position: Position
    message: str
    path: str = ""
    """The dotted path of the value, empty for the whole file."""
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        subject = f"{printable(self.path)}: " if self.path else ""
        head = f"{self.position}: {subject}{self.message}"
        return "\n".join([head, *(f"  {line}" for line in self.details)])


class SourceError(InputError):
    """Everything that is wrong with a profile, in the order of its lines."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(
            sorted(set(problems), key=lambda problem: (problem.position, str(problem)))
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class Value:
    """A value of a YAML file and its place; a mapping also knows the places of its keys."""

    content: "Scalar | dict[str, Value] | list[Value]"
    position: Position
    keys: dict[str, Position] = field(default_factory=dict)

    def plain(self) -> Any:  # Any: whatever the YAML says
        """The value without places, and without keys that have no value: those mean the default."""
        match self.content:
            case dict():
                return {
                    key: child.plain()
                    for key, child in self.content.items()
                    if child.content is not None
                }
            case list():
                return [child.plain() for child in self.content]
            case _:
                return self.content


def merge(parent: Value, child: Value) -> Value:
    """``parent`` overlaid with ``child``: mappings merge key by key, lists add up, others give way.

    A list's elements that the parent has already are not repeated.
    """
    if isinstance(parent.content, dict) and isinstance(child.content, dict):
        merged = dict(parent.content)
        for key, value in child.content.items():
            merged[key] = merge(merged[key], value) if key in merged else value
        return Value(merged, child.position, parent.keys | child.keys)
    if isinstance(parent.content, list) and isinstance(child.content, list):
        present = [item.plain() for item in parent.content]
        added = [item for item in child.content if item.plain() not in present]
        return Value([*parent.content, *added], child.position)
    return child


def read(path: Path, name: str) -> Value:
    """Read a YAML file; ``name`` stands for it in messages.

    Raises ``SourceError`` with every problem that can be found at once, and ``OSError`` where there
    is nothing to read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except ValueError as error:  # a name with a NUL byte
        raise OSError(errno.EINVAL, str(error)) from error
    return parse(data, name)


def parse(data: bytes, name: str) -> Value:
    """Parse YAML; ``name`` stands for its file in messages. Raises ``SourceError``."""
    if len(data) > MAX_BYTES:
        raise SourceError(
            [Problem(Position(name), f"the file is larger than {MAX_BYTES // 1024} KiB.")]
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        position = _position_of_index(name, data[: error.start].decode("utf-8"))
        problem = Problem(position, "the file is not encoded in UTF-8.")
        raise SourceError([problem]) from error
    return _Parser(text, name).document()


def _position_of_index(name: str, before: str) -> Position:
    return Position(name, before.count("\n") + 1, len(before) - before.rfind("\n"))


class _Parser:
    """Builds values from PyYAML's events, which it reads one at a time."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.problems: list[Problem] = []

    def document(self) -> Value:
        try:
            self.loader = yaml.SafeLoader(self.text)
            value = self._stream()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            position = self._position(mark) if mark else Position(self.name)
            text = " ".join(part for part in (error.context, error.problem) if part)
            raise SourceError(
                [*self.problems, Problem(position, f"not valid YAML: {text}.")]
            ) from error
        except yaml.reader.ReaderError as error:
            position = _position_of_index(self.name, self.text[: error.position])
            problem = Problem(position, "a control character that YAML does not allow.")
            raise SourceError([problem]) from error
        if self.problems:
            raise SourceError(self.problems)
        return value

    def _stream(self) -> Value:
        self._next()
        if isinstance(self._peek(), yaml.StreamEndEvent):
            raise SourceError([Problem(Position(self.name), "the file is empty.")])
        self._next()
        value = self._value((), 0)
        self._next()
        if not isinstance(following := self._peek(), yaml.StreamEndEvent):
            self._refuse(following, (), "a second document; a profile is one document.")
        return value

    def _peek(self) -> Any:  # Any: the stubs of PyYAML do not know the events' attributes
        return self.loader.peek_event()  # type: ignore[no-untyped-call]

    def _next(self) -> Any:  # Any: as above
        return self.loader.get_event()  # type: ignore[no-untyped-call]

    def _value(self, path: tuple[str, ...], depth: int) -> Value:
        event = self._next()
        position = self._position(event.start_mark)
        if depth > MAX_DEPTH:
            problem = Problem(position, f"nested more than {MAX_DEPTH} levels deep.")
            raise SourceError([*self.problems, problem])
        match event:
            case yaml.AliasEvent():
                self._refuse(
                    event, path, "aliases (*name) are not supported.", "Share through 'extends'."
                )
                return Value(None, position)
            case yaml.MappingStartEvent():
                self._refuse_tag(event, path)
                return self._mapping(position, path, depth)
            case yaml.SequenceStartEvent():
                self._refuse_tag(event, path)
                children: list[Value] = []
                while not isinstance(self._peek(), yaml.SequenceEndEvent):
                    children.append(self._value((*path, str(len(children))), depth + 1))
                self._next()
                return Value(children, position)
            case _:
                self._refuse_tag(event, path)
                return Value(self._scalar(event, path), position)

    def _mapping(self, position: Position, path: tuple[str, ...], depth: int) -> Value:
        children: dict[str, Value] = {}
        keys: dict[str, Position] = {}
        while not isinstance(event := self._peek(), yaml.MappingEndEvent):
            key = self._value(path, depth + 1)
            if not isinstance(key.content, str):
                self._refuse(event, path, "a key must be text.")
                self._value(path, depth + 1)
                continue
            if first := keys.get(key.content):
                self._refuse(
                    event,
                    (*path, key.content),
                    f"this key stands here a second time; the first is in line {first.line}.",
                    "Keep one of the two.",
                )
            keys[key.content] = key.position
            children[key.content] = self._value((*path, key.content), depth + 1)
        self._next()
        return Value(children, position, keys)

    def _scalar(self, event: yaml.ScalarEvent, path: tuple[str, ...]) -> Scalar:
        text = event.value
        if any("\ud800" <= character <= "\udfff" for character in text):
            self._refuse(event, path, "half a surrogate pair is not a character.")
            return None
        return _core_schema(text) if event.style is None else text

    def _refuse_tag(self, event: Any, path: tuple[str, ...]) -> None:  # Any: as above
        if event.tag is not None:
            self._refuse(event, path, f"tags ({event.tag}) are not supported.")

    def _refuse(self, event: Any, path: tuple[str, ...], message: str, *details: str) -> None:
        position = self._position(event.start_mark)
        self.problems.append(Problem(position, message, ".".join(path), details))

    def _position(self, mark: yaml.Mark) -> Position:
        return Position(self.name, mark.line + 1, mark.column + 1)


def _core_schema(text: str) -> Scalar:
    """What a plain scalar means in the core schema of YAML 1.2, less its octals and infinities."""
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
