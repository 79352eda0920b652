"""What a night does for one image, as short scripts of bash. Pure.

Whatever differs from job to job reaches them as environment variables, so that no name becomes part
of a script. All but the first run only where that has found a build due.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from builder.ci.nightly import Nightly, Place

RESULTS = "results"
"""Where a night's artefacts lie, below the repository's top."""
BUILDS = "dist"
CACHE = ".cache/packages"
"""Where builds and packages lie on a new system: below the repository's top, as CIs cache them."""
SYSTEM = "debian:13"
"""The container image in which a new system begins."""
LIMIT_HOURS = 4
"""Of one image's job; emulated guests boot for half an hour."""

PREPARE = """\
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \\
    ca-certificates git make python3-venv sudo > /dev/null
"""
"""Of a new system: what fetches the repository and installs the program."""

INSTALL = 'make -C "$CHECKOUT" .venv/installed\n'
"""Of a new system; what only a build needs is installed by the build."""

DUE = """\
rm -rf "$RESULTS"
mkdir -p "$RESULTS"
status=0
"$GUEST_IMAGE" due "$PROFILE" --output "$OUTPUT" --cloud "$STAGING" --cloud "$PRODUCTION" \\
    | tee "$RESULTS/due.txt" || status=$?
"""
"""Ends with ``status``: 0 due, 10 not due, and anything else for a night that failed."""

COLLECT = """\
mkdir -p "$RESULTS"
if [ -e "$RESULTS/due.txt" ] && [ -d "$OUTPUT/$NAME" ]; then
    find "$OUTPUT/$NAME" -mindepth 2 -maxdepth 2 -type f -newer "$RESULTS/due.txt" \\
        ! -name 'image.*' -exec cp -t "$RESULTS" {} +
fi
"""
"""The night's artefacts: all that it wrote into a build directory, but for the image. Of a build
that failed that is its log."""

_HOST = 'make -C "$CHECKOUT" host\n'

_BUILD = """\
kept=DIB_DISTRIBUTION_MIRROR,DIB_DEBIAN_SECURITY_MIRROR,http_proxy,https_proxy,no_proxy
sudo --preserve-env="GUEST_IMAGE_CACHE,$kept" "$GUEST_IMAGE" image "$PROFILE" --fresh \\
    --output "$OUTPUT" --junit "$RESULTS/junit.xml"
"""

_OWN = 'sudo chown -R "$(id -u)" "$OUTPUT/$NAME" "$RESULTS"\n'
"""Publishing needs no root's rights, and notes in the build directory what it has done."""

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

_FORGET_OLDER = """\
if newest=$(readlink "$OUTPUT/$NAME/latest"); then
    sudo find "$OUTPUT/$NAME" -mindepth 2 -maxdepth 2 -name 'image.*' ! -path "*/$newest/*" -delete
fi
"""
"""So that a host's disk does not fill, also where night after night fails: it has two images at
most. Manifests and reports stay."""


@dataclass(frozen=True)
class Step:
    """A script with its title, for a night on which a build is due."""

    title: str
    script: str


def steps(nightly: Nightly) -> Sequence[Step]:
    """What is done, in this order, where a build is due. The first that fails ends the night."""
    new = nightly.place is Place.CONTAINER
    work = (
        Step("Build the image and prove it", (_HOST if new else "") + _BUILD + _OWN),
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
