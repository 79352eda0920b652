"""What a boot leaves can be started by hand."""

import os
import shlex
from pathlib import Path

from test_qemu import TCG, backends

from builder.feature import Ends, Machine
from builder.vm.qemu import connected
from builder.vm.start_script import keep


def test_the_script_is_the_machine_without_what_is_open_in_this_program_only(
    tmp_path: Path,
) -> None:
    machine = Machine(guest_agent=True, multiqueue=True, tpm="tpm-crb", watchdog="reset")
    channels = {"agent": connected(9), "tpm": connected(10)}
    wired = backends(ends=Ends(channels, tap=(5, 6), spare_tap=(7, 8)))
    lines = keep(tmp_path, machine, wired, TCG, "debian")
    script = tmp_path / "start"
    assert os.access(script, os.X_OK)
    words = shlex.split(script.read_text().splitlines()[1])
    assert "fd=" not in script.read_text()
    assert "fds=" not in script.read_text()
    assert "tpm" not in script.read_text()
    assert "i6300esb" in words
    assert "stdio,mux=on,signal=off,id=console" in words
    assert any("hostfwd=tcp:127.0.0.1:2222-:22" in word for word in words)
    assert str(script) in lines[1]
    assert lines[2].endswith(f"-p 2222 -i {tmp_path}/id_ed25519 -l debian -- 127.0.0.1")


def test_nobody_is_told_to_log_in_where_there_is_no_nic(tmp_path: Path) -> None:
    lines = keep(tmp_path, Machine(nics=()), backends(), TCG, "debian")
    assert not [line for line in lines if "log in" in line]
