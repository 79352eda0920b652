"""What the value of an image property may be."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from json import loads

from builder.nova.cpu_set import is_cpu_set
from builder.words import enumeration


@dataclass(frozen=True)
class Kind:
    """What a property's value may be."""

    expected: str
    """Completes "… is not"."""
    accepts: Callable[[str], bool]
    words: tuple[str, ...] = ()
    """All values, where they are few; Nova distinguishes upper and lower case."""


def choice(*words: str) -> Kind:
    """One of a few words."""
    return Kind(enumeration(words), lambda value: value in words, words)


def matching(pattern: str, expected: str) -> Kind:
    """Whatever a regular expression matches as a whole."""
    return Kind(expected, lambda value: re.fullmatch(pattern, value) is not None)


def date_or(pattern: str, expected: str) -> Kind:
    """A date, or what a regular expression matches."""
    return Kind(expected, lambda text: bool(re.fullmatch(pattern, text)) or _is_date(text))


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_build_date(value: str) -> bool:
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(value, form).strftime(form) == value  # noqa: DTZ007 - UTC by the standard
        except ValueError:
            continue
    return False


def _is_list_of_mappings(value: str) -> bool:
    try:
        found = loads(value)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, list) and all(isinstance(item, dict) for item in found)


BOOLEANS = ("yes", "no", "true", "false")
"""Nova reads more words; an image from here says one of these."""

BOOLEAN = choice(*BOOLEANS)
TRUE_OR_FALSE = choice("true", "false")
TEXT = Kind("a text", lambda value: bool(value.strip()) and value.isprintable())
WORD = matching(r"[a-z0-9._-]+", "a word in lower case")
NUMBER = matching(r"0|[1-9][0-9]{0,8}", "a number")
COUNT = matching(r"[1-9][0-9]{0,8}", "a number above 0")
UUID = matching(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "a UUID")
DATE = Kind("a date YYYY-MM-DD", _is_date)
BUILD_DATE = Kind("a time YYYY-MM-DD [hh:mm[:ss]]", _is_build_date)
CPU_SET = Kind("a set of CPUs such as 0-3,^1", is_cpu_set)
LIST_OF_MAPPINGS = Kind("a list of mappings in JSON", _is_list_of_mappings)
ARCHITECTURE = choice("x86_64", "aarch64", "i686", "ppc64le", "s390x")
DISK_BUS = choice("fdc", "ide", "sata", "scsi", "usb", "virtio")
