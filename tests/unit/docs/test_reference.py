"""The reference in ``docs/reference`` is the one that the code gives."""

import re
from pathlib import Path

import pytest
from reference_docs import FEATURES, PAGES, conditions, why

from builder.cli.verbs import GROUPS, VERBS
from builder.feature import SchedulerFilter
from builder.features import cpu_pinning, foundation, guest_agent, watchdog
from builder.features.registry import AnyFeature
from builder.plan.merge import check_id

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_says(name: str, request: pytest.FixtureRequest) -> None:
    path, text = REFERENCE / name, PAGES[name]()
    if request.config.getoption("--regenerate"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path} is outdated; 'make golden' writes it"


def test_every_page_is_rendered() -> None:
    written = {str(path.relative_to(REFERENCE)) for path in REFERENCE.rglob("*.md")}
    assert written == set(PAGES)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_check_is_on_its_features_page(feature: AnyFeature) -> None:
    text = PAGES[f"features/{feature.name}.md"]()
    checks = [check_id(feature, check) for check in (*feature.inspections, *feature.probes)]
    assert [check for check in checks if text.count(f"| `{check}` |") != 1] == []


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_feature_says_why_it_is_there(feature: AnyFeature) -> None:
    assert len(why(feature).split()) > 30, "write it below the first line of the module's docstring"


def test_every_verb_is_on_the_commands_page() -> None:
    headings = re.findall(r"^## guest-image (.+)$", PAGES["commands.md"](), re.MULTILINE)
    below = {name: [f"{name} {verb}" for verb in verbs] for name, verbs in GROUPS.items()}
    assert headings == [heading for verb in VERBS for heading in (verb, *below.get(verb, ()))]


def test_what_is_always_claimed_has_no_condition() -> None:
    claims = conditions(guest_agent.FEATURE, guest_agent.claims)
    assert {(claim.property, claim.value): when for claim, when in claims.items()} == {
        ("hw_qemu_guest_agent", "yes"): "",
        ("os_admin_user", "debian"): "`distribution: debian-12` or `distribution: debian-13` or"
        " `distribution: debian-sid`",
        ("os_admin_user", "ubuntu"): "`distribution: ubuntu-24.04`",
        ("os_admin_user", "rocky"): "`distribution: rocky-9`",
        ("os_admin_user", "opensuse"): "`distribution: opensuse-15.6`",
        ("os_require_quiesce", "yes"): "`require_quiesce: true`",
    }


def test_every_value_of_a_claim_is_found_with_its_parameter() -> None:
    claims = conditions(watchdog.FEATURE, watchdog.claims)
    assert {claim.value: when for claim, when in claims.items()} == {
        value: f"`action: {value}`" for value in watchdog.PROMISES
    }


def test_a_claim_may_hang_on_the_distribution() -> None:
    claims = conditions(foundation.FEATURE, foundation.claims)
    by_value = {claim.value: when for claim, when in claims.items()}
    assert by_value["12"] == "`distribution: debian-12`"
    assert by_value["linux"] == ""


def test_several_choices_may_lead_to_one_need() -> None:
    needs = conditions(cpu_pinning.FEATURE, cpu_pinning.needs)
    filters = [when for need, when in needs.items() if isinstance(need.what, SchedulerFilter)]
    assert set(filters) == {"`policy: dedicated`"}
