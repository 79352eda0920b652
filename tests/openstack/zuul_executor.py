"""Runs the playbooks of a Zuul job as Zuul's executor does, by a real Ansible on this machine."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from cloudtemplate import CACHE, require_installed
from github_runner import LIMIT, Night

from builder.ci.zuul import JOBS, POST, RUN

MODULES = Path(__file__).with_name("zuul_modules")


def run(
    repository: Path, job: str, overrides: Mapping[str, str], secrets: Mapping[str, Any], home: Path
) -> Night:
    """Run a job's playbooks, whose logs come to ``home/logs``.

    ``overrides`` are variables of the scripts that are others on this host.
    """
    require_installed("installed-zuul")
    stanzas = yaml.safe_load((repository / JOBS).read_text(encoding="utf-8"))
    jobs = {stanza["job"]["name"]: stanza["job"] for stanza in stanzas if "job" in stanza}
    variables = home / "variables.json"
    zuul = {
        "project": {"src_dir": str(repository)},
        "executor": {"log_root": str(home / "logs")},
    }
    of_host = {
        "ansible_user_dir": str(home),
        "ansible_python_interpreter": str(CACHE / "zuul/bin/python"),
    }
    text = json.dumps({**jobs[job]["vars"], "zuul": zuul, **of_host, **secrets})
    variables.write_text(text, encoding="utf-8")
    night = Night()
    for name in (RUN, POST):
        (play,) = yaml.safe_load((repository / name).read_text(encoding="utf-8"))
        play["environment"] |= overrides
        playbook = home / "playbook.yaml"
        playbook.write_text(yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
        done = subprocess.run(
            [CACHE / "zuul/bin/ansible-playbook", "-v", "-i", "localhost,", "-c", "local",
             "-e", f"@{variables}", playbook],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "ANSIBLE_LIBRARY": str(MODULES),
                "ANSIBLE_NOCOLOR": "1",
                "LC_ALL": "C.UTF-8",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=LIMIT,
        )  # fmt: skip
        night.log += done.stdout
        if done.returncode != 0:
            night.failed = night.failed or name
    variables.unlink()
    return night
