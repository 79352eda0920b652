"""Needs: the releases that they are for, what they read like, and that every feature's are told."""

from typing import get_args

import pytest
from choices import choices_of

from builder.feature import (
    ConfigOption,
    Consequence,
    ExtraSpec,
    FlavorVcpus,
    HostFact,
    Necessity,
    Need,
    NovaRelease,
    Setup,
)
from builder.feature.needs import Needed, flavor_of
from builder.features.registry import FOUNDATION, SHIPPED, AnyFeature
from builder.report.needs import place

FEATURES = (FOUNDATION, *SHIPPED)
SPEC = ExtraSpec("hw:a", "1")


def need(what: Needed = SPEC, **fields: object) -> Need:
    return Need(what=what, reason="It is so.", source="a test", **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("since", "until", "wanted"),
    [
        (None, None, {NovaRelease.QUEENS, NovaRelease.TRAIN, NovaRelease.HIBISCUS}),
        (NovaRelease.TRAIN, None, {NovaRelease.TRAIN, NovaRelease.HIBISCUS}),
        (None, NovaRelease.STEIN, {NovaRelease.QUEENS}),
        (NovaRelease.TRAIN, NovaRelease.USSURI, {NovaRelease.TRAIN}),
    ],
)
def test_a_need_is_of_the_releases_between_its_first_and_its_last(
    since: NovaRelease | None, until: NovaRelease | None, wanted: set[NovaRelease]
) -> None:
    tried = (NovaRelease.QUEENS, NovaRelease.TRAIN, NovaRelease.HIBISCUS)
    found = need(since=since, until=until)
    assert {release for release in tried if found.applies_to(release)} == wanted


def test_the_releases_of_a_need_are_told_in_words() -> None:
    assert need().releases == ""
    assert need(since=NovaRelease.TRAIN).releases == "since Train"
    assert need(until=NovaRelease.STEIN).releases == "until Stein"
    both = need(since=NovaRelease.XENA, until=NovaRelease.EPOXY)
    assert both.releases == "since Xena, until 2025.1 (Epoxy)"


@pytest.mark.parametrize(
    ("what", "text"),
    [
        (SPEC, "hw:a=1"),
        (ExtraSpec("hw:a", "1", at_least=True), "hw:a=1 or more"),
        (FlavorVcpus(4), "vcpus=4"),
        (FlavorVcpus(2, at_least=True), "vcpus=2 or more"),
        (ConfigOption("libvirt", "cpu_mode", "custom"), "[libvirt] cpu_mode = custom"),
        (
            ConfigOption("compute", "cpu_shared_set", "0-3", per_host=HostFact.SHARED_CPUS),
            "[compute] cpu_shared_set",
        ),
    ],
)
def test_what_is_needed_reads_like_nova_s_documentation(what: Needed, text: str) -> None:
    assert str(what) == text


def test_a_flavor_has_what_is_required_of_it_exactly() -> None:
    needs = [
        need(ExtraSpec("hw:b", "2")),
        need(FlavorVcpus(4)),
        need(SPEC, necessity=Necessity.ADVISED),
        need(SPEC, necessity=Necessity.CONSISTENT),
        need(SPEC, until=NovaRelease.STEIN),
        need(ExtraSpec("hw:c", "1", at_least=True)),
        need(FlavorVcpus(9, at_least=True)),
        need(ConfigOption("libvirt", "cpu_mode", "custom")),
    ]
    assert flavor_of(needs, NovaRelease.TRAIN) == {"hw:b": "2", "vcpus": "4"}
    assert flavor_of(needs, NovaRelease.STEIN) == {"hw:a": "1", "hw:b": "2", "vcpus": "4"}


def test_every_kind_of_need_has_its_place() -> None:
    (union, _) = get_args(Needed)
    places = {kind.__name__: place(_made(kind)) for kind in get_args(union)}
    assert all(places.values())
    assert places["ConfigOption"] == "nova.conf"


def _made(kind: type) -> Needed:
    """One of that kind, with any text in every field."""
    names = [name for name in kind.__dataclass_fields__ if name != "kind"]  # type: ignore[attr-defined]
    required = [name for name in names if not hasattr(kind, name)]
    what: Needed = kind(**dict.fromkeys(required, "any"))
    return what


def needs_of(feature: AnyFeature) -> set[Need]:
    return {
        found
        for variants in choices_of(feature).values()
        for _, parameters in variants
        for found in feature.needs(parameters)
    }


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_need_says_why_and_who_says_so(feature: AnyFeature) -> None:
    for found in needs_of(feature):
        assert found.reason.endswith("."), found
        assert found.source.startswith("https://"), found
        if isinstance(found.what, Setup | Consequence):
            assert not str(found.what).endswith("."), found


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_a_replaced_option_and_its_replacement_are_for_different_releases(
    feature: AnyFeature,
) -> None:
    """What an older Nova wants ends where the newer one's begins: never is the same said twice."""
    for parameters in (
        chosen for variants in choices_of(feature).values() for _, chosen in variants
    ):
        for release in NovaRelease:
            told = [
                str(need.what) for need in feature.needs(parameters) if need.applies_to(release)
            ]
            assert len(told) == len(set(told)), (release, told)


PINNED = {feature.name: feature for feature in FEATURES}["cpu-pinning"]


@pytest.mark.parametrize(
    ("release", "there", "absent"),
    [
        (NovaRelease.STEIN, "[DEFAULT] vcpu_pin_set", "[compute] cpu_dedicated_set"),
        (NovaRelease.TRAIN, "[compute] cpu_dedicated_set", "[DEFAULT] vcpu_pin_set"),
        (NovaRelease.STEIN, "pinned=true", "[compute] cpu_shared_set"),
        (NovaRelease.TRAIN, "NUMATopologyFilter", "AggregateInstanceExtraSpecsFilter"),
    ],
)
def test_pinning_is_told_as_the_release_wants_it(
    release: NovaRelease, there: str, absent: str
) -> None:
    needs = PINNED.needs(PINNED.parameters())
    told = {str(need.what) for need in needs if need.applies_to(release)}
    assert there in told
    assert absent not in told
