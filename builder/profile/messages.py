"""Pydantic's errors as problems at a place in a profile, in words that say what to write."""

import re
from collections.abc import Collection, Sequence

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from builder.profile.yaml import Position, Problem, Value
from builder.redaction import redacted
from builder.words import did_you_mean, enumeration, shown

Location = tuple[str | int, ...]


def diagnose(
    error: ValidationError,
    model: type[BaseModel],
    root: Value,
    prefix: Location = (),
    *,
    whole: bool = True,
) -> list[Problem]:
    """One problem per error. ``prefix`` leads from ``root`` to what ``model`` validated.

    Of a document that is not ``whole``, what other keys could mend is passed over.
    """
    # A default that follows from a value which is wrong is no problem of its own.
    passed_over = {"default_factory_not_called"}
    if not whole:
        passed_over |= {"missing", "value_error"}
    return [
        _problem(detail, model, root, prefix)
        for detail in error.errors(include_url=False)
        if detail["type"] not in passed_over
    ]


def unknown(
    kind: str, word: str, choices: Collection[str], position: Position, path: str
) -> Problem:
    """A word that is not among the known ones, with the nearest of them."""
    known_words = enumeration(choices, "and") if choices else "none"
    details = [f"Known: {known_words}."]
    if question := did_you_mean(word, choices):
        details.append(question)
    return Problem(position, f"unknown {kind} {shown(word)}.", path, tuple(details))


def _problem(
    detail: ErrorDetails, model: type[BaseModel], root: Value, prefix: Location
) -> Problem:
    location = (*prefix, *detail["loc"])
    if detail["type"] == "extra_forbidden":
        parent, key = location[:-1], str(location[-1])
        _, holder = _walk(root, parent)
        keys = _keys_of(model, detail["loc"][:-1])
        return unknown("key", key, keys, holder.keys.get(key, holder.position), _dotted(location))
    path, value = _walk(root, location)
    if detail["type"] == "missing":
        missing = _dotted((*path, location[-1]))
        return Problem(value.position, "this key is required and missing.", missing)
    message, details = _wording(detail)
    return Problem(value.position, message, _dotted(path), details)


def _wording(detail: ErrorDetails) -> tuple[str, tuple[str, ...]]:
    given = detail["input"]
    context = detail.get("ctx", {})
    match detail["type"]:
        case "literal_error" | "enum":
            expected = str(context["expected"])
            words = re.findall(r"'([^']*)'", expected)  # none where the words are no texts
            question = did_you_mean(str(given), words)
            return (
                f"{shown(given)} is not one of {enumeration(words) if words else expected}.",
                (question,) if question else (),
            )
        case "value_error":
            first, *rest = str(context["error"]).splitlines()
            return first, tuple(rest)
        case "form" | "address" as kind:
            text = redacted(given) if kind == "address" else given
            return f"{shown(text)} {context['reason']}.", ()
        case "string_pattern_mismatch":
            return f"{shown(given)} does not match {context['pattern']}.", ()
        case _:
            if bound := re.search(r"((greater|less) than.*)$", detail["msg"]):
                return f"{shown(given)} is out of range: it must be {bound[1]}.", ()
            wanted = re.sub(r"^Input should be (a |an )?(valid )?", "", detail["msg"])
            return f"expected {WANTED.get(wanted, wanted)}, not {shown(given)}.", ()


WANTED = {
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "dictionary": "a mapping",
    "object": "a mapping",
    "tuple": "a list",
    "list": "a list",
}
"""Pydantic's names of types, as YAML's readers call them."""


def _walk(root: Value, location: Sequence[str | int]) -> tuple[Location, Value]:
    """Go down as far as the document goes; pydantic's own steps, as of a union, are left out."""
    path: list[str | int] = []
    value = root
    for step in location:
        match value.content:
            case dict() as children if step in children:
                value = children[str(step)]
            case list() as children if isinstance(step, int) and step < len(children):
                value = children[step]
            case _:
                continue
        path.append(step)
    return tuple(path), value


def _dotted(location: Sequence[str | int]) -> str:
    return ".".join(str(step) for step in location)


def _keys_of(model: type[BaseModel], location: Sequence[str | int]) -> tuple[str, ...]:
    """The keys that a model has at a location below it, as far as its fields are models."""
    for step in location:
        field = model.model_fields.get(str(step))
        if field is None or not isinstance(field.annotation, type):
            return ()
        if not issubclass(field.annotation, BaseModel):
            return ()
        model = field.annotation
    return tuple(model.model_fields)
