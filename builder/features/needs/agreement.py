"""An extra spec that a flavor need not have, and must not have with another value."""

from builder.feature import ExtraSpec, Necessity, Need, NovaRelease


def agreeing(name: str, value: str, *, source: str, since: NovaRelease) -> Need:
    """Of a property that Nova compares with the flavor's, since a release."""
    return Need(
        what=ExtraSpec(name, value),
        reason="The image's own property is enough; a flavor that says otherwise refuses the image"
        " (FlavorImageConflict).",
        source=source,
        necessity=Necessity.CONSISTENT,
        since=since,
    )
