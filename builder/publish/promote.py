"""What is current in one cloud, ready to be published in another."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from builder.attest.key import PublicKey
from builder.errors import CloudError, InputError
from builder.profile.publication import Publication
from builder.publish.candidate.admission import Waivers
from builder.publish.candidate.form import Form
from builder.publish.candidate.prepare import Ready, ready
from builder.publish.candidate.stream import Origin
from builder.publish.cloud.data import data_of, own_data
from builder.publish.cloud.difference import content_differences, known_hash
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.history import current
from builder.publish.cloud.survey import name_of, survey
from builder.store import manifest
from builder.store.build_directory import manifests


def promotable(
    source: Glance,
    profile: str,
    dist: Path,
    waivers: Waivers,
    *,
    max_age: timedelta,
    settings: Publication | None,
    signers: Sequence[PublicKey] = (),
    max_security_lag: timedelta | None = None,
) -> Ready:
    """The build that is current in the source, with its data from there.

    Raises ``CloudError`` where nothing is current, or something else than was published,
    ``InputError`` where the build is not here, and ``Refused``.
    """
    name = name_of(source, profile)
    image = current(survey(source, profile, name).images, name)
    if image is None or not image.published:
        raise CloudError(
            f"No image of {profile} is current in cloud '{source}'.",
            hint=f"See what is there: guest-image list --cloud {source}",
        )
    directory = next((path for path, build in manifests(dist) if build.build == image.build), None)
    if directory is None:
        raise InputError(
            f"The manifest of build {image.build} is not here, so nothing tells what is proven.",
            details=[f"Looked for it below: {dist}"],
            hint="Name the directory of builds with --output, or copy the manifest to it.",
        )
    build = manifest.read(directory)
    record = build.published_as(source.endpoint, image.id)
    data = data_of(build, record) if record else own_data(build.image)
    prepared = ready(
        directory,
        waivers,
        max_age=max_age,
        settings=settings,
        signers=signers,
        form=Form(data, Origin(lambda: source.download(image.id, image.size or 0))),
        max_security_lag=max_security_lag,
    )
    # In another algorithm nothing is known; the data is compared on its way in any case.
    expected = known_hash(prepared.wanted, image.hash_algorithm)
    differences = content_differences(image, prepared.wanted, expected)
    if differences:
        raise CloudError(
            f"Image {image.id} in cloud '{source}' is not the one that its manifest tells of.",
            details=[str(difference) for difference in differences],
            hint=f"See what differs: guest-image audit --cloud {source}",
        )
    return prepared
