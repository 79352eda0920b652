"""What runs, written down once it is ready, for those who ask for it again."""

import contextlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from allinone import process
from allinone.nova import Cpus
from allinone.site import Ports, Site


def write(site: Site, cpus: Cpus, services: Iterable[str]) -> None:
    """Record an OpenStack all of whose services are ready."""
    record = {
        "services": list(services),
        "ports": asdict(site.ports),
        "cpus": asdict(cpus),
        "since": site.since,
    }
    _path(site.root).write_text(json.dumps(record), encoding="utf-8")


def running(root: Path, cpus: Cpus) -> Site | None:
    """The OpenStack that runs there with all its services and these processors, if there is one."""
    with contextlib.suppress(FileNotFoundError, TypeError, ValueError):  # or of another version
        record = json.loads(_path(root).read_text(encoding="utf-8"))
        password = (root / "kept" / "password").read_text(encoding="utf-8")
        runs = set(record["services"]) <= set(process.running(root).values())
        if runs and Cpus(**record["cpus"]) == cpus:
            return Site(Ports(**record["ports"]), password, record["since"], root)
    return None


def _path(root: Path) -> Path:
    return root / "run" / "running.json"
