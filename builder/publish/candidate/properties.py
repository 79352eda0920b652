"""From a manifest to the image as it is to be in Glance. Pure.

A property is a claim with evidence, or says what was built and what its publisher promises
(SCS-0102); nothing else is sent.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC

from builder.errors import InputError
from builder.nova.conflicts import nova_conflicts
from builder.nova.properties import NAME_LIMIT, complaints
from builder.plan.model import Plan
from builder.profile.publication import Publication
from builder.publish.candidate.admission import Admission
from builder.publish.cloud.data import own_data
from builder.publish.cloud.image import BUILD, NAME, OBSERVED, PROFILE, SBOM, SHA256, Wanted
from builder.publish.cloud.names import dated, draft_name, public_name
from builder.scs.purpose import GENERIC, PURPOSE
from builder.scs.sources import vendor_sources
from builder.store.manifest import Manifest
from builder.words import counted, shown

GIB = 1024**3

_PROMISES = (
    "os_purpose",
    "replace_frequency",
    "hotfix_hours",
    "provided_until",
    "uuid_validity",
    "image_source",
    "patchlevel",
    "maintained_until",
    "l1_support_contact",
    "license_included",
    "license_required",
    "subscription_included",
    "subscription_required",
    "hypervisor_type",
)
"""Keys of a profile's section ``publish`` that are properties of the same name."""


def wanted(build: Manifest, admission: Admission, settings: Publication) -> Wanted:
    """The image as it is to be.

    Raises ``InputError`` with everything that Nova would refuse or ignore, and for an image that
    calls itself generic and is not its vendor's.
    """
    image = described(build, admission, settings)
    plan = build.planned()
    _refuse_nonsense(build, image.properties, plan)
    _refuse_made_generic(build, image.properties)
    _refuse_long(image.name, draft_name(image.name, build.build), dated(image.name, build.created))
    return image


def described(build: Manifest, admission: Admission, settings: Publication) -> Wanted:
    """The same, whatever Nova and the standards make of it."""
    plan = build.planned()
    properties = {claim.property: claim.value for claim in admission.claims}
    properties |= _origin(build, plan, settings) | _promises(settings)
    name = public_name(plan, settings)
    properties |= {
        PROFILE: plan.profile,
        BUILD: build.build,
        NAME: name,
        SHA256: build.image.sha256,
        **({SBOM: _bills(build)} if build.sbom else {}),
        **({OBSERVED: ",".join(admission.observed)} if admission.observed else {}),
    }
    return Wanted(
        profile=plan.profile,
        build=build.build,
        name=name,
        data=own_data(build.image),
        min_disk=-(-build.image.virtual_size // GIB),
        min_ram=settings.min_ram_mib or _least_memory(plan),
        visibility=settings.visibility,
        members=settings.members,
        protected=settings.protected,
        tags=frozenset((*_distribution_tag(plan), *settings.tags, *admission.tags)),
        properties=dict(sorted(properties.items())),
        content_sha256=build.image.content_sha256,
        virtual_size=build.image.virtual_size,
    )


def signed(image: Wanted, signature: Mapping[str, str]) -> Wanted:
    """The image with the properties of its signature. Raises ``InputError`` for wrong ones."""
    if wrong := complaints(signature):
        raise InputError(
            "The image is not signed: Nova would refuse its signature.",
            details=wrong,
            hint="Give the certificate's id in Barbican, which is a UUID.",
        )
    return replace(image, properties=dict(sorted({**image.properties, **signature}.items())))


def _distribution_tag(plan: Plan) -> tuple[str, ...]:
    distro = plan.distribution.os_distro
    return (f"os:{distro}",) if distro else ()


def _origin(build: Manifest, plan: Plan, settings: Publication) -> dict[str, str]:
    user = settings.image_original_user or plan.distribution.default_user
    return {
        "image_build_date": f"{build.created.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        **({"image_original_user": user} if user else {}),
        "image_description": settings.image_description or plan.description or plan.profile,
    }


def _bills(build: Manifest) -> str:
    return ",".join(f"{bill.name}:{bill.sha256}" for bill in build.sbom)


def _promises(settings: Publication) -> dict[str, str]:
    values = {name: getattr(settings, name) for name in _PROMISES}
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in values.items()
        if value is not None
    }


def _least_memory(plan: Plan) -> int:
    return min((boot.machine.memory_mib for boot in plan.boots), default=0)


def _refuse_long(name: str, *derived: str) -> None:
    beyond = max(map(len, derived)) - NAME_LIMIT
    if beyond > 0:
        raise InputError(
            f"The public name is {counted(beyond, 'character')} too long: {shown(name)}",
            details=[f"Glance takes {NAME_LIMIT}, and more is added while an image is published."],
            hint="Shorten 'name' in the profile's section 'publish'.",
        )


def _refuse_made_generic(build: Manifest, properties: Mapping[str, str]) -> None:
    distro, version = (properties.get(name, "") for name in ("os_distro", "os_version"))
    sources = vendor_sources(distro, version) if properties[PURPOSE] == GENERIC else None
    if sources is not None and not sources.have(properties["image_source"]):
        raise InputError(
            f"Build {build.build} is not published: a generic image of {distro} {version} is the"
            " vendor's (SCS-0104).",
            details=[
                f"Its image_source is {shown(properties['image_source'])}.",
                f"The vendor's begin with {sources}",
            ],
            hint="Write 'os_purpose: custom', or minimal, in the profile's section 'publish', and"
            " name that profile with --settings.",
        )


def _refuse_nonsense(build: Manifest, properties: Mapping[str, str], plan: Plan) -> None:
    reasons = complaints(properties)
    reasons += [
        f"{conflict.name}: {conflict.reason}. {conflict.remedy}"
        for conflict in nova_conflicts(properties, plan.flavor)
    ]
    if reasons:
        raise InputError(
            f"Build {build.build} of {plan.profile} is not published: Nova would refuse or ignore"
            " some of its properties.",
            details=reasons,
            hint="Correct the profile's features and its section 'publish', and build it again.",
        )
