"""What was found, for people and for programs. Pure."""

from collections.abc import Sequence

from builder.doctor.finding import Finding, State
from builder.terminal.output import BAD, DOUBT, GOOD, Part, line, prose, section, table
from builder.words import counted

_STYLES = {State.GOOD: GOOD, State.WARNING: DOUBT, State.LACKING: BAD}


def ready(findings: Sequence[Finding]) -> bool:
    """Whether nothing lacks."""
    return not any(finding.state is State.LACKING for finding in findings)


def findings_text(findings: Sequence[Finding], profile: str | None) -> list[Part]:
    """One row for each finding; then the remedies, those of what lacks first."""
    rows = [
        (line(finding.state, _STYLES[finding.state]), finding.subject, finding.seen)
        for finding in findings
    ]
    return [
        *table(rows, level=0),
        *(
            part
            for heading, state in (("remedies", State.LACKING), ("better", State.WARNING))
            for part in section(heading, _remedies(findings, state))
        ),
        *section("", prose(_conclusion(findings, profile or "a build"), _style(findings))),
    ]


def findings_json(findings: Sequence[Finding], profile: str | None) -> dict[str, object]:
    """The same for programs."""
    return {
        "profile": profile,
        "ready": ready(findings),
        "findings": [
            {
                "subject": finding.subject,
                "state": finding.state.value,
                "seen": finding.seen,
                "remedy": finding.remedy,
                "facts": dict(finding.facts),
            }
            for finding in findings
        ],
    }


def _remedies(findings: Sequence[Finding], state: State) -> list[Part]:
    return table(
        (finding.subject, finding.remedy) for finding in findings if finding.state is state
    )


def _conclusion(findings: Sequence[Finding], what: str) -> str:
    lacks = sum(finding.state is State.LACKING for finding in findings)
    if lacks:
        return f"Not ready: this host lacks {counted(lacks, 'thing')} that {what} needs."
    return f"Ready: this host has everything that {what} needs."


def _style(findings: Sequence[Finding]) -> str:
    return GOOD if ready(findings) else BAD
