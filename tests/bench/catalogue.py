"""What a catalogue of 500 builds costs: the first one, which reads every image, and the next.

The images are small; a real one is read once, at the disk's speed. Call it as
``.venv/bin/python tests/bench/catalogue.py``.
"""

import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "unit")]

from listed import PINNED, proven_build, store_build  # noqa: E402 - found by the path above

from builder.report.html import html  # noqa: E402

PROFILES, BUILDS, PACKAGES = 10, 50, 400
BOUND = 10.0
"""Seconds."""


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        report = html(proven_build(packages=PACKAGES), consoles={}, build_log="")
        for number in range(PROFILES):
            of = replace(PINNED, profile=f"profile-{number}")
            for day in range(BUILDS):
                store_build(scratch / "dist", proven_build(of, day, PACKAGES), report)
        words = ["catalogue", "--builds", str(scratch / "dist"), "--output", str(scratch / "site")]
        words += ["--url", "https://images.example/"]
        program = [sys.executable, "-c", "from builder.cli.program import main; main()"]
        slowest = 0.0
        for run in ("first", "second"):
            start = time.monotonic()
            subprocess.run([*program, *words], stderr=subprocess.DEVNULL, check=True)
            seconds = time.monotonic() - start
            slowest = max(slowest, seconds)
            print(f"{run}: {PROFILES * BUILDS} builds in {seconds:.1f} s (bound {BOUND:.0f} s)")
    return int(slowest > BOUND)


if __name__ == "__main__":
    sys.exit(main())
