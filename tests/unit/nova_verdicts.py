"""What Nova's rules say of an image on a flavor, and cases to ask them about."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from builder.nova.conflicts import nova_conflicts

Values = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request that is wrong, and a neighbour that is right."""

    image: Values = field(default_factory=dict)
    flavor: Values = field(default_factory=dict)
    says: str
    """The name that the one conflict is about, and Nova's exception where it refuses."""
    right_image: Values = field(default_factory=dict)
    right_flavor: Values = field(default_factory=dict)


def verdict(image: Values, flavor: Values) -> list[str]:
    """Each conflict's name and exception."""
    return [
        f"{conflict.name} {conflict.exception}".strip()
        for conflict in nova_conflicts(image, flavor)
    ]


def tells_apart(case: Case) -> bool:
    """Whether the wrong request has its one conflict, and the right one has none."""
    assert verdict(case.image, case.flavor) == [case.says]
    assert verdict(case.right_image, case.right_flavor) == []
    return True
