from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from samples import OTHER_SHA256, WHEN, complete, manifest, plan

from builder.archive.apt_answer import steps
from builder.archive.update import Update
from builder.build.reuse import digest_of
from builder.due.facts import (
    evidence_reasons,
    input_reasons,
    package_reasons,
    require_past,
)
from builder.due.judgement import Reason
from builder.errors import HostError
from builder.profile.publication import Publication
from builder.publish.candidate.admission import Waivers
from builder.store.manifest import Manifest

DAY = timedelta(days=1)
PLAN = plan("base")
PARTS = {"diskimage-builder": "3.43", "element guest-tree": "1111", "program": "2222"}
ANSWER = """\
Inst zstd [1.5] (1.6 Debian:12/oldstable [amd64])
Inst openssl [3.0] (3.1 Debian-Security:12/oldstable-security [amd64])
Inst rebuilt [1.0] (1.0 Debian:12/oldstable [amd64])
"""


def told(reasons: Iterable[Reason]) -> list[tuple[str, str, str, str]]:
    return [(str(reason.kind), reason.subject, reason.old, reason.new) for reason in reasons]


def built(**fields: Any) -> Manifest:
    return manifest(PLAN, **{"inputs": digest_of(PLAN, PARTS), "ingredients": PARTS, **fields})


# ---- packages


def test_security_updates_come_first_and_must_be() -> None:
    found = [Update(step) for step in steps(ANSWER)]
    reasons = list(package_reasons(found, Publication(), now=WHEN))
    assert told(reasons) == [
        ("security", "openssl", "3.0", "3.1"),
        ("package", "zstd", "1.5", "1.6"),
    ]
    assert [reason.must for reason in reasons] == [True, False]
    assert reasons[0].note == "of unknown age"


def test_the_age_of_a_security_update_is_told_as_well_as_it_is_known() -> None:
    def note(since: timedelta, *, dated: bool) -> str:
        (_, step, _) = steps(ANSWER)
        found = package_reasons([Update(step, WHEN - since, dated)], Publication(), now=WHEN)
        return next(iter(found)).note.partition(", since")[0]

    assert note(timedelta(hours=5), dated=True) == "there for 5 hours"
    assert note(timedelta(hours=1), dated=False) == "there for 1 hour or more"
    assert note(timedelta(days=2, hours=7), dated=True) == "there for 2 days"
    assert note(-timedelta(hours=3), dated=True) == "there for 0 hours"  # clocks differ


# ---- inputs


def test_equal_inputs_are_no_reason() -> None:
    assert told(input_reasons(built(), PLAN, PLAN, PARTS)) == []


def test_a_key_of_the_profile_is_told_with_its_values() -> None:
    other = replace(PLAN, packages=("tmux",), description="x" * 100)
    reasons = told(input_reasons(built(), other, other, PARTS))
    assert ("profile", "packages", "[]", '["tmux"]') in reasons
    (text,) = [new for _, subject, _, new in reasons if subject == "description"]
    assert text == "x" * 60 + "…"


def test_a_part_of_the_program_is_told_by_its_name() -> None:
    parts = {"diskimage-builder": "3.44", "element guest-tree": "1111", "element new": "3333"}
    assert told(input_reasons(built(), PLAN, PLAN, parts)) == [
        ("ingredient", "diskimage-builder", "3.43", "3.44"),
        ("ingredient", "element new", "", "3333"),
        ("ingredient", "program", "2222", ""),
    ]


def test_an_older_manifest_tells_that_something_differs() -> None:
    old = built(ingredients={}, inputs="a" * 64)
    (reason,) = input_reasons(old, PLAN, PLAN, PARTS)
    assert (reason.subject, reason.old) == ("inputs", "a" * 12)
    assert "an older manifest does not tell" in reason.note


def test_a_secret_that_differs_is_told_without_it() -> None:
    (reason,) = input_reasons(built(inputs="a" * 64), PLAN, PLAN, PARTS)
    assert "what is secret in an address" in reason.note


# ---- evidence


def test_a_build_from_the_future_is_not_reckoned_with() -> None:
    require_past(built(), WHEN - timedelta(minutes=4))
    with pytest.raises(HostError, match="is from the future: it began 2026-01-02 03:04 UTC"):
        require_past(built(), WHEN - timedelta(minutes=6))


def evidence(build: Manifest, age: timedelta, max_age: timedelta = 30 * DAY) -> list[Reason]:
    return list(evidence_reasons(build, Waivers(), now=WHEN + age, max_age=max_age))


def test_evidence_is_renewed_the_night_before_it_is_too_old() -> None:
    proven = built(evidence=complete(PLAN))
    assert evidence(proven, 28 * DAY) == []
    (reason,) = evidence(proven, 29 * DAY + timedelta(minutes=1))
    assert (str(reason.kind), reason.must) == ("evidence", True)
    assert (reason.old, reason.new) == (
        "of 2026-01-02 03:04 UTC",
        "too old for an upload from 2026-02-01 03:04 UTC",
    )
    assert len(evidence(proven, 40 * DAY)) == 1


def test_what_is_not_proven_is_due_with_the_first_reason() -> None:
    (reason,) = evidence(built(), DAY)
    assert (reason.old, reason.new) == ("not complete", "complete")
    assert reason.note


def test_evidence_of_another_file_proves_nothing() -> None:
    void = tuple(
        result.model_copy(update={"image_sha256": OTHER_SHA256}) for result in complete(PLAN)
    )
    assert [reason.old for reason in evidence(built(evidence=void), DAY)] == ["not complete"]
