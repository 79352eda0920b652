"""What a report says of an image that was built elsewhere, besides what it has evidence for."""

from collections.abc import Sequence

from builder.feature import Outcome
from builder.store.manifest import Adopted, Evidence, Manifest


def faults(build: Manifest, adopted: Adopted) -> Sequence[Evidence]:
    """What did not pass and belongs to no claim: each check once, in whichever boot it was made.

    Of a boot that did not come up the limits tell.
    """
    of_claims = {check for one in adopted.lacking for check in one.checks}
    boots = {None, *(boot.name for boot in build.planned().boots)}
    found = {
        one.check: one
        for one in build.valid_evidence()
        if one.outcome is not Outcome.PASSED and one.check not in of_claims and one.boot in boots
    }
    return tuple(found.values())
