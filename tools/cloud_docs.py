"""The cloud's half of a feature, beside the image's half on its page."""

from collections.abc import Iterable, Mapping

import markdown as md

from builder.feature import ConfigOption, Consequence, KernelArgument, Need, Setup
from builder.report.needs import place

NOTHING = "It needs nothing of the cloud but the image's properties."

EXPLAINED = (
    "*Required*: without it the image does not get what it claims. *Advised*: it gets that, and\n"
    "less of what it is good for. *Consistent*: nothing has to be set, but what is set must be\n"
    "this. `guest-image cloud plan` prints it for a profile and a release of Nova."
)


def cloud_half(found: Mapping[Need, str]) -> Iterable[str]:
    """What a feature needs, each with the lines of a profile on which it does."""
    yield "## The cloud's half"
    if not found:
        yield NOTHING
        return
    if any(not isinstance(need.what, Consequence) for need in found):
        yield EXPLAINED
    yield md.table(
        ("what", "where", "Nova", "when", "why"),
        [
            (_what(need), _where(need), need.releases, when, _why(need))
            for need, when in found.items()
        ],
    )


def _what(need: Need) -> str:
    if isinstance(need.what, Setup | Consequence):
        return str(need.what)
    example = ""
    if isinstance(need.what, ConfigOption | KernelArgument) and need.what.per_host:
        example = f", such as `{need.what.value}`"
    return f"`{need.what}`{example}"


def _where(need: Need) -> str:
    word = place(need.what)
    services = f" ({', '.join(need.what.services)})" if isinstance(need.what, ConfigOption) else ""
    hosts = f", on hosts {need.hosts}" if need.hosts else ""
    return f"{word}{services}{hosts}"


def _why(need: Need) -> str:
    note = isinstance(need.what, Consequence)
    stress = "" if note else f"*{need.necessity.capitalize()}*. "
    return f"{stress}{need.reason} [Source]({need.source})"
