"""The help of the command and of each verb, and what helps who mistypes one."""

import re
from collections.abc import Callable

import click
import pytest

from builder.cli.verbs import GROUPS, VERBS, cli

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_examples(verb: str, run: Run) -> None:
    code, out, _ = run(verb, "--help")
    assert code == 0
    assert f"guest-image {verb}" in out.split("Examples:")[1]


def test_the_programs_help_explains_completion_and_exit_codes(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert "_GUEST_IMAGE_COMPLETE=bash_source" in out
    assert "130 interrupted" in out


@pytest.mark.parametrize("verb", VERBS)
def test_the_list_of_verbs_says_what_each_verbs_own_help_begins_with(verb: str, run: Run) -> None:
    _, listed, _ = run("--help")
    command = cli.get_command(click.Context(cli), verb)
    assert command is not None
    paragraph = str(command.help).split("\n\n")[0]
    assert " ".join(paragraph.split()) == VERBS[verb]
    assert re.search(rf"^  {verb}  ", listed, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "verb"), [(name, verb) for name in GROUPS for verb in GROUPS[name]]
)
def test_the_list_of_a_groups_verbs_says_what_each_verbs_own_help_begins_with(
    name: str, verb: str, run: Run
) -> None:
    _, listed, _ = run(name, "--help")
    group = cli.get_command(click.Context(cli), name)
    assert isinstance(group, click.Group)
    command = group.get_command(click.Context(group), verb)
    assert command is not None
    paragraph = str(command.help).split("\n\n")[0]
    assert " ".join(paragraph.split()) == GROUPS[name][verb]
    assert re.search(rf"^  {verb}  ", listed, re.MULTILINE)


def test_an_unknown_verb_names_the_nearest(run: Run) -> None:
    code, _, err = run("paln", "x")
    assert code == 2
    assert "Did you mean 'plan'?" in err


def test_a_verb_like_no_other_lists_them_all(run: Run) -> None:
    code, _, err = run("qqqqqq")
    assert code == 2
    assert "features" in err
    assert "plan" in err


def test_a_verb_that_a_group_has_not_is_told_with_the_nearest(run: Run) -> None:
    code, _, err = run("cloud", "porve")
    assert code == 2
    assert "There is no verb 'porve'. Did you mean 'prove'?" in err


@pytest.mark.parametrize("words", [[], ["pinned-scsi", "--clean"]])
def test_a_proof_in_a_cloud_is_of_a_build_or_cleans_up(run: Run, words: list[str]) -> None:
    code, _, err = run("cloud", "prove", "--cloud", "prod", *words)
    assert code == 2
    assert "Name a BUILD, or --clean without one." in err
