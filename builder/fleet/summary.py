"""What came of a run: a table, a page and a JUnit file of the same outcomes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from builder.fleet.job import Outcome, Result
from builder.fleet.watch import STYLES
from builder.report.page import page
from builder.report.units import duration
from builder.terminal.output import Part, line, section, table
from builder.words import counted, printable_lines

_MARKS = {
    Result.DONE: ("passed", "✓"),
    Result.KEPT: ("passed", "="),
    Result.FAILED: ("failed", "✗"),
    Result.BLOCKED: ("skipped", "–"),
}


def summary_text(outcomes: Sequence[Outcome]) -> Iterator[Part]:
    """One table of all steps, why some failed, and how many ended how."""
    rows = [
        (
            outcome.step.image if number == 0 else "",
            outcome.step.title,
            line(outcome.result, STYLES[outcome.result]),
            duration(outcome.seconds) if outcome.began else "",
            outcome.told,
        )
        for group in _by_image(outcomes).values()
        for number, outcome in enumerate(group)
    ]
    yield from table(rows, heading=("image", "step", "", "took", "seen"), level=0)
    for outcome in outcomes:
        if outcome.result is Result.FAILED or outcome.details:
            told = [*outcome.details, *([f"log: {outcome.log}"] if outcome.log else [])]
            heading = f"{outcome.step.id}: {outcome.told}"
            yield from section(
                heading, [line(f"  {text}") for text in told or ["no more is known"]]
            )
    yield line("")
    yield line(total(outcomes))


def total(outcomes: Sequence[Outcome]) -> str:
    """How many images are complete, and how their steps ended."""
    images = _by_image(outcomes)
    complete = sum(all(outcome.good for outcome in group) for group in images.values())
    counts = Counter(outcome.result for outcome in outcomes)
    told = ", ".join(f"{counts[result]} {result}" for result in Result if counts[result])
    return f"{complete} of {counted(len(images), 'image')} complete; steps: {told}."


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 where every step is done, else that of the first one that failed."""
    return next((outcome.exit_code for outcome in outcomes if not outcome.good), 0)


def summary_json(outcomes: Sequence[Outcome]) -> list[Mapping[str, object]]:
    """The outcomes for programs."""
    return [
        {
            "id": outcome.step.id,
            "image": outcome.step.image,
            "kind": outcome.step.kind,
            "cloud": outcome.step.cloud or None,
            "result": outcome.result,
            "seen": outcome.told,
            "details": list(outcome.details),
            "began": outcome.began.isoformat() if outcome.began else None,
            "seconds": outcome.seconds,
            "exit_code": outcome.exit_code,
            "host": outcome.host or None,
            "log": outcome.log or None,
        }
        for outcome in outcomes
    ]


def summary_html(outcomes: Sequence[Outcome], written: datetime) -> str:
    """One page that needs no other file."""
    return page(
        "fleet.html",
        room="builder.fleet",
        images=_by_image(outcomes),
        failed=[outcome for outcome in outcomes if outcome.result is Result.FAILED],
        good=not exit_code(outcomes),
        marks=_MARKS,
        total=total(outcomes),
        written=written,
    )


def summary_junit(outcomes: Sequence[Outcome]) -> str:
    """A suite for each image, and in it a case for each step."""
    root = Element("testsuites", name="guest-image fleet")
    for image, group in _by_image(outcomes).items():
        suite = SubElement(root, "testsuite", name=image)
        for outcome in group:
            _case(suite, outcome)
        _count(suite)
        times = [outcome.began for outcome in group if outcome.began]
        if times:
            suite.set("timestamp", f"{min(times):%Y-%m-%dT%H:%M:%S}")
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    root.set("time", f"{sum(outcome.seconds for outcome in outcomes):.2f}")
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _case(suite: Element, outcome: Outcome) -> None:
    step = outcome.step
    case = SubElement(
        suite, "testcase", classname=step.image, name=step.title, time=f"{outcome.seconds:.2f}"
    )
    told = printable_lines(outcome.told)
    match outcome.result:
        case Result.FAILED:
            failure = SubElement(case, "failure", type=str(outcome.exit_code), message=told)
            failure.text = printable_lines("\n".join([*outcome.details, outcome.log]).strip())
        case Result.BLOCKED:
            SubElement(case, "skipped", message=told)
        case _:
            SubElement(case, "system-out").text = f"{outcome.result}: {told}"


def _count(suite: Element) -> None:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    suite.set("errors", "0")
    suite.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
    suite.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.2f}")


def _by_image(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    return {
        image: list(group) for image, group in groupby(outcomes, lambda outcome: outcome.step.image)
    }
