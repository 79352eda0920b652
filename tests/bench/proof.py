"""What a proof costs: seconds of CPU of each QEMU, by the boot that it is, and of all of it.

It counts every QEMU of the machine: let nothing else boot beside it.

Call it as ``.venv/bin/python tests/bench/proof.py [PROFILE]``, with a build of it made before.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

PROGRAM = [sys.executable, "-c", "from builder.cli.program import main; main()"]
INTERVAL = 0.2
"""Seconds between two looks: what a QEMU takes after the last one is not in its own line."""

DRIVE = re.compile(r"/([^/]+)/config-drive\.iso")
TICKS = os.sysconf("SC_CLK_TCK")


def look(costs: dict[str, float]) -> None:
    """Note the CPU seconds of every QEMU that runs now, by its boot's name."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace")
            if not Path(words.partition("\0")[0]).name.startswith("qemu-system-"):
                continue
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        boot = DRIVE.search(words)
        name = boot[1] if boot else "inspection"
        costs[name] = (int(fields[11]) + int(fields[12])) / TICKS


def main() -> None:
    profile = sys.argv[1] if len(sys.argv) > 1 else "pinned-scsi"
    costs: dict[str, float] = {}
    before, start = os.times(), time.monotonic()
    with subprocess.Popen([*PROGRAM, "prove", profile]) as proof:
        while proof.poll() is None:
            look(costs)
            time.sleep(INTERVAL)
    after, seconds = os.times(), time.monotonic() - start
    if proof.returncode:
        sys.exit(proof.returncode)
    total = after.children_user + after.children_system
    total -= before.children_user + before.children_system
    for name, cost in sorted(costs.items(), key=lambda pair: -pair[1]):
        print(f"{name:40} {cost:6.1f} s of CPU")
    print(f"{'all QEMUs':40} {sum(costs.values()):6.1f} s of CPU")
    print(f"{'the whole proof':40} {total:6.1f} s of CPU, in {seconds:.0f} s")


if __name__ == "__main__":
    main()
