"""What a boot leaves for its user: the guest's disk, a key, a script that starts it again."""

import shlex
import stat
from dataclasses import replace
from pathlib import Path

from builder.feature import Ends, Machine
from builder.host.accelerator import Accelerator
from builder.vm import qemu, ssh

SCRIPT = "start"
SSH_PORT = 2222


def keep(
    workdir: Path,
    machine: Machine,
    backends: qemu.QemuBackends,
    accelerator: Accelerator,
    user: str,
) -> tuple[str, ...]:
    """Write the script into a boot's directory, and return how to use it, line by line.

    The machine is the boot's, but for what needs a program beside QEMU: a tap device, a TPM.
    """
    own = replace(
        backends,
        console="stdio,mux=on,signal=off",
        monitor="null",
        ends=Ends(channels=dict.fromkeys(backends.ends.channels, "null"), ssh_port=SSH_PORT),
    )
    words = qemu.arguments(replace(machine, tpm=None), own, accelerator)
    script = workdir / SCRIPT
    script.write_text(f"#!/bin/sh\nexec {shlex.join(words)}\n", encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    login = (
        "ssh",
        *ssh.ONCE,
        "-p",
        str(SSH_PORT),
        "-i",
        str(workdir / ssh.KEY),
        "-l",
        user,
        "--",
        ssh.ADDRESS,
    )
    return (
        f"kept: {workdir}",
        f"  start the guest:  {shlex.quote(str(script))}  (its console; Ctrl-A X ends it)",
        *((f"  log in:           {shlex.join(login)}",) if machine.nics else ()),
    )
