"""A build and its evidence, ready to be published, and the record of where it was."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from builder.attest.key import PublicKey
from builder.errors import ImageError
from builder.features.registry import installed
from builder.image.safety import format_of
from builder.nova.properties import SIGNATURE
from builder.profile.load import load
from builder.profile.publication import Publication
from builder.publish.candidate.admission import Admission, Waivers, admit, require_young
from builder.publish.candidate.bills import require_bills
from builder.publish.candidate.properties import signed, wanted
from builder.publish.candidate.security_gate import require_updates
from builder.publish.candidate.signature import Signer
from builder.publish.candidate.signed_by import require_signed
from builder.publish.candidate.stream import Origin, pieces_of
from builder.publish.cloud.history import find
from builder.publish.cloud.image import Wanted
from builder.publish.cloud.survey import Survey
from builder.store import manifest
from builder.store.manifest import Manifest


@dataclass(frozen=True)
class Ready:
    """A build that may be published."""

    directory: Path
    build: Manifest
    admission: Admission
    settings: Publication
    wanted: Wanted
    origin: Origin
    max_security_lag: timedelta | None = None
    """How long a security update may be there that the build lacks; None where nobody asks."""


def settings_of(profile: str | None) -> Publication | None:
    """What a profile says of publishing; None where none is named. Raises ``InputError``."""
    return None if profile is None else load(profile, installed()).publish


def ready(
    directory: Path,
    waivers: Waivers,
    *,
    max_age: timedelta,
    settings: Publication | None = None,
    origin: Origin | None = None,
    signer: Signer | None = None,
    signers: Sequence[PublicKey] = (),
    max_security_lag: timedelta | None = None,
) -> Ready:
    """Judge a build's evidence and say what would be published.

    ``settings`` stand in for those that it was built with, ``origin`` for its own file; with a
    ``signer`` the image is signed. Where ``signers`` are given, one of them must have signed build
    and evidence. Raises ``Refused``, ``InputError`` and ``ImageError``. Evidence that is too old,
    and security updates that are lacking longer than ``max_security_lag``, refuse an upload only,
    by ``for_cloud``.
    """
    build = manifest.read(directory)
    require_signed(directory, build, signers)
    chosen = settings or build.planned().publish
    admission = admit(build, waivers, now=datetime.now(UTC), max_age=max_age)
    path = directory / build.image.name
    if origin is None:
        _require_format(path, build)
        require_bills(directory, build)
        origin = Origin(lambda: pieces_of(path))
    image = wanted(build, admission, chosen)
    if signer is not None:
        earlier = [publication.properties for publication in reversed(build.published)]
        image = signed(image, signer.properties(origin.pieces, earlier))
    return Ready(directory, build, admission, chosen, image, origin, max_security_lag)


def for_cloud(ready_build: Ready, seen: Survey, endpoint: str) -> Ready:
    """The same for one cloud, by what it has and what it was sent before.

    A signature stays as long as no other is made. Raises ``Refused`` where the data would have to
    be sent and the evidence is too old for that, or the image lacks security updates for too long;
    ``HostError`` where nobody knows whether it does.
    """
    image = find(seen.images, ready_build.wanted)
    if image is None:
        require_young(ready_build.build, ready_build.admission)
        if ready_build.max_security_lag is not None:
            require_updates(ready_build.build, ready_build.max_security_lag)
    if set(SIGNATURE) <= set(ready_build.wanted.properties):
        return ready_build
    records = [
        publication.properties
        for publication in ready_build.build.published
        if publication.endpoint == endpoint
    ]
    before = records[-1] if records else image.properties if image else {}
    if not set(SIGNATURE) <= set(before):
        return ready_build
    signature = {name: before[name] for name in SIGNATURE}
    return replace(ready_build, wanted=signed(ready_build.wanted, signature))


def _require_format(path: Path, build: Manifest) -> None:
    found, size = format_of(path), path.stat().st_size
    if (found, size) == (build.image.format, build.image.size):
        return
    raise ImageError(
        f"{path} is not the file that was built and proven.",
        details=[
            f"It is {found} of {size} bytes, and was {build.image.format} of {build.image.size}."
        ],
        hint=f"Build it again: guest-image image {build.planned().profile}",
    )
