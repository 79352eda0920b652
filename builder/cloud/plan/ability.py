"""What a cloud can do and no image has a part in: there is nothing to claim, only to set up."""

from collections.abc import Mapping
from dataclasses import dataclass

from builder.cloud.plan.soft_delete import NEEDS as SOFT_DELETE
from builder.feature import Need


@dataclass(frozen=True)
class Ability:
    """One ability of a cloud."""

    name: str
    summary: str
    needs: tuple[Need, ...]


ABILITIES: Mapping[str, Ability] = {
    ability.name: ability
    for ability in (
        Ability("soft-delete", "a deleted server can be restored for a while", SOFT_DELETE),
    )
}
