"""A build's report as one HTML file that needs nothing else: no network, no other file.

Whatever was seen in a guest may be hostile. The template escapes all of it, takes out control
characters, and the page's content security policy lets no script run but the report's own.
"""

import base64
import hashlib
import shlex
import stat
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import jinja2

from builder.feature import Grade, Outcome, machine_text
from builder.host.files import replace_text
from builder.report import view
from builder.report.adopted import faults, unproven_text
from builder.report.timeline import timeline
from builder.report.treemap import Rectangle, treemap
from builder.report.units import duration, short_duration, size
from builder.store.build_directory import LOG, boot_log
from builder.store.manifest import Manifest
from builder.store.verdict import verdict_of
from builder.words import printable_lines

FILE_NAME = "report.html"

LOG_LIMIT = 4 * 1024 * 1024
"""Bytes of a log that are read: what the report takes from it stands at its beginning."""

TREEMAP_WIDE = Rectangle(0, 0, 1080, 520)
TREEMAP_NARROW = Rectangle(0, 0, 360, 560)
"""One that can be read on a phone; the style sheet shows either."""


def write_html(directory: Path, build: Manifest) -> None:
    """Write the report of a build directory; a reader sees the old one or the new one."""
    replace_text(directory / FILE_NAME, read_html(directory, build))


def read_html(directory: Path, build: Manifest) -> str:
    """The report of a build directory, with what its logs tell."""
    consoles = {
        boot.name: _beginning(boot_log(directory, boot.name, "console.log")) for boot in build.boots
    }
    return html(build, consoles=consoles, build_log=_beginning(directory / LOG))


def html(build: Manifest, *, consoles: Mapping[str, str], build_log: str) -> str:
    """The whole report. ``consoles`` are what the boots' serial consoles showed, by boot."""
    plan, verdict, evidence = build.planned(), verdict_of(build), build.valid_evidence()
    rows = view.check_rows(plan, evidence, verdict)
    space = view.space_items(build)
    without_login = {boot.name for boot in plan.boots if not boot.login}
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("builder.report"),
        autoescape=True,
        finalize=_harmless,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        duration=duration,
        shell=shlex.quote,
        short=short_duration,
        size=size,
        unproven=unproven_text,
    )
    script = _source(environment, "report.js")
    return environment.get_template("report.html").render(
        build=build,
        plan=plan,
        verdict=verdict,
        grades=list(Grade),
        outcomes={
            outcome: sum(each.outcome is outcome for each in evidence) for outcome in Outcome
        },
        problems=view.problems(verdict.problems),
        faults=view.problems(faults(build, build.adopted)) if build.adopted else [],
        claims=view.claim_rows(verdict, rows),
        observed=view.by_cloud(build.valid_observations()),
        features=view.by_feature(plan, rows),
        machines={boot.name: machine_text(boot.machine) for boot in plan.boots},
        timelines=[
            timeline(
                boot, evidence, consoles.get(boot.name, ""), login=boot.name not in without_login
            )
            for boot in build.boots
            if boot.image_sha256 == build.image.sha256
        ],
        space=sum(item.size for item in space),
        treemaps={
            "wide": (TREEMAP_WIDE, treemap(space, TREEMAP_WIDE)),
            "narrow": (TREEMAP_NARROW, treemap(space, TREEMAP_NARROW)),
        },
        hooks=sorted(build.hooks.items(), key=lambda hook: -hook[1]),
        mirrors=view.mirrors(build_log),
        program_version=version("guest-image-builder"),
        style=_source(environment, "report.css"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _harmless(value: object) -> object:
    """What is written of a value: of a text nothing that a reader obeys, such as its direction."""
    return printable_lines(value) if type(value) is str else value


def _source(environment: jinja2.Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def _beginning(log: Path) -> str:
    """The beginning of a log, or nothing where there is none.

    A build from elsewhere has what it likes beside its manifest: links to other files, pipes.
    """
    try:
        if not stat.S_ISREG(log.lstat().st_mode):
            return ""
        with log.open("rb") as file:
            return file.read(LOG_LIMIT).decode(errors="replace")
    except OSError:
        return ""
