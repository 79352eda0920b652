"""Run one command after the other for whoever is at the other end of standard input and output.

Each costs the guest no new session and no new sudo: under emulation those are most of what a short
command takes. Requests and answers are JSON, one in a line.
"""

import json
import os
import signal
import subprocess
import sys
from typing import Any


def answer(asked: "dict[str, Any]") -> "dict[str, Any]":  # Any: JSON
    """Run a command, and kill it with its children when its time is over."""
    said = {"id": asked["id"]}
    try:
        program = subprocess.Popen(
            asked["argv"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return {**said, "status": 127, "stdout": "", "stderr": str(error)}
    try:
        out, err = program.communicate(timeout=asked["timeout"])
    except subprocess.TimeoutExpired:
        os.killpg(program.pid, signal.SIGKILL)
        program.communicate()
        return said
    return {
        **said,
        "status": program.returncode,
        "stdout": out.decode(errors="replace"),
        "stderr": err.decode(errors="replace"),
    }


print(json.dumps({"id": 0}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
