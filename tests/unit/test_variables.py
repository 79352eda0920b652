"""A variable is called after what it is: a claim, an image, a manifest."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[2]
EMPTY = {"one", "known", "made"}
"""Words that fit everything, and so say nothing."""


def variables(source: str) -> Iterator[tuple[int, str]]:
    """What a module assigns, loops over or takes as an argument, by line.

    A field of a class is none: an object's ``known`` is said of that object.
    """
    tree = ast.parse(source)
    fields = {
        statement.target
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) if node not in fields:
                yield node.lineno, name
            case (
                ast.arg(arg=name)
                | ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                yield node.lineno, name


def template_variables(source: str) -> Iterator[tuple[int, str]]:
    """What a template of Jinja sets, loops over or takes as an argument, by line."""
    for node in Environment(autoescape=True).parse(source).find_all(nodes.Name):
        if node.ctx != "load":
            yield node.lineno, node.name


def empty_words(source: str, *, template: bool = False) -> list[tuple[int, str]]:
    found = template_variables(source) if template else variables(source)
    return sorted(variable for variable in found if variable[1] in EMPTY)


@pytest.mark.parametrize("folder", ["builder", "tests", "tools"])
def test_no_variable_has_a_name_that_fits_everything(folder: str) -> None:
    paths = [
        path
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix == ".py" or path.parent.name == "templates"
    ]
    assert paths
    found = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in paths
        for line, name in empty_words(path.read_text("utf-8"), template=path.suffix != ".py")
    ]
    assert found == [], "call them after what they are"


@pytest.mark.parametrize(
    "source",
    [
        "one = 1",
        "one: int = 1",
        "for one in range(3): pass",
        "[one for one in range(3)]",
        "(first, (one, *rest)) = pair",
        "if one := 1: pass",
        "with open('x') as one: pass",
        "def f(one): pass",
        "def f(*one): pass",
        "lambda *, one: 0",
        "class A:\n def f(self, one): pass",
        "try: pass\nexcept OSError as one: pass",
        "match x:\n case [*one]: pass",
        "match x:\n case str() as one: pass",
    ],
)
def test_each_kind_of_variable_is_seen(source: str) -> None:
    assert [name for _, name in empty_words(source)] == ["one"]


@pytest.mark.parametrize(
    "source",
    [
        "{% set one = 1 %}",
        "{% for one in x %}{% endfor %}",
        "{% macro f(one) %}{% endmacro %}",
    ],
)
def test_each_kind_of_variable_of_a_template_is_seen(source: str) -> None:
    assert [name for _, name in empty_words(source, template=True)] == ["one"]


@pytest.mark.parametrize(
    "source",
    ["x = number_of(one)", "f(known=True)", "class A:\n known: bool", "'one'", "one_line = 1"],
)
def test_other_words_are_no_variables(source: str) -> None:
    assert empty_words(source) == []
