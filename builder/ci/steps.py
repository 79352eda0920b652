"""What a night does for one image, as short scripts of bash. Pure.

Whatever differs from job to job reaches them as environment variables, so that no name becomes part
of a script. All but the first run only where that has found a build due.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from builder.ci.nightly import Nightly, Place
from builder.ci.scripts import script

RESULTS = "results"
"""Where a night's artefacts lie, below the repository's top."""
BUILDS = "dist"
CACHE = ".cache/packages"
"""Where builds and packages lie on a new system: below the repository's top, as CIs cache them."""
SYSTEM = "debian:13"
"""The container image in which a new system begins."""
LIMIT_HOURS = 4
"""Of one image's job; emulated guests boot for half an hour."""

PREPARE = script("prepare.sh")

INSTALL = 'make -C "$CHECKOUT" .venv/installed\n'
"""Of a new system; what only a build needs is installed by the build."""

DUE = script("due.sh")
"""Ends with ``status``: 0 due, 10 not due, and anything else for a night that failed."""

COLLECT = script("collect.sh")

_HOST = 'make -C "$CHECKOUT" host\n'

_BUILD = script("build.sh")

_PUBLISH = '"$GUEST_IMAGE" publish "$NAME" --output "$OUTPUT" --cloud "$STAGING"\n'

_PROVE = f"""\
"$GUEST_IMAGE" cloud prove "$NAME" --output "$OUTPUT" --cloud "$STAGING"
{_PUBLISH}"""
"""Published again, the image there tells what was observed."""

_PROMOTE = """\
"$GUEST_IMAGE" promote "$NAME" --output "$OUTPUT" --from "$STAGING" --to "$PRODUCTION"
"""

_FORGET_ALL = """\
sudo find "$OUTPUT/$NAME" -mindepth 2 -maxdepth 2 -name 'image.*' -delete
"""
"""The clouds have the images, and the next night needs the manifests only: caches stay small."""

_FORGET_OLDER = script("remove-older.sh")


@dataclass(frozen=True)
class Step:
    """A script with its title, for a night on which a build is due."""

    title: str
    script: str


def steps(nightly: Nightly) -> Sequence[Step]:
    """What is done, in this order, where a build is due. The first that fails ends the night."""
    new = nightly.place is Place.CONTAINER
    work = (
        Step("Build the image and prove it", (_HOST if new else "") + _BUILD),
        Step("Publish it in staging", _PUBLISH),
        Step("Prove it on staging's Nova", _PROVE),
        Step("Promote it to production", _PROMOTE),
    )
    title = "Remove images of earlier builds"
    return (*work, Step(title, _FORGET_ALL)) if new else (Step(title, _FORGET_OLDER), *work)


def environment(nightly: Nightly) -> Mapping[str, str]:
    """The variables of the scripts that all images have in common."""
    of_place = (
        {
            "CHECKOUT": nightly.checkout,
            "GUEST_IMAGE": f"{nightly.checkout}/.venv/bin/guest-image",
            "GUEST_IMAGE_CACHE": CACHE,
            "OUTPUT": BUILDS,
        }
        if nightly.place is Place.CONTAINER
        else {"GUEST_IMAGE": "/usr/local/bin/guest-image", "OUTPUT": "/var/lib/guest-image"}
    )
    clouds = {"STAGING": nightly.staging, "PRODUCTION": nightly.production}
    return {**of_place, "RESULTS": RESULTS, **clouds}


def cached(nightly: Nightly) -> Sequence[str]:
    """What a new system keeps from night to night, below the repository's top."""
    return (BUILDS, CACHE, f"{nightly.checkout}/.venv".removeprefix("./"))
