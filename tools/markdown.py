"""Markdown of docstrings and of JSON Schema, as the pages of ``docs/reference`` need it."""

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any

JsonObject = dict[str, Any]  # Any: JSON

REFERENCE = "#/$defs/"


def page(title: str, *parts: str) -> str:
    """A whole page; parts without content are left out."""
    note = "<!-- Written by 'make golden' from the code; do not edit it here. -->"
    return "\n\n".join((f"# {title}", note, *filter(None, parts))) + "\n"


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a line break within a cell becomes a space."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def bullets(items: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {item}" for item in items)


def block(text: str) -> str:
    """Text as a terminal shows it."""
    return f"```text\n{text.rstrip()}\n```"


def prose(docstring: str | None) -> str:
    """A docstring's text: its literals become Markdown's."""
    return inspect.cleandoc(docstring or "").replace("``", "`")


def codes(words: Iterable[str], conjunction: str = "and") -> str:
    """Words as code, as a sentence lists them."""
    *first, last = (f"`{word}`" for word in words)
    return f"{', '.join(first)} {conjunction} {last}" if first else last


def scalar(value: object) -> str:
    """A value as YAML and JSON write it; nothing for none."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def attribute_docs(model: type) -> dict[str, str]:
    """The docstrings behind the attributes of a class."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    assert isinstance(body, ast.ClassDef)
    return {
        attribute.target.id: prose(text.value.value)
        for attribute, text in zip(body.body, body.body[1:], strict=False)
        if isinstance(attribute, ast.AnnAssign)
        and isinstance(attribute.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def keys_to_write(model: JsonObject, definitions: JsonObject) -> str:
    """The properties of an object that people write: which are needed, what the others mean."""
    required = model.get("required", ())
    return table(
        ("key", "type", "default", "meaning"),
        [
            (
                f"`{name}`",
                kind(schema, definitions),
                "required" if name in required else _default(schema),
                _meaning(schema, definitions),
            )
            for name, schema in model["properties"].items()
        ],
    )


def keys_to_read(model: JsonObject, definitions: JsonObject, source: type) -> str:
    """The properties of an object that programs read; ``source`` is the class behind it."""
    docs = attribute_docs(source)
    return table(
        ("key", "type", "meaning"),
        [
            (
                f"`{name}`",
                kind(schema, definitions),
                docs.get(name) or _meaning(schema, definitions),
            )
            for name, schema in model["properties"].items()
        ],
    )


def _default(schema: JsonObject) -> str:
    value = schema.get("default")
    return f"`{scalar(value)}`" if isinstance(value, str | int) and value != "" else ""


def _meaning(schema: JsonObject, definitions: JsonObject) -> str:
    if "$ref" in schema and "description" not in schema:
        schema = definitions[schema["$ref"].removeprefix(REFERENCE)]
    return first_sentence(schema.get("description"))


def sections(
    definitions: JsonObject, level: str, keys: Callable[[str, JsonObject], str]
) -> list[str]:
    """A section for each object of a schema's definitions; ``keys`` makes its table."""
    return [
        part
        for name, definition in definitions.items()
        if "properties" in definition
        for part in (f"{level} {name}", prose(definition["description"]), keys(name, definition))
    ]


def kind(schema: JsonObject, definitions: JsonObject) -> str:  # noqa: PLR0911 - one line a kind
    """A schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REFERENCE)
        definition = definitions[name]
        return (
            f"[{name}](#{name.lower()})"
            if "properties" in definition
            else kind(definition, definitions)
        )
    if "anyOf" in schema:
        parts = [choice for choice in schema["anyOf"] if choice != {"type": "null"}]
        words = " or ".join(kind(part, definitions) for part in parts)
        return words if len(parts) == len(schema["anyOf"]) else f"{words}, or nothing"
    if "enum" in schema or "const" in schema:
        return codes(map(scalar, schema.get("enum", [schema.get("const")])), "or")
    match schema.get("type"):
        case "string" if "pattern" in schema:
            return f"text that matches `{schema['pattern']}`"
        case "string":
            return "time, ISO 8601" if schema.get("format") == "date-time" else "text"
        case "integer" if "minimum" in schema and "maximum" not in schema:
            return f"whole number from {schema['minimum']} on"
        case "integer" if "minimum" in schema:
            limit = f" to {schema['maximum']}" if "maximum" in schema else ""
            return f"whole number from {schema['minimum']}{limit}"
        case "array":
            return f"list of {kind(schema['items'], definitions)}"
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return f"mapping to {kind(schema['additionalProperties'], definitions)}"
        case simple:
            return _SIMPLE.get(str(simple), "any value")


_SIMPLE = {
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "object": "mapping",
}


def first_sentence(docstring: str | None) -> str:
    """Up to the first stop."""
    return re.split(r"(?<=\.)\s", prose(docstring), maxsplit=1)[0]
