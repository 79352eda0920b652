"""Runs the local cloud in the foreground, for trying the verbs that publish: ``make cloud``."""

import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

from cloudtemplate import CACHE, PROGRAMS
from localcloud import LocalCloud

from builder.errors import BuilderError, InterruptedByUser
from builder.host.locking import locked, remove_leftovers


def main() -> int:
    """Serve until interrupted; the exit code tells whether a server has failed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    CACHE.mkdir(parents=True, exist_ok=True)
    remove_leftovers(CACHE.glob("cloud-*"))
    try:
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="cloud-") as name, locked(Path(name)):
            _serve(LocalCloud(Path(name)))
    except InterruptedByUser:
        print("\nThe local cloud has ended; its images are gone.")
        return 0
    except BuilderError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _serve(cloud: LocalCloud) -> NoReturn:
    print("starting Keystone and Glance; the very first time takes a minute", flush=True)
    try:
        for server in cloud.servers:
            server.launch()
        for server in cloud.servers:
            server.wait_until_it_answers()
        print(_instructions(cloud), flush=True)
        while True:
            time.sleep(1)
            for server in cloud.servers:
                server.require_running()
    finally:
        cloud.stop()


def _instructions(cloud: LocalCloud) -> str:
    openstack = f"{PROGRAMS.relative_to(Path.cwd())}/openstack --os-cloud local"
    commands = [
        f"export OS_CLIENT_CONFIG_FILE={cloud.clouds_yaml}",
        ".venv/bin/guest-image publish pinned-scsi --cloud local",
        f"{openstack} image list",
        f"{openstack} image show NAME",
    ]
    if any(name.lower().endswith("_proxy") for name in os.environ):
        commands.insert(1, "export no_proxy=127.0.0.1")
    return "\n".join(
        [
            "",
            f"Keystone answers at {cloud.keystone.url}/v3, Glance at {cloud.glance.url}.",
            "Ctrl-C ends them and removes their images. In another terminal, in this directory:",
            "",
            *(f"  {command}" for command in commands),
            "",
            f"Clouds: {', '.join(cloud.names)}.",
            "",
        ]
    )


def _stop(_signal: int, _frame: object) -> None:
    raise InterruptedByUser("Stopped.")


if __name__ == "__main__":
    sys.exit(main())
