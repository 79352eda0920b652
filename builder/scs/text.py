"""Where images fall short of the standards, for people and for programs. Pure."""

from collections import Counter
from collections.abc import Sequence

from builder.scs.image import ScsImage
from builder.scs.judge import Judged
from builder.scs.shortfall import Level, Shortfall
from builder.terminal.output import BAD, DOUBT, GOOD, STRONG, Part, line, prose, table
from builder.words import counted

_STYLES = {Level.MUST: BAD, Level.SHOULD: DOUBT}


def conformity_text(judged: Sequence[Judged]) -> list[Part]:
    """Each image with a row for each shortfall, and the sum of it."""
    parts: list[Part] = []
    for judgement in judged:
        rows = [
            (
                line(shortfall.level, _STYLES[shortfall.level]),
                shortfall.standard,
                shortfall.subject,
                f"{shortfall.rule}; {shortfall.found}. {shortfall.remedy}",
            )
            for shortfall in judgement.shortfalls
        ]
        nothing = table([(line("keeps to SCS-0102 and SCS-0104", GOOD),)])
        parts += [line(_heading(judgement.image), STRONG), *(table(rows) or nothing), line("")]
    return [*parts, *prose(_conclusion(judged), GOOD if conform(judged) else BAD)]


def conform(judged: Sequence[Judged]) -> bool:
    """Whether every image keeps everything that it must."""
    return all(judgement.conforms for judgement in judged)


def conformity_json(judged: Sequence[Judged]) -> dict[str, object]:
    """The same for programs."""
    return {
        "conforms": conform(judged),
        "images": [
            {
                "name": judgement.image.name,
                "id": judgement.image.id or None,
                "build": judgement.image.build or None,
                "visibility": judgement.image.visibility,
                "hidden": judgement.image.hidden,
                "conforms": judgement.conforms,
                "shortfalls": [_shortfall(shortfall) for shortfall in judgement.shortfalls],
            }
            for judgement in judged
        ],
    }


def _heading(image: ScsImage) -> str:
    what = [image.visibility, *(["hidden"] if image.hidden else [])]
    what += [f"image {image.id}"] if image.id else []
    what += [f"build {image.build}"] if image.build else []
    return f"{image.name} ({', '.join(what)})"


def _conclusion(judged: Sequence[Judged]) -> str:
    if not judged:
        return "There is no image to judge: nothing is offered, and nothing was published here."
    levels = Counter(shortfall.level for judgement in judged for shortfall in judgement.shortfalls)
    images = counted(len(judged), "image")
    must, should = levels[Level.MUST], levels[Level.SHOULD]
    if not conform(judged):
        short = sum(not judgement.conforms for judgement in judged)
        return f"Not conforming: {short} of {images}. {must} must be corrected, {should} should be."
    return f"Conforming: {images}. Nothing must be corrected, {should} should be."


def _shortfall(shortfall: Shortfall) -> dict[str, str]:
    return {
        "standard": shortfall.standard,
        "level": shortfall.level.value,
        "subject": shortfall.subject,
        "rule": shortfall.rule,
        "found": shortfall.found,
        "remedy": shortfall.remedy,
    }
