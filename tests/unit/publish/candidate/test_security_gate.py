"""Which builds are kept back for the security updates that they lack."""

from datetime import timedelta

import pytest
from samples import WHEN, manifest, plan

from builder.archive.dates import Since
from builder.archive.lag import Missing
from builder.archive.security import Lag
from builder.errors import HostError
from builder.publish.candidate.admission import Refused
from builder.publish.candidate.security_gate import judge

WEEK = timedelta(days=7)
BUILD = manifest(plan("base"))


def update(days: int, *, dated: bool = True) -> Missing:
    return Missing("openssl", "3.0.1", "3.0.2", Since(WHEN - timedelta(days=days), dated=dated))


def test_a_build_that_lacks_nothing_for_long_is_published() -> None:
    judge(BUILD, Lag(()), WEEK, now=WHEN)
    judge(BUILD, Lag((update(6),)), WEEK, now=WHEN)


def test_an_update_that_is_lacking_for_longer_refuses_it_and_is_named() -> None:
    lag = Lag((update(6), update(8)), ("Packages of i386 were not asked for.",))
    with pytest.raises(Refused, match="for more than 7 days") as refused:
        judge(BUILD, lag, WEEK, now=WHEN)
    assert refused.value.exit_code == 1
    assert refused.value.details == (
        "openssl 3.0.1 -> 3.0.2: there for 8 days, since 2025-12-25 03:04 UTC",
    )
    assert "guest-image image base --fresh" in refused.value.hint


def test_an_update_of_unknown_age_is_not_taken_for_a_young_one() -> None:
    with pytest.raises(HostError, match="it is unknown whether it lacks") as unknown:
        judge(BUILD, Lag((update(6, dated=False),)), WEEK, now=WHEN)
    assert unknown.value.exit_code == 3
    assert "6 days or more" in unknown.value.details[0]
    assert "does not tell its file's date" in unknown.value.details[0]


def test_what_was_not_asked_for_is_not_taken_for_nothing() -> None:
    with pytest.raises(HostError, match="is not published"):
        judge(BUILD, Lag((), ("Packages of i386 were not asked for.",)), WEEK, now=WHEN)
