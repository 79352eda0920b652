"""Runs the scripts of a GitLab job as GitLab does: in one shell, and what follows in another."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import yaml
from github_runner import LIMIT, Night

SHELL = ("bash", "-eo", "pipefail", "-c")


def run(pipeline: Path, job: str, variables: Mapping[str, str]) -> Night:
    """Run a job; ``variables`` are the project's own, and those that are others on this host."""
    definition = yaml.safe_load(pipeline.read_text(encoding="utf-8"))
    template = definition[definition[job]["extends"]]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        **template["variables"],
        **definition[job]["variables"],
        **variables,
    }
    night = Night()
    for part in ("script", "after_script"):
        done = subprocess.run(
            [*SHELL, "\n".join(template[part])],
            cwd=pipeline.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=LIMIT,
        )
        night.log += done.stdout
        if done.returncode != 0:
            night.failed = night.failed or part
    return night
