"""What is said here of any image on any flavor is what a real Nova does with it."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import pytest
from novaquestions import Nova
from request_choices import SUBJECTS, UNVALIDATED, Pair, distinct_pairs

from builder.nova.conflicts import RULES, nova_conflicts
from builder.nova.rules.rule import Dependence, Precedence, Rule
from builder.nova.traits import required_traits

pytestmark = pytest.mark.openstack

ENOUGH = 10_000
DRAWN = 12_500
"""Some are alike."""
AT_ONCE = 100
"""Requests of one question to Nova."""
NEVER_REFUSING = frozenset(
    {
        "_half_signature",  # whoever downloads the image refuses it
        "_nodes_without_numa",
        "_queues_of_one_vcpu",
        "_two_topologies",
        "_wishes_not_granted",
    }
)
"""Rules about what Nova passes over, or refuses elsewhere."""


@dataclass(frozen=True)
class Judged:
    """An image and a flavor, and what Nova makes of them."""

    pair: Pair
    refusals: set[str]
    traits: list[list[str]]
    """Those of a host, without and with the prefilter, where nothing is refused."""


@pytest.fixture(scope="module")
def nova() -> Generator[Nova]:
    with Nova() as answering:
        yield answering


def exceptions(pair: Pair, rules: Sequence[Rule] = RULES) -> set[str]:
    return {conflict.exception for conflict in nova_conflicts(*pair, rules) if conflict.exception}


def agree(theirs: set[str], ours: set[str]) -> bool:
    """Whether both refuse, or neither.

    Nova stops at its first reason, and the rules name all: of several, Nova's must be among them.
    """
    return theirs == ours if len(ours) < 2 else bool(theirs) and theirs <= ours


@pytest.fixture(scope="module")
def judged(nova: Nova) -> list[Judged]:
    """Many requests, and what Nova makes of each."""
    pairs = distinct_pairs(DRAWN)
    batches = (pairs[start : start + AT_ONCE] for start in range(0, len(pairs), AT_ONCE))
    return [
        Judged(pair, set(refusals), traits)
        for batch in batches
        for pair, (refusals, traits) in zip(batch, nova.judge(batch), strict=True)
    ]


def test_nova_and_the_rules_refuse_the_same_requests(judged: list[Judged]) -> None:
    assert len(judged) >= ENOUGH
    wrong = (request for request in judged if not agree(request.refusals, exceptions(request.pair)))
    assert next(wrong, None) is None


def test_a_rule_that_is_taken_away_is_missed(judged: list[Judged]) -> None:
    missed: set[Rule] = set()
    for request in judged:
        by_rule = {rule: exceptions(request.pair, [rule]) for rule in RULES}
        for rule in (rule for rule, found in by_rule.items() if found):
            others = (found for other, found in by_rule.items() if other is not rule)
            if not agree(request.refusals, set().union(*others)):
                missed.add(rule)
    unmissed = {
        getattr(rule, "__name__", repr(rule))
        for rule in RULES
        if rule not in missed and not isinstance(rule, Precedence | Dependence)
    }
    assert unmissed == NEVER_REFUSING


def test_nova_wants_the_same_traits_of_a_host(judged: list[Judged]) -> None:
    wanted = [request for request in judged if not request.refusals]
    assert len(wanted) >= ENOUGH // 5
    for request in wanted:
        for prefilter, theirs in zip((False, True), request.traits, strict=True):
            assert sorted(required_traits(*request.pair, prefilter=prefilter)) == theirs, (
                request.pair
            )


def test_every_extra_spec_of_the_requests_is_one_that_novas_api_takes(nova: Nova) -> None:
    specs = {
        (name, value)
        for subject in SUBJECTS
        for name, values in subject.flavor.items()
        for value in values
    }
    refused = {name for name, value in specs if nova.extra_spec(name, value) is not None}
    assert refused == UNVALIDATED


def test_a_trait_is_named_with_what_asks_for_it(nova: Nova) -> None:
    image = {"hw_disk_bus": "scsi", "hw_tpm_model": "tpm-crb", "trait:HW_CPU_X86_VMX": "required"}
    found = required_traits(image, {"hw:tpm_version": "2.0"}, prefilter=True)
    assert found["COMPUTE_STORAGE_BUS_SCSI"] == "hw_disk_bus"
    assert found["COMPUTE_SECURITY_TPM_2_0"] == "hw:tpm_version"
    assert found["HW_CPU_X86_VMX"] == "trait:HW_CPU_X86_VMX"
    assert set(found) <= set(nova.traits())
