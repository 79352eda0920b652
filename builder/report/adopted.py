"""What a report says of an image that was built elsewhere, besides what it has evidence for."""

from collections.abc import Sequence

from builder.feature import Outcome
from builder.store.manifest import Manifest
from builder.store.sections import Adopted, Evidence, UnprovenClaim


def unproven_text(claim: UnprovenClaim) -> str:
    """The claim as an image's property is written; without a value that the disk does not tell."""
    return f"{claim.property}={claim.value}" if claim.value else claim.property


def faults(build: Manifest, adopted: Adopted) -> Sequence[Evidence]:
    """What did not pass and belongs to no claim: each check once, in whichever boot it was made.

    Of a boot that did not come up the limits tell.
    """
    of_claims = {check for claim in adopted.lacking for check in claim.checks}
    boots = {None, *(boot.name for boot in build.planned().boots)}
    found = {
        result.check: result
        for result in build.valid_evidence()
        if result.outcome is not Outcome.PASSED
        and result.check not in of_claims
        and result.boot in boots
    }
    return tuple(found.values())
