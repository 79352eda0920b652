"""Which image properties are known, and what is wrong with names and values.

Glance itself stores any text under any name: ``hw_disk_bus=bogus`` uploads well and fails at boot.
"""

import re
from collections.abc import Mapping

from builder.nova.vocabulary.device import DEVICE
from builder.nova.vocabulary.image import IMAGE
from builder.nova.vocabulary.processor import PROCESSOR
from builder.nova.vocabulary.property import Property
from builder.nova.vocabulary.standard import STANDARD
from builder.words import did_you_mean, shown

TEXT_LIMIT = 65535
"""Bytes of a property's value in Glance's database (``TEXT`` of MySQL)."""
NAME_LIMIT = 255

KNOWN: Mapping[str, Property] = {**PROCESSOR, **DEVICE, **IMAGE, **STANDARD}
"""``.N`` at the end of a name stands for any number, ``trait:NAME`` for any trait."""
PATTERNS = frozenset(name for name in KNOWN if name.endswith((".N", ":NAME")))
"""Names in the vocabulary that stand for many."""

_TRAIT = re.compile(r"trait:[A-Z][A-Z0-9_]*")
"""Nova's required traits: ``trait:HW_CPU_X86_VMX=required``."""
_NUMBERED = re.compile(r"\.(0|[1-9][0-9]?[0-9]?)$")
"""Nova reads these from 0 on, up to the first number that is missing."""
OWN = re.compile(r"guest_image_[a-z0-9_]+")
"""What this program notes on an image for itself."""


def is_storable(text: str) -> bool:
    """Whether Glance takes it: no character that is 4 bytes in UTF-8, as emoji are."""
    return max(text, default="") <= "\uffff"


def known_property(name: str) -> Property | None:
    """What is known of a property by its name on an image."""
    if _TRAIT.fullmatch(name):
        return KNOWN["trait:NAME"]
    return KNOWN.get(_NUMBERED.sub(".N", name)) if name not in PATTERNS else None


def complaints(properties: Mapping[str, str]) -> list[str]:
    """Everything about names and values that Nova would refuse or not understand."""
    return [text for name, value in properties.items() for text in _complaint(name, value)]


def _unstorable(name: str, value: str) -> str:
    if not value.isprintable():
        return f"{name}: {shown(value)} is not one line of printable text."
    if not is_storable(name + value):
        return f"{name}: {shown(value)} has characters that Glance refuses (beyond U+FFFF)."
    if len(name) > NAME_LIMIT or len(value.encode()) > TEXT_LIMIT:
        return f"{name[:NAME_LIMIT]} is longer than Glance stores."
    return ""


def _complaint(name: str, value: str) -> list[str]:
    if reason := _unstorable(name, value):
        return [reason]
    if OWN.fullmatch(name):
        return []
    entry = known_property(name)
    if entry is None:
        return [f"{name}: no such property is known. {did_you_mean(name, KNOWN)}".rstrip()]
    kind = entry.kind
    if kind.accepts(value):
        return []
    question = did_you_mean(value, kind.words)
    return [f"{name}={value}: {shown(value)} is not {kind.expected}. {question}".rstrip()]


TRUE_WORDS = ("1", "t", "true", "on", "y", "yes")
"""What oslo.utils' ``bool_from_string`` takes for true; every other word is silently false."""

SIGNATURE = (
    "img_signature",
    "img_signature_certificate_uuid",
    "img_signature_hash_method",
    "img_signature_key_type",
)
"""The properties of a signed image; cursive refuses a signature of which one is missing."""


def is_true(value: str | None) -> bool:
    """Whether Nova reads a property as true."""
    return value is not None and value.strip().lower() in TRUE_WORDS


def restricts(name: str) -> bool:
    """Whether a property binds a guest to hosts and flavors that give what it asks for.

    Other properties give a guest what any host has, as those that are not known do.
    """
    described = known_property(name)
    return described is not None and described.restricts
