"""Parses a project's configuration as Zuul does. Runs in Zuul's virtual environment.

Its input is the text of a file, its output JSON: what Zuul would report, and what it understood.
No connection is there, so that no pipeline can be defined, only named.
"""

import json
import sys
from types import SimpleNamespace
from typing import Any

from zuul.configloader import ParseContext, TenantParser, safe_load_yaml
from zuul.model import ParsedConfig, SourceContext, UnparsedConfig


def parse(text: str) -> ParsedConfig:
    """What Zuul makes of a file of an untrusted project."""
    file = SourceContext("git.example.org/images", "images", "git", "main", ".zuul.d/images.yaml")
    unparsed = UnparsedConfig()
    unparsed.extend(safe_load_yaml(text, file))
    context = ParseContext(SimpleNamespace(connections={}), None, None, None)
    return TenantParser.parseConfig(None, unparsed, context)  # it needs nothing of its object


def answer(parsed: ParsedConfig) -> dict[str, Any]:
    """Of the parsed configuration what tests ask for."""
    errors = [
        str(error.error) for name in vars(parsed) if name.endswith("_errors")
        for error in getattr(parsed, name)
    ]  # fmt: skip
    jobs = {
        job.name: {
            "parent": job.parent,
            "semaphores": [semaphore.name for semaphore in job.semaphores],
            "labels": [node.label for node in job.nodeset.getNodes()],
            "playbooks": [playbook.path for playbook in (*job.run, *job.post_run)],
            "secrets": [secret.name for secret in job.secrets],
            "timeout": job.timeout,
            "variables": job.variables,
        }
        for job in parsed.jobs
    }
    pipelines = {
        name: list(pipeline.job_list.jobs)
        for project in parsed.projects
        for name, pipeline in project.pipelines.items()
    }
    return {
        "errors": errors,
        "jobs": jobs,
        "pipelines": pipelines,
        "semaphores": {semaphore.name: semaphore.max for semaphore in parsed.semaphores},
    }


if __name__ == "__main__":
    json.dump(answer(parse(sys.stdin.read())), sys.stdout)
