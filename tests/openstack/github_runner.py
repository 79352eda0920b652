"""Runs the scripts of a GitHub workflow's job, step by step, as GitHub's runner does.

Steps that use an action are GitHub's own and left out. Of its expressions it knows those that the
definition has; another one is an error.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

LIMIT = 300.0
"""Of one step, in seconds."""
SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""What ``shell: bash`` means."""

_IS_OUTPUT = re.compile(r"steps\.(\w+)\.outputs\.(\w+) == '(\w+)'")


@dataclass
class Night:
    """What a job has done."""

    failed: str = ""
    """The title of the first step that failed."""
    ran: list[str] = field(default_factory=list)
    log: str = ""
    outputs: dict[tuple[str, str], str] = field(default_factory=dict)


class Runner:
    """A runner of its own, with a workspace and a directory for temporary files."""

    def __init__(self, workspace: Path, overrides: Mapping[str, str]) -> None:
        """``overrides`` are variables of the job that are others on this host."""
        self.workspace = workspace
        self.temporary = workspace.parent / "runner-temp"
        self.overrides = overrides

    def run(self, workflow: Path, job: str, secrets: Mapping[str, str]) -> Night:
        """Run a job for the first of its matrix."""
        definition = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"][job]
        context = {f"secrets.{name}": value for name, value in secrets.items()}
        for name, value in definition["strategy"]["matrix"]["include"][0].items():
            context[f"matrix.{name}"] = value
        self.temporary.mkdir()
        files = {name: self.temporary / name for name in ("GITHUB_ENV", "GITHUB_OUTPUT")}
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "RUNNER_TEMP": str(self.temporary),
            **{name: str(path) for name, path in files.items()},
            **_filled(definition["env"], context),
            **self.overrides,
        }
        night = Night()
        for step in definition["steps"]:
            if "run" in step and _wanted(step.get("if", ""), night):
                for path in files.values():
                    path.write_text("")
                variables = {**environment, **_filled(step.get("env", {}), context)}
                self._step(step, variables, night)
                environment |= _pairs(files["GITHUB_ENV"])
                for name, value in _pairs(files["GITHUB_OUTPUT"]).items():
                    night.outputs[step["id"], name] = value
        for path in files.values():
            path.unlink()
        self.temporary.rmdir()  # nothing is left there, above all no credentials
        return night

    def _step(self, step: Mapping[str, Any], variables: Mapping[str, str], night: Night) -> None:
        script = self.temporary / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        done = subprocess.run(
            [*SHELL, script],
            cwd=self.workspace,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=LIMIT,
        )
        script.unlink()
        night.ran.append(step["name"])
        night.log += f"## {step['name']}\n{done.stdout}"
        if done.returncode != 0:
            night.failed = night.failed or step["name"]


def _wanted(condition: str, night: Night) -> bool:
    if condition == "always()":
        return True
    if found := _IS_OUTPUT.fullmatch(condition):
        return not night.failed and night.outputs.get((found[1], found[2])) == found[3]
    assert not condition, f"unknown condition: {condition}"
    return not night.failed


def _filled(variables: Mapping[str, str], context: Mapping[str, str]) -> dict[str, str]:
    """Variables with their expressions evaluated; a secret that there is not is empty."""

    def value(match: re.Match[str]) -> str:
        return context.get(match[1], "") if match[1].startswith("secrets.") else context[match[1]]

    return {name: re.sub(r"\$\{\{ ([\w.]+) \}\}", value, text) for name, text in variables.items()}


def _pairs(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}
