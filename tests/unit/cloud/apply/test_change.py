"""What differs from what is to be becomes changes; what others have made is left alone."""

import pytest
from cloud_views import PINNED, aggregate, flavor, wanted
from hypothesis import given
from hypothesis import strategies as st

from builder.cloud.api.model import Aggregate, Flavor
from builder.cloud.apply.change import AggregateChange, FlavorChange, changes, removals, size_of
from builder.cloud.apply.desired_state import (
    TAG,
    MadeAggregate,
    MadeFlavor,
    description,
    made_aggregate,
    made_flavor,
)
from builder.cloud.plan.plan import FlavorSize
from builder.errors import CloudError
from builder.feature.nova_release import NovaRelease

SIZE = FlavorSize(2, 2048, 10)
MINE = {**PINNED, TAG: "pinned-scsi"}


def pinned_flavor(release: NovaRelease = NovaRelease.HIBISCUS) -> MadeFlavor:
    return made_flavor(wanted(release), "pinned-scsi", SIZE)


def cluster(*hosts: str) -> MadeAggregate:
    found = made_aggregate(wanted(NovaRelease.STEIN), "pinned-scsi", hosts)
    assert found is not None
    return found


def differing(*there: Flavor) -> list[FlavorChange]:
    found = changes(there, (), pinned_flavor(), None)
    return [change for change in found if isinstance(change, FlavorChange)]


def test_a_flavor_has_what_is_needed_and_the_tag() -> None:
    assert pinned_flavor().specs == MINE
    old = pinned_flavor(NovaRelease.STEIN)
    assert old.specs == {**MINE, "aggregate_instance_extra_specs:pinned": "true"}


def test_an_aggregate_is_made_for_releases_that_need_one() -> None:
    assert made_aggregate(wanted(), "pinned-scsi", ("a",)) is None
    assert cluster("a", "a", "b") == MadeAggregate(
        "pinned-scsi", {"pinned": "true", TAG: "pinned-scsi"}, ("a", "b")
    )


def test_a_flavor_as_it_is_to_be_stays() -> None:
    assert differing(flavor("pinned-scsi", MINE), flavor("other")) == []


def test_a_flavor_that_is_not_there_is_made() -> None:
    (change,) = differing(flavor("other"))
    assert (change.old, change.set, change.replaced) == (None, MINE, True)
    assert change.lines[0] == "+ flavor pinned-scsi: 2 vCPUs, 2048 MiB, 10 GiB"


def test_another_size_means_another_flavor() -> None:
    (change,) = differing(flavor("pinned-scsi", MINE, ram=1024))
    assert change.lines[:2] == [
        "- flavor pinned-scsi: 2 vCPUs, 1024 MiB, 10 GiB (id-of-pinned-scsi)",
        "+ flavor pinned-scsi: 2 vCPUs, 2048 MiB, 10 GiB",
    ]
    assert "  + hw:cpu_policy=dedicated" in change.lines


def test_extra_specs_are_corrected() -> None:
    (change,) = differing(
        flavor("pinned-scsi", {TAG: "pinned-scsi", "hw:cpu_policy": "shared", "hw:numa_nodes": "1"})
    )
    assert change.lines == [
        "~ flavor pinned-scsi (id-of-pinned-scsi)",
        "  - hw:numa_nodes",
        "  ~ hw:cpu_policy=dedicated (was shared)",
    ]


def test_its_description_tells_who_made_a_flavor_without_extra_specs() -> None:
    there = flavor("pinned-scsi", {})
    mine = there.model_copy(update={"description": description("pinned-scsi")})
    (change,) = differing(mine)
    assert change.set == MINE


@pytest.mark.parametrize("specs", [None, {}, PINNED, {**PINNED, TAG: "another"}])
def test_somebody_elses_flavor_is_refused(specs: dict[str, str] | None) -> None:
    with pytest.raises(CloudError, match="The flavor pinned-scsi is there, and was not made"):
        differing(flavor("pinned-scsi", specs))


@pytest.mark.parametrize("metadata", [{}, {"pinned": "true"}, {TAG: "another"}])
def test_somebody_elses_aggregate_is_refused(metadata: dict[str, str]) -> None:
    there = aggregate("pinned-scsi", **metadata)
    with pytest.raises(CloudError, match="The aggregate pinned-scsi is there"):
        changes((flavor("pinned-scsi", MINE),), (there,), pinned_flavor(), cluster())


def aggregates(*there: Aggregate, hosts: tuple[str, ...] = ("a",)) -> list[AggregateChange]:
    found = changes((flavor("pinned-scsi", MINE),), there, pinned_flavor(), cluster(*hosts))
    return [change for change in found if isinstance(change, AggregateChange)]


def test_an_aggregate_is_made_and_corrected_and_keeps_other_hosts() -> None:
    (new,) = aggregates()
    assert new.lines == [
        "+ aggregate pinned-scsi",
        "  + pinned=true",
        f"  + {TAG}=pinned-scsi",
        "  + host a",
    ]
    there = aggregate("pinned-scsi", ("b",), pinned="false", **{TAG: "pinned-scsi"})
    (change,) = aggregates(there)
    assert change.lines == [
        "~ aggregate pinned-scsi", "  ~ pinned=true (was false)", "  + host a"
    ]  # fmt: skip
    right = aggregate("pinned-scsi", ("a", "b"), pinned="true", **{TAG: "pinned-scsi"})
    assert aggregates(right) == []


def test_everything_that_was_made_for_the_profile_goes_and_nothing_else() -> None:
    mine = [flavor("pinned-scsi", MINE), flavor("renamed", MINE)]
    others = [flavor("other", PINNED), flavor("its", {TAG: "another"}), flavor("hidden")]
    tagged = aggregate("x", ("a", "b"), **{TAG: "pinned-scsi"})
    found = removals([*mine, *others], [tagged, aggregate("pinned-scsi")], "pinned-scsi")
    assert [removal.lines[0] for removal in found] == [
        "- flavor pinned-scsi: 2 vCPUs, 2048 MiB, 10 GiB (id-of-pinned-scsi)",
        "- flavor renamed: 2 vCPUs, 2048 MiB, 10 GiB (id-of-renamed)",
        "- aggregate x of a, b",
    ]


SPECS = st.dictionaries(
    st.sampled_from(["hw:cpu_policy", "hw:numa_nodes", "quota:x"]), st.sampled_from(["a", "b"])
)


@given(SPECS, st.builds(FlavorSize, *[st.integers(1, 2)] * 3))
def test_whatever_it_was_the_changes_make_it_what_it_is_to_be(
    specs: dict[str, str], size: FlavorSize
) -> None:
    there = flavor("pinned-scsi", {**specs, TAG: "pinned-scsi"}, **vars(size))
    (change,) = differing(there)
    had = {} if change.replaced else dict(there.extra_specs or {})
    after = {**{name: value for name, value in had.items() if name not in change.remove}}
    new = pinned_flavor()
    result = flavor("pinned-scsi", {**after, **change.set}, **vars(new.size))
    assert size_of(result) == new.size
    assert differing(result) == []
