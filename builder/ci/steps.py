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

KEYS = (
    "GUEST_IMAGE_SIGNING_KEY",
    "GUEST_IMAGE_SIGNING_PASSPHRASE",
    "GUEST_IMAGE_MINISIGN_KEY",
    "GUEST_IMAGE_MINISIGN_PASSPHRASE",
)
"""Variables with the keys that sign, or with the paths of their files; ``build.sh`` passes them."""

_HOST = 'make -C "$CHECKOUT" host\n'

_BUILD = script("build.sh")

_REQUIRE_KEY = ': "${GUEST_IMAGE_SIGNING_KEY:?among the secrets is no key to sign with}"\n'

_REQUIRE_SIGNED = ' --require-signed-by "$SIGNED_BY"'

_PUBLISH = '"$GUEST_IMAGE" publish "$NAME" --output "$OUTPUT" --cloud "$STAGING"'

_PROVE = '"$GUEST_IMAGE" cloud prove "$NAME" --output "$OUTPUT" --cloud "$STAGING"'

_PROMOTE = """\
"$GUEST_IMAGE" promote "$NAME" --output "$OUTPUT" --from "$STAGING" --to "$PRODUCTION"\
"""

_FORGET = "Remove images of earlier builds"

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
    signs: bool = True
    """Whether it needs the keys that sign what is made, where there are any."""


def steps(nightly: Nightly) -> Sequence[Step]:
    """What is done, in this order, where a build is due. The first that fails ends the night."""
    key = _REQUIRE_KEY if nightly.signed_by else ""
    publish, promote = (
        f"{command}{_REQUIRE_SIGNED if nightly.signed_by else ''}\n"
        for command in (_PUBLISH, _PROMOTE)
    )
    prove = f"{_PROVE}\n{publish}"  # published again, the image there tells what was observed
    work = (
        Step("Build the image and prove it", key + _BUILD),
        Step("Publish it in staging", publish),
        Step("Prove it on staging's Nova", prove),
        Step("Promote it to production", promote),
    )
    if nightly.place is Place.CONTAINER:
        host = Step("Install what builds and proofs run", _HOST, signs=False)
        return (host, *work, Step(_FORGET, _FORGET_ALL, signs=False))
    return (Step(_FORGET, _FORGET_OLDER, signs=False), *work)


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
    signed = {"SIGNED_BY": nightly.signed_by} if nightly.signed_by else {}
    return {**of_place, "RESULTS": RESULTS, **clouds, **signed}


def cached(nightly: Nightly) -> Sequence[str]:
    """What a new system keeps from night to night, below the repository's top.

    Packages, which the archive vouches for; nothing would for a bootstrapped system.
    """
    return (BUILDS, f"{CACHE}/packages", f"{nightly.checkout}/.venv".removeprefix("./"))
