"""A judgement of a cloud, for people and for programs."""

from collections import Counter

from builder.cloud.judgement import Judgement, Line, Verdict
from builder.terminal.output import BAD, DOUBT, GOOD, STRONG, Part, line, prose, section, table

FLAVORS_SHOWN = 20
"""Flavors that do not fit; of more, how many they are: --json has all."""

_STYLES = {Verdict.RIGHT: GOOD, Verdict.WRONG: BAD, Verdict.UNKNOWABLE: DOUBT}


def judgement_text(judgement: Judgement, profile: str) -> list[Part]:
    """What is wrong first, then what is right, then what cannot be known."""
    by_verdict = {
        verdict: [one for one in judgement.lines if one.verdict is verdict] for verdict in Verdict
    }
    wrong, unknowable = by_verdict[Verdict.WRONG], by_verdict[Verdict.UNKNOWABLE]
    known = [
        (line(one.verdict, _STYLES[one.verdict]), one.owner, _subject(one), one.seen)
        for one in (*wrong, *by_verdict[Verdict.RIGHT])
    ]
    return [
        *prose(f"{profile} in cloud {judgement.cloud}", STRONG),
        *section("", table(known, heading=("verdict", "of", "needed", "seen"))),
        *section("what helps", table((one.subject, one.remedy) for one in wrong)),
        *section("flavors that are not for it", table(_unfit(judgement))),
        *section(
            "unknowable with these credentials",
            table((one.owner, _subject(one), one.seen) for one in unknowable),
        ),
        *section("", prose(_conclusion(judgement), GOOD if judgement.honoured else BAD)),
        *prose(f"Why each is needed, and how it is set: guest-image cloud plan {profile}"),
    ]


def _subject(one: Line) -> str:
    return one.subject if one.required else f"{one.subject} (advised)"


def _unfit(judgement: Judgement) -> list[tuple[str, str]]:
    unfit = [one for one in judgement.fits if not one.good]
    rows = [(one.flavor.name, "; ".join(one.reasons)) for one in unfit[:FLAVORS_SHOWN]]
    if len(unfit) > FLAVORS_SHOWN:
        rows.append(("…", f"{len(unfit) - FLAVORS_SHOWN} more; --json has all"))
    return rows


def _conclusion(judgement: Judgement) -> str:
    verdicts = Counter(
        one.verdict for one in judgement.lines if one.required or one.verdict is not Verdict.WRONG
    )
    rest = f"{verdicts[Verdict.UNKNOWABLE]} cannot be known from here."
    if judgement.honoured:
        return f"Honoured, as far as it shows: {verdicts[Verdict.RIGHT]} right, {rest}"
    return f"Not honoured: {verdicts[Verdict.WRONG]} wrong, {verdicts[Verdict.RIGHT]} right, {rest}"


def judgement_json(judgement: Judgement, profile: str) -> dict[str, object]:
    """The same for programs."""
    return {
        "cloud": judgement.cloud,
        "profile": profile,
        "release": str(judgement.release),
        "honoured": judgement.honoured,
        "lines": [_line(one) for one in judgement.lines],
        "flavors": [
            {
                "id": one.flavor.id,
                "name": one.flavor.name,
                "fits": one.good if one.known or not one.good else None,
                "extra_specs": one.flavor.extra_specs,
                "reasons": one.reasons,
            }
            for one in judgement.fits
        ],
    }


def _line(one: Line) -> dict[str, object]:
    return {
        "of": one.owner,
        "needed": one.subject,
        "verdict": one.verdict.value,
        "required": one.required,
        "seen": one.seen,
        "remedy": one.remedy,
    }
