"""How a verb that checks an image ends: verdict, JUnit file, exit code."""

from pathlib import Path

from builder.cli.options import print_json, write_file
from builder.pipeline import Build
from builder.report.junit import junit_xml
from builder.report.text import evidence_text, verdict_json, verdict_text
from builder.store.manifest import Manifest
from builder.store.verdict import verdict_of
from builder.terminal.output import say, show


def write_junit(path: Path | None, manifest: Manifest) -> None:
    """Write the evidence as JUnit XML where a file is named. Raises ``HostError``."""
    if path is not None:
        write_file(path, junit_xml(manifest))


def conclude(build: Build, *, as_json: bool, inspected_only: bool = False) -> int:
    """Print the verdict; the exit code is 0 where it is complete."""
    verdict = verdict_of(build.manifest)
    if as_json:
        print_json({"directory": str(build.directory), **verdict_json(build.manifest)})
    elif inspected_only:
        evidence = build.manifest.valid_evidence()
        show(evidence_text(result for result in evidence if result.boot is None))
    else:
        show(verdict_text(build.manifest))
        say(f"{build.directory}\n")
    if inspected_only:
        return int(any(problem.boot is None for problem in verdict.problems))
    return int(not verdict.complete)
