"""A judgement of a cloud, for people and for programs."""

from collections import Counter

from builder.cloud.check.judgement import Judgement, Line, Verdict
from builder.terminal.output import BAD, DOUBT, GOOD, STRONG, Part, line, prose, section, table

FLAVORS_SHOWN = 20
"""Flavors that do not fit; of more, how many they are: --json has all."""

_STYLES = {Verdict.RIGHT: GOOD, Verdict.WRONG: BAD, Verdict.UNKNOWABLE: DOUBT}


def judgement_text(judgement: Judgement, profile: str) -> list[Part]:
    """What is wrong first, then what is right, then what cannot be known."""
    by_verdict = {
        verdict: [judged for judged in judgement.lines if judged.verdict is verdict]
        for verdict in Verdict
    }
    wrong, unknowable = by_verdict[Verdict.WRONG], by_verdict[Verdict.UNKNOWABLE]
    rows = [
        (line(judged.verdict, _STYLES[judged.verdict]), judged.owner, _subject(judged), judged.seen)
        for judged in (*wrong, *by_verdict[Verdict.RIGHT])
    ]
    return [
        *prose(f"{profile} in cloud {judgement.cloud}", STRONG),
        *section("", table(rows, heading=("verdict", "of", "needed", "seen"))),
        *section("what helps", table((judged.subject, judged.remedy) for judged in wrong)),
        *section("flavors that are not for it", table(_unfit(judgement))),
        *section(
            "unknowable with these credentials",
            table((judged.owner, _subject(judged), judged.seen) for judged in unknowable),
        ),
        *section("", prose(_conclusion(judgement), GOOD if judgement.honoured else BAD)),
        *prose(f"Why each is needed, and how it is set: guest-image cloud plan {profile}"),
    ]


def _subject(judged: Line) -> str:
    return judged.subject if judged.required else f"{judged.subject} (advised)"


def _unfit(judgement: Judgement) -> list[tuple[str, str]]:
    unfit = [fit for fit in judgement.fits if not fit.good]
    rows = [(fit.flavor.name, "; ".join(fit.reasons)) for fit in unfit[:FLAVORS_SHOWN]]
    if len(unfit) > FLAVORS_SHOWN:
        rows.append(("…", f"{len(unfit) - FLAVORS_SHOWN} more; --json has all"))
    return rows


def _conclusion(judgement: Judgement) -> str:
    verdicts = Counter(
        judged.verdict
        for judged in judgement.lines
        if judged.required or judged.verdict is not Verdict.WRONG
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
        "lines": [_line(judged) for judged in judgement.lines],
        "flavors": [
            {
                "id": fit.flavor.id,
                "name": fit.flavor.name,
                "fits": fit.good if fit.known or not fit.good else None,
                "extra_specs": fit.flavor.extra_specs,
                "reasons": fit.reasons,
            }
            for fit in judgement.fits
        ],
    }


def _line(judged: Line) -> dict[str, object]:
    return {
        "of": judged.owner,
        "needed": judged.subject,
        "verdict": judged.verdict.value,
        "required": judged.required,
        "seen": judged.seen,
        "remedy": judged.remedy,
    }
