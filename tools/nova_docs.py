"""The page of ``docs/reference`` on what Nova makes of image properties."""

from collections.abc import Iterable, Mapping

import markdown as md

from builder.feature import NovaRelease
from builder.nova.conflicts import RULES
from builder.nova.request import property_of
from builder.nova.rules.rule import Agreement, Dependence, Precedence
from builder.nova.traits import ALWAYS, PREFILTERED, WITHOUT_TRAIT
from builder.nova.vocabulary.device import DEVICE
from builder.nova.vocabulary.image import IMAGE
from builder.nova.vocabulary.processor import PROCESSOR
from builder.nova.vocabulary.property import Property
from builder.nova.vocabulary.standard import STANDARD


def properties_page() -> str:
    """Every image property: what Nova makes of it, its values, the first release that reads it."""
    return md.page(
        "Image properties",
        "What Nova makes of each property, and the first of its releases that reads it. Glance\n"
        "stores any text under any name. Nova passes over a name that it does not know, refuses a\n"
        "word that is none of an enumeration, and takes what is no boolean for false. Images from\n"
        "here have these properties and no others.",
        "## Processors and memory",
        _read_by_nova(PROCESSOR),
        "## Devices and firmware",
        _read_by_nova(DEVICE),
        "## The image and the system in it",
        _read_by_nova(IMAGE),
        "## Properties that Nova does not read",
        md.table(
            ("property", "values", "meaning"),
            [
                (f"`{name}`", _values(entry), entry.meaning)
                for name, entry in sorted(STANDARD.items())
            ],
        ),
        "## An image and its flavor",
        "Where both say something, and not the same, Nova refuses the server:",
        md.table(
            ("property", "extra spec", "exception"),
            [
                (f"`{property_of(rule.extra_spec)}`", f"`{rule.extra_spec}`", f"`{rule.exception}`")
                for rule in RULES
                if isinstance(rule, Agreement)
            ],
        ),
        "or passes over one of the two:",
        md.table(
            ("beats", "which"),
            [
                (f"`{rule.winner}`", f"`{rule.loser}`")
                for rule in RULES
                if isinstance(rule, Precedence)
            ],
        ),
        "Some have no effect without something else, and Nova says nothing:",
        md.table(
            ("property or extra spec", "why", "remedy"),
            [
                (f"`{rule.name}`", rule.reason, rule.remedy)
                for rule in RULES
                if isinstance(rule, Dependence)
            ],
        ),
        "## Traits that a host must have",
        "Nova asks Placement for hosts with these traits. Where no host has one, the server ends\n"
        "in ERROR with *No valid host*.",
        md.table(
            ("property or extra spec", "value", "trait"),
            [
                (md.codes(reversed(rule.names), "or"), f"`{value}`", f"`{trait}`")
                for rule in ALWAYS
                for value, trait in rule.traits.items()
            ],
        ),
        "With `[scheduler] image_metadata_prefilter` it asks for these too, which end in the\n"
        "property's value in capital letters:",
        md.table(
            ("property", "trait"),
            [(f"`{name}`", f"`{prefix}_…`") for name, prefix in PREFILTERED.items()],
        ),
        "The prefilter gives up, and asks for none of these, where an image has one of the next\n"
        "values: Nova 34 makes up the name of a trait for them that there is not.",
        md.table(
            ("property", "values"),
            [(f"`{name}`", md.codes(sorted(values))) for name, values in WITHOUT_TRAIT.items()],
        ),
    )


def _read_by_nova(properties: Mapping[str, Property]) -> str:
    return md.table(
        ("property", "values", "since", "what Nova makes of it"),
        [
            (f"`{name}`", _values(entry), _releases(entry), entry.meaning)
            for name, entry in sorted(properties.items())
        ],
    )


def _values(entry: Property) -> str:
    words: Iterable[str] = entry.kind.words
    return ", ".join(f"`{word}`" for word in words) or entry.kind.expected


def _releases(entry: Property) -> str:
    assert entry.since is not None
    newer = "".join(f"; `{value}` {_short(release)}" for value, release in entry.newer.items())
    until = f" to {_short(entry.until)}" if entry.until else ""
    return f"{_short(entry.since)}{until}{newer}"


def _short(release: NovaRelease) -> str:
    """Without the word, where the date names it."""
    return release.date or str(release)
