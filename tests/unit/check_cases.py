"""Cases of checks: a disk or a guest, and what a check must say of it.

A feature's test file lists them and is parametrised with them;
``features/test_every_check.py`` sees that no shipped check is without one that passes and one that
fails.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from fake_guest import FakeGuest
from fakes import FakeFilesystem
from good_disk import Change, disk

from builder.feature import CheckFailed, Feature, Inspection, Probe
from builder.features.registry import FOUNDATION, SHIPPED, WINDOWS

Check = Inspection[Any] | Probe[Any]
Subject = FakeFilesystem | FakeGuest


def checks(feature: Feature[Any]) -> tuple[Check, ...]:
    return (*feature.inspections, *feature.probes)


FEATURE_OF: Mapping[Check, Feature[Any]] = {
    check: feature for feature in (FOUNDATION, WINDOWS, *SHIPPED) for check in checks(feature)
}

PARAMETERS: Mapping[str, Mapping[str, object]] = {
    "foundation": {
        "os_distro": "debian",
        "os_version": "12",
        "architecture": "x86_64",
        "default_user": "debian",
    },
    "windows": {"os_version": "10.0", "architecture": "x86_64"},
    "guest-agent": {"admin_user": "debian"},
    "cpu-pinning": {"housekeeping": 2},
}
"""What the good disks were made with, where it is not a feature's default."""


@dataclass(frozen=True)
class Case:
    """A check of a disk or a guest, and a part of what it says when it passes or fails."""

    check: Check
    subject: Any  # the disk or the guest
    title: str
    expected: str
    parameters: Mapping[str, object]
    passes: bool

    def __str__(self) -> str:
        """Name it in pytest's output."""
        return f"{self.check.name} {'passes' if self.passes else 'fails'}: {self.title}"

    def message(self) -> str:
        """Make the check, which must end as it is meant to; what it says."""
        feature = FEATURE_OF[self.check]
        given = {**PARAMETERS.get(feature.name, {}), **self.parameters}
        parameters = feature.parameters(**given)
        if not self.passes:
            with pytest.raises(CheckFailed) as failure:
                self.check.function(self.subject, parameters)
            return str(failure.value)
        seen = self.check.function(self.subject, parameters)
        assert seen, "a check says what it saw"
        assert not seen.endswith("."), seen
        assert "None" not in seen, seen
        return seen


def passing(check: Check, title: str, subject: Subject, seen: str, **parameters: object) -> Case:
    """A disk or guest that the check passes, and what it sees."""
    return Case(check, subject, title, seen, parameters, passes=True)


def failing(check: Check, title: str, subject: Subject, cause: str, **parameters: object) -> Case:
    """A disk or guest on which the check fails, and the cause that it names."""
    return Case(check, subject, title, cause, parameters, passes=False)


def good_disks(inspections: Iterable[Inspection[Any]]) -> Iterator[Case]:
    """The good disk, which each of these inspections passes."""
    for inspection in inspections:
        yield good_disk(inspection, "the good disk", {}, "")


def good_disk(
    inspection: Inspection[Any], title: str, change: Change, seen: str, **parameters: object
) -> Case:
    """The good disk with a change that does no harm, and what the inspection sees."""
    return passing(inspection, title, disk(change), seen, **parameters)


def broken_disk(
    inspection: Inspection[Any], wrong: str, change: Change, cause: str, **parameters: object
) -> Case:
    """The good disk with a change that breaks it, and the cause that the inspection names."""
    return failing(inspection, wrong, disk(change), cause, **parameters)


def right_guest(probe: Probe[Any], guest: FakeGuest, seen: str, **parameters: object) -> Case:
    """A guest that the probe passes, and what it sees."""
    return passing(probe, seen, guest, seen, **parameters)


def wrong_guest(probe: Probe[Any], guest: FakeGuest, cause: str, **parameters: object) -> Case:
    """A guest on which the probe fails, and the cause that it names."""
    return failing(probe, cause, guest, cause, **parameters)
