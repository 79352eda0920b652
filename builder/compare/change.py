"""One thing that differs, in whichever part of a build."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Change(Generic[T]):
    """What something was and what it is; None where there was, or is, no such thing."""

    name: str
    old: T | None
    new: T | None


def changes(old: Mapping[str, T], new: Mapping[str, T]) -> tuple[Change[T], ...]:
    """What differs between two mappings: in the order of the new one, then what is gone.

    Of two lists the change has what only one of them has, or all where only their order differs.
    """
    names = dict.fromkeys([*new, *old])
    found = (Change(name, old.get(name), new.get(name)) for name in names)
    return tuple(_without_common(change) for change in found if change.old != change.new)


def changes_of_common(old: Mapping[str, T], new: Mapping[str, T]) -> tuple[Change[T], ...]:
    """What differs between two mappings in what both of them have."""
    names = [name for name in new if name in old]
    return changes({name: old[name] for name in names}, {name: new[name] for name in names})


def _without_common(change: Change[Any]) -> Change[Any]:  # Any: lists are told apart by their type
    old, new = change.old, change.new
    if not (isinstance(old, list) and isinstance(new, list)):
        return change
    gone = [item for item in old if item not in new]
    come = [item for item in new if item not in old]
    return Change(change.name, gone, come) if gone or come else change
