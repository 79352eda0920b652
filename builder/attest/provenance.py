"""What an image was made from, by whom, and what came of it: SLSA's provenance v1."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from builder.attest.canonical import build_sections, section_digests
from builder.attest.key import Attester
from builder.attest.statement import PROVENANCE, Json, descriptor, descriptors, statement
from builder.plan.model import Plan
from builder.profile.snapshot import told
from builder.store.manifest import FILE_NAME, Manifest

BUILT = "guest-image-builder:build/v1"
ADOPTED = "guest-image-builder:adopt/v1"
"""Types of a build: how the parameters became the image."""

SECTION = f"{FILE_NAME}#"
"""Begins the name of a manifest's section among the byproducts."""


def provenance(
    build: Manifest, files: Mapping[str, str], attester: Attester, finished: datetime
) -> dict[str, object]:
    """The provenance of a build.

    ``files`` are those beside the image that nobody changes any more, by their SHA-256.
    """
    plan = build.planned()
    formats = {file.name: file.sha256 for file in build.formats}
    bills = {bill.name: bill.sha256 for bill in build.sbom}
    sections = build_sections(section_digests(build))
    return statement(
        build.image,
        PROVENANCE,
        {
            "buildDefinition": {
                "buildType": ADOPTED if build.adopted else BUILT,
                "externalParameters": _parameters(build, plan),
                "internalParameters": {"inputs": build.inputs, "tools": build.tools},
                "resolvedDependencies": [*_inputs(build, plan)],
            },
            "runDetails": {
                "builder": {
                    "id": builder_id(attester),
                    "version": {
                        name: build.tools[name]
                        for name in ("guest-image-builder", "diskimage-builder")
                        if name in build.tools
                    },
                },
                "metadata": {
                    "invocationId": build.build,
                    "startedOn": told(build.created),
                    "finishedOn": told(finished),
                },
                "byproducts": [
                    *descriptors({name: files[name] for name in files if name not in bills}),
                    *descriptors({f"{SECTION}{name}": sections[name] for name in sections}),
                ],
            },
        },
        *descriptors({**formats, **bills}),
    )


def builder_id(attester: Attester) -> str:
    """Whom a verifier trusts: whoever has this key."""
    return f"guest-image-builder:key/{attester.key_id}"


def _parameters(build: Manifest, plan: Plan) -> Json:
    if build.adopted:
        return {"source": build.adopted.source}
    return {
        "profile": plan.profile,
        "distribution": plan.distribution.name,
        "disk": build.plan.get("disk", {}),
        "features": plan.parameters,
        "packages": plan.packages,
        "environment": plan.environment,
        **({"snapshot": told(build.snapshot.at)} if build.snapshot else {}),
    }


def _inputs(build: Manifest, plan: Plan) -> Iterator[Json]:
    """What the image was made from. Its packages are in the bills of materials."""
    if build.adopted:
        yield descriptor(build.adopted.source, build.inputs)
    for path, sha256 in build.keyrings.items():
        yield {"uri": f"file://{path}", "digest": {"sha256": sha256}}
    if build.snapshot:
        for suite, release in build.snapshot.suites.items():
            yield {
                **descriptor(f"release file of {suite}", release.sha256),
                "annotations": {"guestimage_date": told(release.date)},
            }
    for source in plan.files:
        yield descriptor(source.name, source.sha256)
    for name, version in build.ingredients.items():
        # Or the beginning of a SHA-256, which is no digest by itself.
        yield {"name": name, "annotations": {"guestimage_ingredient": version}}
