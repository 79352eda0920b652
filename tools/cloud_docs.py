"""The cloud's half: of a feature, beside the image's half on its page; and of all of them."""

from collections.abc import Iterable, Mapping
from importlib import import_module

import markdown as md

from builder.cloud.plan.ability import ABILITIES, Ability
from builder.cloud.plan.text import HEADINGS
from builder.feature import ConfigOption, Consequence, KernelArgument, Need, Setup
from builder.report.needs import place

HEADING = ("what", "where", "Nova", "when", "why")

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
        HEADING,
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


def cloud_page(features: Mapping[str, Mapping[Need, str]]) -> str:
    """By place, what the features need; then what a cloud can do that no image has a part in."""
    return md.page(
        "The cloud's half",
        "An image is half of a feature. The other half is in flavors, aggregates, nova.conf and\n"
        "on compute hosts. [compute-host.md](../compute-host.md) tells how to set a host up, and\n"
        "`guest-image cloud plan PROFILE` prints what a profile's images need.",
        EXPLAINED,
        *(part for where in HEADINGS for part in _place(where, features)),
        "## What no image has a part in",
        "`guest-image cloud plan PROFILE --with NAME` adds it to a plan.",
        *(part for ability in ABILITIES.values() for part in _ability(ability)),
    )


def _place(where: str, features: Mapping[str, Mapping[Need, str]]) -> Iterable[str]:
    rows = [
        (_what(need), f"[{name}](features/{name}.md)", need.releases, when, _why(need))
        for name, needs in features.items()
        for need, when in needs.items()
        if place(need.what) == where
    ]
    if rows:
        title = HEADINGS[where]
        yield f"## {title if '.' in where else title[0].upper() + title[1:]}"
        yield md.table(("what", "feature", "Nova", "when", "why"), rows)


def _ability(ability: Ability) -> Iterable[str]:
    module = import_module(f"builder.cloud.plan.{ability.name.replace('-', '_')}")
    yield f"### {ability.name}"
    yield f"*{ability.summary}*"
    yield md.prose("\n\n".join((module.__doc__ or "").strip().split("\n\n")[1:]))
    rows = [(_what(need), _where(need), need.releases, _why(need)) for need in ability.needs]
    yield md.table(("what", "where", "Nova", "why"), rows)
