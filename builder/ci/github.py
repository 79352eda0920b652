"""Scheduled builds as a workflow of GitHub Actions. Pure.

The words are those of GitHub's "Workflow syntax for GitHub Actions". ``concurrency`` lets a second
run of the same image wait; ``runner.temp`` is emptied by the runner after each job.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from builder.ci.document import document
from builder.ci.nightly import Nightly, Place
from builder.ci.scripts import script
from builder.ci.steps import (
    COLLECT,
    DUE,
    INSTALL,
    KEYS,
    LIMIT_HOURS,
    PREPARE,
    RESULTS,
    SYSTEM,
    Step,
    cached,
    environment,
    steps,
)

FILE = ".github/workflows/guest-image.yml"
HOSTED = "ubuntu-24.04"
"""GitHub's own runner; the containers of jobs run in it."""
LABEL = "guest-image"

_Step = Mapping[str, Any]  # Any: a step has texts and mappings

_IS_DUE = "steps.due.outputs.due == 'true'"

_CLOUDS = script("log-in-github.sh")

_TELL_DUE = script("due-in-github.sh")

_NOTIFY = script("notify-github.sh")


def files(nightly: Nightly) -> Mapping[str, str]:
    """The workflow's file by its path in the repository."""
    return {FILE: document(_workflow(nightly), [nightly.command])}


def _workflow(nightly: Nightly) -> Mapping[str, Any]:  # Any: as YAML has it
    return {
        "name": "Guest images",
        "on": {"schedule": [{"cron": nightly.schedule}], "workflow_dispatch": {}},
        "permissions": {"contents": "read"},
        "jobs": {"image": _image_job(nightly), "notify": _notify_job()},
    }


def _image_job(nightly: Nightly) -> Mapping[str, Any]:
    images = [{"name": image.name, "profile": image.profile} for image in nightly.images]
    return {
        "name": "${{ matrix.name }}",
        "strategy": {"fail-fast": False, "matrix": {"include": images}},
        "concurrency": {"group": "guest-image-${{ matrix.name }}", "cancel-in-progress": False},
        **_where(nightly),
        "timeout-minutes": LIMIT_HOURS * 60,
        "defaults": {"run": {"shell": "bash"}},
        "env": {
            **environment(nightly),
            "PROFILE": "${{ matrix.profile }}",
            "NAME": "${{ matrix.name }}",
        },
        "steps": [*_begin(nightly), *_work(nightly), *_end()],
    }


def _where(nightly: Nightly) -> Mapping[str, Any]:
    if nightly.place is Place.SELF_HOSTED:
        return {"runs-on": ["self-hosted", nightly.runner or LABEL]}
    return {
        "runs-on": nightly.runner or HOSTED,
        "container": {"image": SYSTEM, "options": "--privileged"},  # a build mounts
    }


def _begin(nightly: Nightly) -> Sequence[_Step]:
    new = nightly.place is Place.CONTAINER
    fetch = {"uses": "actions/checkout@v6", "with": {"submodules": "recursive"}}
    cache = {
        "uses": "actions/cache@v5",
        "with": {
            "path": "\n".join([*cached(nightly), ""]),
            "key": "guest-image-${{ matrix.name }}-${{ github.run_id }}",
            "restore-keys": "guest-image-${{ matrix.name }}-",
        },
    }
    return (
        *([{"name": "Prepare the container", "run": PREPARE}] if new else ()),
        fetch,
        *([cache, {"name": "Install guest-image", "run": INSTALL}] if new else ()),
    )


def _work(nightly: Nightly) -> Sequence[_Step]:
    return (
        {
            "name": "Log in to the clouds",
            "env": {"CLOUDS_YAML": "${{ secrets.CLOUDS_YAML }}"},
            "run": _CLOUDS,
        },
        {"name": "Ask whether a build is due", "id": "due", "run": DUE + _TELL_DUE},
        *(_step(step, nightly) for step in steps(nightly)),
    )


def _step(step: Step, nightly: Nightly) -> _Step:
    """One that is done where a build is due; a secret that there is not is empty."""
    signs = step.signs and nightly.signed_by
    keys = {"env": {name: f"${{{{ secrets.{name} }}}}" for name in KEYS}} if signs else {}
    return {"name": step.title, "if": _IS_DUE, **keys, "run": step.script}


def _end() -> Sequence[_Step]:
    return (
        {
            "name": "Remove the clouds' credentials",
            "if": "always()",
            "run": 'rm -f "$RUNNER_TEMP/clouds.yaml"\n',
        },
        {"name": "Collect the artefacts", "if": "always()", "run": COLLECT},
        {
            "if": "always()",
            "uses": "actions/upload-artifact@v6",
            "with": {"name": "${{ matrix.name }}", "path": RESULTS, "if-no-files-found": "ignore"},
        },
    )


def _notify_job() -> Mapping[str, Any]:
    return {
        "needs": "image",
        "if": "${{ !success() }}",  # a job that has come to its limit of time is "cancelled"
        "runs-on": HOSTED,
        "timeout-minutes": 5,
        "permissions": {"issues": "write"},
        "steps": [
            {
                "name": "Open an issue",
                "env": {
                    "GH_TOKEN": "${{ github.token }}",
                    "GH_REPO": "${{ github.repository }}",
                    "RUN": "${{ github.server_url }}/${{ github.repository }}/actions/runs/"
                    "${{ github.run_id }}",
                },
                "run": _NOTIFY,
            }
        ],
    }
