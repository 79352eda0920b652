"""What the command itself costs: seconds of CPU and of time until it ends, the best of several.

Call it as ``.venv/bin/python tests/bench/command.py``.
"""

import os
import subprocess
import sys
import time

RUNS = 5
CALLS = (
    "--help",
    "plan pinned-scsi",
    "cloud plan pinned-scsi",
    "profiles",
    "report --help",
    "list --help",
)
PROGRAM = [sys.executable, "-c", "from builder.cli.program import main; main()"]


def cost(arguments: list[str]) -> tuple[float, float]:
    """CPU seconds, with those of the programs that it starts, and seconds."""
    before, start = os.times(), time.monotonic()
    subprocess.run([*PROGRAM, *arguments], stdout=subprocess.DEVNULL, check=True)
    after, end = os.times(), time.monotonic()
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system, end - start


def main() -> None:
    print(f"{'guest-image':30}    CPU   time")
    for arguments in CALLS:
        costs = [cost(arguments.split()) for _ in range(RUNS)]
        cpu, seconds = (min(column) for column in zip(*costs, strict=True))
        print(f"{arguments:30} {cpu:.2f} s {seconds:.2f} s")


if __name__ == "__main__":
    main()
