"""Brings a whole OpenStack up on this machine, and down: ``make openstack``, ``openstack-down``."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from allinone import libvirt, lifecycle
from allinone.nova import Cpus
from allinone.resources import FLAVORS, NETWORK
from allinone.site import PROGRAMS, ROOT, Site

from builder.errors import BuilderError, InterruptedByUser


def main() -> int:
    """Do what the words ask; the exit code is that of the error, and 0 without one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="where it lives")
    actions = parser.add_subparsers(required=True, metavar="up|down")
    up = actions.add_parser("up", help="bring it up, and print how to use it")
    up.add_argument("--shared-cpus", default="", help="host processors for floating guests")
    up.add_argument("--dedicated-cpus", default="", help="host processors for pinned guests")
    up.set_defaults(act=_up)
    down = actions.add_parser("down", help="end it and remove everything")
    down.add_argument("--keep", action="store_true", help="keep databases, images and disks")
    down.set_defaults(act=_down)
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        arguments.act(arguments)
    except BuilderError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _up(arguments: argparse.Namespace) -> None:
    began = time.monotonic()

    def report(line: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {line}", flush=True)

    cpus = Cpus(arguments.shared_cpus, arguments.dedicated_cpus)
    site = lifecycle.up(report, cpus, arguments.root)
    report("ready")
    print(_instructions(site))


def _down(arguments: argparse.Namespace) -> None:
    lifecycle.down(keep=arguments.keep, root=arguments.root)


def _instructions(site: Site) -> str:
    openstack = f"{_short(PROGRAMS)}/openstack --os-cloud local"
    hardware = f"--flavor {next(iter(FLAVORS))} --network {NETWORK}"
    commands = [
        f"export OS_CLIENT_CONFIG_FILE={site.clouds_yaml}",
        ".venv/bin/guest-image publish pinned-scsi --cloud local",
        f"{openstack} server create --wait --image NAME {hardware} guest",
        f"{openstack} console log show guest",
        f"virsh -c '{libvirt.address(site)}' list",
    ]
    if any(name.lower().endswith("_proxy") for name in os.environ):
        commands.insert(1, "export no_proxy=127.0.0.1")
    return "\n".join(
        [
            "",
            f"Keystone answers at {site.url('keystone')}/v3. To use it, in this directory:",
            "",
            *(f"  {command}" for command in commands),
            "",
            f"Logs: {_short(site.logs)}. 'make openstack-down' ends it and removes everything.",
        ]
    )


def _short(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _stop(_signal: int, _frame: object) -> None:
    raise InterruptedByUser("Stopped.")


if __name__ == "__main__":
    sys.exit(main())
