"""One exit code for errors of one kind, and the same in the code, its help and the README."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

from builder import errors
from builder.cli.program import INTERNAL_ERROR
from builder.cli.verbs import COMPLETION_HELP
from builder.due.judgement import NOT_DUE
from builder.errors import BuilderError

ROOT = Path(__file__).parents[3]
CODE = ROOT / "builder"


def subclasses(kind: type[BuilderError]) -> Iterator[type[BuilderError]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from subclasses(subclass)


def error_classes() -> set[type[BuilderError]]:
    """Those of every module of the program; the scripts that run in guests know none of them."""
    for path in CODE.rglob("*.py"):
        if "builder.errors" in path.read_text(encoding="utf-8"):
            import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return {
        BuilderError,
        *(error for error in subclasses(BuilderError) if error.__module__.startswith("builder.")),
    }


def exit_codes() -> set[int]:
    return {0, click.UsageError.exit_code, INTERNAL_ERROR, NOT_DUE} | {
        error.exit_code for error in error_classes()
    }


def test_the_readme_tells_every_exit_code_and_no_other() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("## Exit codes\n")[2].partition("\n## ")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == exit_codes()


def test_the_programs_help_tells_every_exit_code_and_no_other() -> None:
    told = COMPLETION_HELP.partition("Exit codes:")[2]
    assert {int(code) for code in re.findall(r"\b\d+\b", told)} == exit_codes()


def test_the_command_reference_tells_every_exit_code_and_no_other() -> None:
    page = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    table = page.partition("## Exit codes\n")[2].partition("\n## ")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == exit_codes()


def test_errors_are_drawn_with_their_exit_codes() -> None:
    drawn = dict(re.findall(r"(\w+) +(\d+)  ", str(errors.__doc__)))
    own = {error for error in error_classes() if error.__module__ == errors.__name__}
    assert drawn == {error.__name__: str(error.exit_code) for error in own}


def test_only_the_errors_that_are_drawn_have_exit_codes_of_their_own() -> None:
    own = {error for error in error_classes() if "exit_code" in vars(error)}
    assert {error.__module__ for error in own} == {errors.__name__}
    assert len({error.exit_code for error in own}) == len(own)


def makers_in(directory: Path) -> dict[str, set[str]]:
    """For each error of the drawing the modules that make one."""
    names = {error.__name__ for error in error_classes() if error.__module__ == errors.__name__}
    makers: dict[str, set[str]] = {name: set() for name in names}
    for path in directory.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                makers.get(node.func.id, set()).add(str(path.relative_to(CODE)))
    return makers


def test_what_a_cloud_has_ends_in_the_exit_code_of_clouds() -> None:
    makers = makers_in(CODE / "publish")
    assert makers["BuilderError"] == set()
    assert makers["CloudError"]
    in_clouds = makers_in(CODE / "publish/cloud")
    assert in_clouds["InputError"] == {"publish/cloud/config.py"}  # the user's clouds.yaml
    assert in_clouds["ImageError"] == set()
    assert makers_in(CODE / "publish/rollout")["InputError"] == set()


def test_what_is_wrong_with_an_image_ends_in_the_exit_code_of_images() -> None:
    makers = makers_in(CODE / "image")
    assert makers["ImageError"]
    assert makers["BuilderError"] == {"image/appliance.py"}  # the time that an inspection may take
    assert makers["InputError"] == {"image/held.py"}  # there is no file of that name
