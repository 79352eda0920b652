"""Where the diskimage-builder elements of a plan lie."""

from pathlib import Path

from builder.errors import InputError
from builder.features.registry import Registry
from builder.host.paths import elements_path
from builder.plan.model import Plan


def elements_paths(plan: Plan, registry: Registry) -> tuple[Path, ...]:
    """The directories of elements that the plan needs: ours, and those that its features bring.

    Raises ``InputError`` where two of them have an element of one name: one would hide the other.
    """
    brought = (registry[name].feature.elements_path for name in plan.parameters if name in registry)
    directories = tuple(dict.fromkeys((elements_path(), *filter(None, brought))))
    owners: dict[str, Path] = {}
    twice = [
        f"'{element.name}' is in {owners[element.name]} and in {directory}"
        for directory in directories
        for element in sorted(directory.iterdir())
        if owners.setdefault(element.name, directory) != directory
    ]
    if twice:
        raise InputError(
            f"The features of profile '{plan.profile}' bring elements of one name.",
            details=twice,
            hint="Rename one of them, in its package.",
        )
    return directories
