"""What came of a run, as a table, a page and a JUnit file."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from builder.fleet.graph import Kind, Step
from builder.fleet.job import Outcome, Result
from builder.fleet.summary import (
    exit_code,
    summary_html,
    summary_json,
    summary_junit,
    summary_text,
)
from builder.terminal.output import rendered

AT = datetime(2026, 11, 3, 2, tzinfo=UTC)
BUILD = "20261103T020000Z-3f9c2a"


def outcome(image: str, kind: Kind, result: Result, told: str, cloud: str = "") -> Outcome:
    failed = result is Result.FAILED
    return Outcome(
        Step(image, kind, cloud),
        result,
        told,
        details=("because <b>it</b> hangs\x1b[0m", "Do it better.") if failed else (),
        log="dist/.fleet/b/prove.log" if failed else "",
        began=None if result is Result.BLOCKED else AT,
        seconds=0 if result is Result.BLOCKED else 106.2,
        exit_code=3 if failed else 0,
        host="" if result is Result.BLOCKED else "builder",
    )


OUTCOMES = [
    outcome("a", Kind.BUILD, Result.KEPT, BUILD),
    outcome("a", Kind.PROOF, Result.DONE, "94 checks passed"),
    outcome("b", Kind.BUILD, Result.DONE, BUILD),
    outcome("b", Kind.PROOF, Result.FAILED, "1 check did not pass."),
    outcome("b", Kind.STAGING, Result.BLOCKED, "'proof' failed", "staging"),
]


def test_the_table_says_how_each_step_ended_and_why(golden: Callable[[str, str], None]) -> None:
    golden(rendered(summary_text(OUTCOMES), None), "fleet/summary.txt")


def test_the_exit_code_is_that_of_the_first_failure() -> None:
    assert exit_code(OUTCOMES) == 3
    assert exit_code(OUTCOMES[:3]) == 0


def test_the_page_escapes_what_was_said() -> None:
    html = summary_html(OUTCOMES, AT)
    assert "because &lt;b&gt;it&lt;/b&gt; hangs" in html
    assert "\x1b" not in html
    assert "1 of 2 images complete" in html
    assert html.count("<h2") == 3


def test_a_page_of_a_good_run_has_no_failures() -> None:
    html = summary_html(OUTCOMES[:2], AT)
    assert "What failed" not in html
    assert "1 of 1 image complete; steps: 1 done, 1 as it was." in html


def test_junit_has_a_suite_for_each_image() -> None:
    root = ET.fromstring(summary_junit(OUTCOMES))  # noqa: S314 - our own
    first, second = root
    assert (first.get("name"), first.get("tests"), first.get("failures")) == ("a", "2", "0")
    assert (second.get("failures"), second.get("skipped")) == ("1", "1")
    failure = second.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "1 check did not pass."
    assert (root.get("tests"), root.get("failures")) == ("5", "1")


def test_programs_get_the_same() -> None:
    data = json.loads(json.dumps(summary_json(OUTCOMES)))
    assert [step["result"] for step in data] == ["as it was", "done", "done", "failed", "not begun"]
    assert data[3]["id"] == "b/proof"
    assert data[4]["began"] is None


def test_what_one_worker_could_not_do_and_another_did_is_told() -> None:
    why = "vm-7 could not do it. There is too little room: /srv has 5 MiB free."
    done = replace(OUTCOMES[1], details=(why,))
    assert why in rendered(summary_text([OUTCOMES[0], done]), None)
