"""What holds for every conflict with Nova, whichever rule says it."""

from hypothesis import given
from hypothesis import strategies as st
from request_choices import PAIRS, Pair

from builder.nova.conflicts import RULES, nova_conflicts
from builder.nova.properties import KNOWN

EXTRA_SPECS = ("hw:cpu_policy", "hw:cpu_realtime", "hw:cpu_dedicated_mask", "hw:numa_cpus.0")


@given(PAIRS)
def test_a_conflict_is_about_something_that_was_asked_for(pair: Pair) -> None:
    image, flavor = pair
    for conflict in nova_conflicts(image, flavor):
        assert conflict.name in {**image, **flavor}
        assert conflict.exception == "" or f"({conflict.exception})" in conflict.reason
        assert not conflict.reason.endswith(".")
        assert conflict.remedy.endswith(".")


@given(
    st.dictionaries(st.sampled_from(sorted(KNOWN)), st.text()),
    st.dictionaries(st.sampled_from(EXTRA_SPECS), st.text()),
)
def test_no_text_is_too_strange_to_be_judged(image: dict[str, str], flavor: dict[str, str]) -> None:
    assert isinstance(nova_conflicts(image, {**flavor, "vcpus": "4", "ram": "2048"}), list)


def test_every_rule_is_asked_once() -> None:
    assert len(set(RULES)) == len(RULES)
