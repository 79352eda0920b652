"""Scheduled builds as a pipeline of GitLab CI/CD. Pure.

The words are those of GitLab's "CI/CD YAML syntax reference". A job's script is one shell, so that
an ``exit 0`` ends a night on which nothing is due; ``resource_group`` lets a second run of the same
image wait. GitLab writes a variable of type *file* to a file and gives its path: the variable has
the name that OpenStack's clients look for.
"""

from collections.abc import Mapping
from typing import Any

from builder.ci.document import document
from builder.ci.nightly import Nightly, Place
from builder.ci.scripts import script
from builder.ci.steps import (
    COLLECT,
    DUE,
    INSTALL,
    LIMIT_HOURS,
    PREPARE,
    RESULTS,
    SYSTEM,
    cached,
    environment,
    steps,
)

FILE = ".gitlab-ci.yml"
TAG = "guest-image"
TEMPLATE = ".guest-image"

_CLOUDS = """\
set -eu -o pipefail
: "${OS_CLIENT_CONFIG_FILE:?set this variable, of type file, to a clouds.yaml}"
"""

_END_UNLESS_DUE = script("due-in-gitlab.sh")


def files(nightly: Nightly) -> Mapping[str, str]:
    """The pipeline's file by its path in the repository."""
    jobs = {
        f"guest-image:{image.name}": {
            "extends": TEMPLATE,
            "variables": {"PROFILE": image.profile, "NAME": image.name},
        }
        for image in nightly.images
    }
    comments = [
        nightly.command,
        f"Its schedule, '{nightly.schedule}', is made in GitLab: Build > Pipeline schedules.",
    ]
    return {FILE: document({TEMPLATE: _template(nightly), **jobs}, comments)}


def _template(nightly: Nightly) -> Mapping[str, Any]:  # Any: as YAML has it
    work = [step.script for step in steps(nightly)]
    new = nightly.place is Place.CONTAINER
    return {
        **({"image": SYSTEM} if new else {}),
        "tags": [nightly.runner or TAG],
        "rules": [{"if": f'$CI_PIPELINE_SOURCE == "{source}"'} for source in ("schedule", "web")],
        "resource_group": "guest-image-$NAME",
        "interruptible": False,
        "timeout": f"{LIMIT_HOURS}h",
        "variables": {"GIT_SUBMODULE_STRATEGY": "recursive", **environment(nightly)},
        **({"cache": {"key": "guest-image-$NAME", "paths": list(cached(nightly))}} if new else {}),
        "script": [_CLOUDS, *([PREPARE, INSTALL] if new else []), DUE + _END_UNLESS_DUE, *work],
        "after_script": [COLLECT],
        "artifacts": {
            "when": "always",
            "expire_in": "4 weeks",
            "paths": [f"{RESULTS}/"],
            "reports": {"junit": f"{RESULTS}/junit.xml"},
        },
    }
