"""Scheduled builds as jobs of Zuul, with their playbooks. Pure.

The words are those of Zuul's "Project Configuration". A directory leaves room for the project's own
configuration, above all for the secret, which only the project's key can encrypt. The pipeline with
its timer and its reporters is the tenant's. A job's nodes are asked for by their label.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from builder.ci.document import document
from builder.ci.nightly import Nightly, Place
from builder.ci.steps import (
    COLLECT,
    DUE,
    INSTALL,
    LIMIT_HOURS,
    PREPARE,
    RESULTS,
    environment,
    steps,
)

JOBS = ".zuul.d/guest-image.yaml"
RUN = "playbooks/guest-image/run.yaml"
POST = "playbooks/guest-image/post.yaml"
LABEL = "guest-image"
SECRET = "guest-image-clouds"  # noqa: S105 - the name that Zuul knows it by
KEYS_SECRET = "guest-image-keys"  # noqa: S105 - as above
PIPELINE = "periodic"

_CLOUDS_YAML = "{{ ansible_user_dir }}/guest-image-clouds.yaml"
_KEY = "{{ ansible_user_dir }}/guest-image-signing.pem"
_MINISIGN_KEY = "{{ ansible_user_dir }}/guest-image-minisign.key"
_HAS_MINISIGN = "guest_image_keys.minisign_key is defined"
_KEYS = {
    "GUEST_IMAGE_SIGNING_KEY": _KEY,
    "GUEST_IMAGE_MINISIGN_KEY": (
        "{{ ansible_user_dir ~ '/guest-image-minisign.key' if " + _HAS_MINISIGN + " else '' }}"
    ),
}
_TOP = "{{ zuul.project.src_dir }}"
_SUBMODULES = "git submodule update --init --recursive\n"

_Task = Mapping[str, Any]  # Any: as YAML has it


def files(nightly: Nightly) -> Mapping[str, str]:
    """The configuration and its playbooks, by their paths in the repository."""
    secrets = " and ".join(_secrets(nightly).values())
    data = {JOBS: _configuration(nightly), RUN: _run(nightly), POST: _post(nightly)}
    comments = {
        JOBS: [
            nightly.command,
            f"It needs {secrets}, and {PIPELINE}, a pipeline with the timer '{nightly.schedule}'.",
        ]
    }
    return {
        path: document(content, comments.get(path, [nightly.command]))
        for path, content in data.items()
    }


def _configuration(nightly: Nightly) -> Sequence[Mapping[str, Any]]:
    semaphores = [{"semaphore": {"name": _job(image.name), "max": 1}} for image in nightly.images]
    jobs = [
        {
            "job": {
                "name": _job(image.name),
                "parent": "guest-image",
                "semaphores": [_job(image.name)],
                "vars": {"guest_image_profile": image.profile, "guest_image_name": image.name},
            }
        }
        for image in nightly.images
    ]
    project = {PIPELINE: {"jobs": [_job(image.name) for image in nightly.images]}}
    return [*semaphores, {"job": _base(nightly)}, *jobs, {"project": project}]


def _job(name: str) -> str:
    return f"guest-image-{name}"


def _base(nightly: Nightly) -> Mapping[str, Any]:
    return {
        "name": "guest-image",
        "abstract": True,
        "description": "Build a guest image where one is due, publish, prove and promote it.",
        "nodeset": {"nodes": [{"name": "builder", "label": nightly.runner or LABEL}]},
        "secrets": [{"name": name, "secret": secret} for name, secret in _secrets(nightly).items()],
        "run": RUN,
        "post-run": [{"name": POST, "cleanup": True}],
        "timeout": LIMIT_HOURS * 3600,
    }


def _secrets(nightly: Nightly) -> Mapping[str, str]:
    """The secrets by their names in playbooks."""
    keys = {"guest_image_keys": KEYS_SECRET} if nightly.signed_by else {}
    return {"guest_image_clouds": SECRET, **keys}


def _run(nightly: Nightly) -> Sequence[Mapping[str, Any]]:
    new = nightly.place is Place.CONTAINER
    due = {
        **_shell("Ask whether a build is due", DUE + 'exit "$status"\n'),
        "register": "due",
        "failed_when": "due.rc not in [0, 10]",
        "changed_when": "due.rc == 0",
    }
    tasks = [
        _secret_file("Log in to the clouds", "guest_image_clouds.clouds_yaml", _CLOUDS_YAML),
        *(_key_files() if nightly.signed_by else ()),
        *(_new_system() if new else ()),
        due,
        *({**_shell(step.title, step.script), "when": "due.rc == 0"} for step in steps(nightly)),
    ]
    return [{**_play(nightly), "tasks": tasks}]


def _secret_file(title: str, secret: str, path: str) -> _Task:
    """A secret as a file: in a variable, the node's other users could see it."""
    copy = {"content": f"{{{{ {secret} }}}}", "dest": path, "mode": "0600"}
    return {"name": title, "copy": copy, "no_log": True}


def _key_files() -> Sequence[_Task]:
    minisign = _secret_file("Write minisign's key", "guest_image_keys.minisign_key", _MINISIGN_KEY)
    return (
        _secret_file("Write the signing key", "guest_image_keys.signing_key", _KEY),
        {**minisign, "when": _HAS_MINISIGN},
    )


def _new_system() -> Sequence[_Task]:
    return (
        {**_shell("Prepare the node", PREPARE), "become": True},
        _shell("Fetch the submodules", _SUBMODULES),
        _shell("Install guest-image", INSTALL),
    )


def _post(nightly: Nightly) -> Sequence[Mapping[str, Any]]:
    secrets = {"the clouds' credentials": _CLOUDS_YAML}
    if nightly.signed_by:
        secrets |= {"the signing key": _KEY, "minisign's key": _MINISIGN_KEY}
    tasks = [
        *(
            {"name": f"Remove {what}", "file": {"path": path, "state": "absent"}}
            for what, path in secrets.items()
        ),
        _shell("Collect the artefacts", COLLECT),
        {
            "name": "Fetch the artefacts",
            "synchronize": {
                "mode": "pull",
                "src": f"{_TOP}/{RESULTS}/",
                "dest": "{{ zuul.executor.log_root }}/guest-image",
            },
        },
    ]
    return [{**_play(nightly), "tasks": tasks}]


def _play(nightly: Nightly) -> Mapping[str, Any]:
    return {
        "hosts": "all",
        "environment": {
            **environment(nightly),
            "PROFILE": "{{ guest_image_profile }}",
            "NAME": "{{ guest_image_name }}",
            "OS_CLIENT_CONFIG_FILE": _CLOUDS_YAML,
            **(_KEYS if nightly.signed_by else {}),
        },
    }


def _shell(title: str, script: str) -> _Task:
    return {
        "name": title,
        "shell": {
            "cmd": f"set -eu -o pipefail\n{script}",
            "chdir": _TOP,
            "executable": "/bin/bash",
        },
    }
