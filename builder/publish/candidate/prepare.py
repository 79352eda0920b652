"""A build and its evidence, ready to be published, and the record of where it was."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from builder.attest.key import PublicKey
from builder.errors import InputError
from builder.features.registry import installed
from builder.nova.properties import SIGNATURE
from builder.profile.load import load
from builder.profile.model import DiskFormat
from builder.profile.publication import Publication
from builder.publish.candidate.admission import Admission, Waivers, admit, require_young
from builder.publish.candidate.bills import require_bills
from builder.publish.candidate.form import Form, form_of
from builder.publish.candidate.properties import signed, wanted
from builder.publish.candidate.security_gate import require_updates
from builder.publish.candidate.signature import Signer
from builder.publish.candidate.signed_by import require_signed
from builder.publish.candidate.stream import Origin
from builder.publish.cloud.data import data_of, format_sent
from builder.publish.cloud.history import find
from builder.publish.cloud.image import CloudImage, Wanted
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
    asked: DiskFormat | None = None
    """The format that is asked for; None takes the one that a cloud has been sent before."""
    sent_as: str = ""
    """The format that is sent, or has been."""


def settings_of(profile: str | None) -> Publication | None:
    """What a profile says of publishing; None where none is named. Raises ``InputError``."""
    return None if profile is None else load(profile, installed()).publish


def ready(
    directory: Path,
    waivers: Waivers,
    *,
    max_age: timedelta,
    settings: Publication | None = None,
    form: Form | None = None,
    asked: DiskFormat | None = None,
    signer: Signer | None = None,
    signers: Sequence[PublicKey] = (),
    max_security_lag: timedelta | None = None,
) -> Ready:
    """Judge a build's evidence and say what would be published.

    ``settings`` stand in for those that it was built with, ``form`` for its own files, of which
    ``asked`` chooses one; with a ``signer`` the image is signed. Where ``signers`` are given, one
    of them must have signed build and evidence. Raises ``Refused``, ``InputError`` and
    ``ImageError``. Evidence that is too old, and security updates that are lacking longer than
    ``max_security_lag``, refuse an upload only, by ``for_cloud``.
    """
    build = manifest.read(directory)
    require_signed(directory, build, signers)
    chosen = settings or build.planned().publish
    admission = admit(build, waivers, now=datetime.now(UTC), max_age=max_age)
    image = wanted(build, admission, chosen)
    if form is None:
        form = form_of(directory, build, asked)
        require_bills(directory, build)
    image = replace(image, data=form.data)
    if signer is not None:
        earlier = [publication.properties for publication in reversed(build.published)]
        image = signed(image, signer.properties(form.origin.pieces, earlier))
    return Ready(
        directory=directory,
        build=build,
        admission=admission,
        settings=chosen,
        wanted=image,
        origin=form.origin,
        max_security_lag=max_security_lag,
        asked=asked,
        sent_as=form.data.disk_format,
    )


def for_cloud(ready_build: Ready, seen: Survey, endpoint: str) -> Ready:
    """The same for one cloud, by what it has and what it was sent before.

    A signature stays as long as no other is made. Raises ``Refused`` where the data would have to
    be sent and the evidence is too old for that, or the image lacks security updates for too long;
    ``HostError`` where nobody knows whether it does.
    """
    image = find(seen.images, ready_build.wanted)
    if image is not None:
        ready_build = _as_it_is_there(ready_build, image, endpoint)
    else:
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


def _as_it_is_there(ready_build: Ready, image: CloudImage, endpoint: str) -> Ready:
    """Published before, it has the data that it got then. Raises ``InputError`` for another."""
    build = ready_build.build
    record = build.published_as(endpoint, image.id)
    if record is None:
        return ready_build
    before = format_sent(build, record)
    if ready_build.asked not in (None, before):
        raise InputError(
            f"Build {build.build} is published as {before} already: image {image.id}.",
            details=[f"It cannot become {ready_build.asked}: an image's data never changes."],
            hint="Build it again and publish that; or leave --as out.",
        )
    there = replace(ready_build.wanted, data=data_of(build, record))
    return replace(ready_build, wanted=there, sent_as=before)
