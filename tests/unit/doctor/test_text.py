"""How findings are shown, to people and to programs."""

import json

from builder.doctor.finding import Finding, good, lacking, only_for, refused, warning
from builder.doctor.text import findings_json, findings_text, ready
from builder.errors import HostError
from builder.terminal.output import rendered

FINDINGS = [
    good("rights", "Root."),
    warning("memory", "Too little.", "Buy some.", available=1),
    lacking("programs", "Not installed: [red]mcopy.", "Install it."),
    refused("keyring", HostError("None.", details=["At all."], hint="Get one.")),
]


def text(findings: list[Finding], profile: str | None = "mine") -> list[str]:
    return rendered(findings_text(findings, profile), None).splitlines()


def test_people_get_what_lacks_with_its_remedy_before_what_could_be_better() -> None:
    assert text(FINDINGS) == [
        "good     rights    Root.",
        "warning  memory    Too little.",
        "lacking  programs  Not installed: [red]mcopy.",
        "lacking  keyring   None. At all.",
        "",
        "remedies",
        "  programs  Install it.",
        "  keyring   Get one.",
        "",
        "better",
        "  memory  Buy some.",
        "",
        "Not ready: this host lacks 2 things that mine needs.",
    ]


def test_warnings_are_no_failures() -> None:
    assert ready(FINDINGS[:2])
    assert not ready(FINDINGS)
    assert text(FINDINGS[:1], None)[-1] == "Ready: this host has everything that a build needs."


def test_what_only_another_profile_needs_is_no_failure() -> None:
    found = only_for("rocky-9", FINDINGS[2])
    assert ready([found])
    assert found.seen == "Not installed: [red]mcopy. Only rocky-9 needs it."


def test_programs_get_the_same_as_data() -> None:
    data = json.loads(json.dumps(findings_json(FINDINGS, None)))
    assert (data["profile"], data["ready"]) == (None, False)
    assert data["findings"][1] == {
        "subject": "memory",
        "state": "warning",
        "seen": "Too little.",
        "remedy": "Buy some.",
        "facts": {"available": 1},
    }
