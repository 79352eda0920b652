"""Whether a build and its evidence are signed by somebody who is trusted to publish from."""

from collections.abc import Sequence
from pathlib import Path

from builder.attest.key import PublicKey
from builder.attest.require import unsigned
from builder.publish.candidate.admission import Refused
from builder.store.manifest import Manifest


def require_signed(directory: Path, build: Manifest, keys: Sequence[PublicKey]) -> None:
    """Raise ``Refused`` where a part that the publication rests upon is signed by none of the keys.

    Without any key nothing is asked for.
    """
    reasons = unsigned(directory, build, keys) if keys else []
    if reasons:
        raise Refused(
            f"Build {build.build} of {build.planned().profile} is not published: it is not signed"
            " as --require-signed-by asks.",
            details=reasons,
            hint="Name the keys of all machines that it was built and proven on. What is not signed"
            " is, when those machines make it with GUEST_IMAGE_SIGNING_KEY.",
        )
