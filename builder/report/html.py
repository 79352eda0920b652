"""A build's report as one HTML file."""

import stat
from collections.abc import Mapping
from pathlib import Path

from builder.feature import Grade, Outcome, machine_text
from builder.host.files import replace_text
from builder.profile.snapshot import told
from builder.report import view
from builder.report.adopted import faults
from builder.report.needs import required
from builder.report.page import page
from builder.report.timeline import timeline
from builder.report.treemap import Rectangle, treemap
from builder.store.build_directory import LOG, REPORT, boot_log
from builder.store.manifest import Manifest
from builder.store.verdict import verdict_of

LOG_LIMIT = 4 * 1024 * 1024
"""Bytes of a log that are read: what the report takes from it stands at its beginning."""

TREEMAP_WIDE = Rectangle(0, 0, 1080, 520)
TREEMAP_NARROW = Rectangle(0, 0, 360, 560)
"""One that can be read on a phone; the style sheet shows either."""


def write_html(directory: Path, build: Manifest) -> None:
    """Write the report of a build directory; a reader sees the old one or the new one."""
    replace_text(directory / REPORT, read_html(directory, build))


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
    return page(
        "report.html",
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
        needs=required(plan.all_needs),
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
        moment=told(build.snapshot.at) if build.snapshot else "",
        script="report.js",
    )


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
