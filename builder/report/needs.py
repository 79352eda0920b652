"""What an image needs of a cloud, as a plan and a verdict tell it: in a line each."""

from collections.abc import Iterable, Mapping

from builder.feature import ConfigOption, Necessity, Need
from builder.feature.needs import Needed
from builder.feature.nova_release import NEWEST
from builder.terminal.output import Part, items, table

FLAVOR = "flavor"
NOTE = "note"
PLACES = {
    "extra-spec": FLAVOR,
    "flavor-vcpus": FLAVOR,
    "aggregate-metadata": "aggregate",
    "scheduler-filter": "scheduler",
    "kernel-argument": "kernel",
    "module-option": "modprobe.d",
    "provider-trait": "placement",
    "setup": "host",
    "consequence": NOTE,
}
"""Where something of each kind has to be; an option has its file."""


def place(what: Needed) -> str:
    """Where it has to be, in a word."""
    return what.file if isinstance(what, ConfigOption) else PLACES[what.kind]


def required(needs: Iterable[Need]) -> Mapping[str, list[str]]:
    """By its place, what the newest Nova needs so that the image gets what it claims."""
    found: dict[str, list[str]] = {}
    for need in needs:
        if need.necessity is Necessity.REQUIRED and need.applies_to(NEWEST):
            found.setdefault(place(need.what), []).append(str(need.what))
    found.pop(NOTE, None)
    return found


def needs_sections(needs: Iterable[Need]) -> Mapping[str, list[Part]]:
    """The same for a terminal, by heading."""
    found = dict(required(needs))
    flavor = found.pop(FLAVOR, [])
    rows = ((where, text) for where, texts in found.items() for text in texts)
    return {"flavor needs": items(flavor), "cloud needs": table(rows)}
