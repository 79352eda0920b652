from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Never

import pytest
from fakes import FakeFilesystem
from samples import SHA256, plan

from builder.errors import BuilderError, HostError, ImageError, InputError, InterruptedByUser
from builder.feature import (
    CheckFailed,
    CheckSkipped,
    Feature,
    Filesystem,
    Guest,
    Outcome,
    Parameters,
    inspection,
    probe,
)
from builder.features.registry import shipped
from builder.proof.checks import Check, checks_of, checks_of_feature, record


class Word(Parameters):
    word: str = "usual"


@inspection("the disk has the word")
def disk_has_word(disk: Filesystem, parameters: Word) -> str:
    return f"{parameters.word} in {disk.read_text('/word')}"


@probe("the guest says the word")
def guest_says_word(_guest: Guest, parameters: Word) -> str:
    return parameters.word


WORDS = Feature(
    name="words",
    summary="a test",
    parameters=Word,
    inspections=(disk_has_word,),
    probes=(guest_says_word,),
)


def check(call: Callable[[object], str]) -> Check:
    return Check("words/one", "inspection", "one holds", call)


def raising(error: BaseException) -> Check:
    def call(_: object) -> Never:
        raise error

    return check(call)


# ---- finding checks


def test_a_feature_s_checks_have_its_parameters_and_their_kind() -> None:
    first, second = checks_of_feature(WORDS, Word(word="rare"))
    assert (first.id, first.kind, first.title) == (
        "words/disk-has-word",
        "inspection",
        "the disk has the word",
    )
    assert (second.id, second.kind) == ("words/guest-says-word", "probe")
    assert first.call(FakeFilesystem({"/word": "book"})) == "rare in book"
    assert second.call(None) == "rare"


@pytest.mark.parametrize("profile", ["base", "pinned-scsi", "debian-13-pinned-scsi"])
def test_every_check_that_a_shipped_plan_names_is_found(profile: str) -> None:
    of = plan(profile)
    found = checks_of(of, shipped())
    inspections = {check.id for check in of.inspections}
    probes = {probe for boot in of.boots for probe in boot.probes}
    assert inspections == {name for name, check in found.items() if check.kind == "inspection"}
    assert probes == {name for name, check in found.items() if check.kind == "probe"}


def test_a_plan_of_a_feature_that_is_not_installed_is_refused_with_its_name() -> None:
    of = plan("base")
    elsewhere = replace(of, parameters={**of.parameters, "teleport": {}})
    with pytest.raises(InputError, match="not installed here") as caught:
        checks_of(elsewhere, shipped())
    assert caught.value.details == ("teleport",)


# ---- recording


@pytest.mark.parametrize(
    ("error", "outcome", "seen"),
    [
        (CheckFailed("no such module"), Outcome.FAILED, "no such module"),
        (TimeoutError("waited 60 s for SSH"), Outcome.FAILED, "waited 60 s for SSH"),
        (CheckSkipped("no tap device"), Outcome.SKIPPED, "no tap device"),
        (BuilderError("QEMU ended", details=["why"]), Outcome.ERROR, "QEMU ended\n  why"),
        (ImageError("no image"), Outcome.ERROR, "no image"),
        (FileNotFoundError("/etc/x"), Outcome.ERROR, "defect of the check: FileNotFoundError"),
        (KeyError("x"), Outcome.ERROR, "defect of the check: KeyError: 'x'"),
        (AssertionError(), Outcome.ERROR, "defect of the check: AssertionError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_whatever_comes_of_a_check_is_recorded(
    error: Exception, outcome: Outcome, seen: str
) -> None:
    result = record(raising(error), None, image_sha256=SHA256)
    assert result.outcome is outcome
    assert result.seen.startswith(seen)


@pytest.mark.parametrize(
    "error",
    [HostError("no kernel"), InterruptedByUser("stopped"), KeyboardInterrupt()],
    ids=lambda error: type(error).__name__,
)
def test_what_says_nothing_about_the_image_is_not_recorded(error: BaseException) -> None:
    with pytest.raises(type(error)):
        record(raising(error), None, image_sha256=SHA256)


def test_a_check_that_returns_has_passed_and_says_what_it_saw() -> None:
    before = datetime.now(UTC)
    result = record(
        check(lambda subject: f"saw {subject}"), "a disk", image_sha256=SHA256, boot="bios"
    )
    assert result.outcome is Outcome.PASSED
    assert (result.check, result.kind, result.title) == ("words/one", "inspection", "one holds")
    assert (result.seen, result.image_sha256, result.boot) == ("saw a disk", SHA256, "bios")
    assert before <= result.at <= datetime.now(UTC)
    assert 0 <= result.seconds < 5
