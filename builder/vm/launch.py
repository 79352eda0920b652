"""The life of one virtual machine: overlay, start, waits with limits, orderly end."""

import contextlib
import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from builder.errors import BuilderError
from builder.feature import Machine
from builder.host.accelerator import Accelerator, detect
from builder.host.process import Running, require_tool, start
from builder.image.overlay import make_overlay, virtual_size
from builder.linux import console
from builder.vm import config_drive, qemu, ssh, swtpm, tap
from builder.vm.console_log import ConsoleLog
from builder.vm.firmware import uefi_firmware
from builder.vm.guard import Guard
from builder.vm.guest import Control, GuestChannels, RunningGuest
from builder.vm.guest_agent import Agent
from builder.vm.qmp import Qmp
from builder.vm.start_script import keep
from builder.vm.wait import BootWait

GIB = 1024**3

GROWTH_BYTES = 4 * GIB
"""How much larger than the image its guest's disk is at least, and it is twice as large at least:
a root file system that has not grown into it is then far from filling it."""

BOOT_LIMIT = 600.0
"""Seconds from power-on to SSH under emulation. A guest that has two cores for itself needs 60,
beside four others 250."""

MONITOR_LEAD = 5.0
"""Seconds by which a QEMU that ends may close its monitor before it is gone."""

CONSOLE_LOG = "console.log"

KEYBOARD = "serial.in"

OVERLAY = "overlay.qcow2"


@contextlib.contextmanager
def booted(
    image: Path,
    image_format: qemu.ImageFormat,
    machine: Machine,
    workdir: Path,
    *,
    admin_user: str,
    login: bool = True,
    boot_limit: float = BOOT_LIMIT,
    accelerator: Accelerator | None = None,
    kept: Callable[[Sequence[str]], None] | None = None,
    control: Control | None = None,
) -> Iterator[RunningGuest]:
    """Boot an image and yield its guest once SSH lets the default user in; then end it.

    Without ``login`` the guest is given at once, as it starts, and no command can be run in it.

    The image is only read; ``workdir`` (made here, new for each boot) receives the overlay, the
    console's log ``console.log``, QEMU's output ``qemu.log`` and ``ssh.log``. The overlay is
    removed at the end, unless somebody wants it ``kept`` and is told in so many lines how to start
    it again. ``boot_limit`` is in seconds under emulation; KVM gets a quarter. Without an
    ``accelerator`` the host's is used. ``control`` can end the
    guest at once.

    Raises ``HostError`` when this machine lacks something, ``InterruptedByUser`` when cancelled,
    ``GuestNotUp`` with the console's last lines when the guest does not come up, and
    ``BuilderError`` when QEMU, or a program that prepares the boot, fails.
    """
    accelerator = accelerator or detect()
    control = control or Control()
    workdir.mkdir(parents=True)
    public_key = ssh.make_key(workdir)
    drive = workdir / "config-drive.iso"
    config_drive.make(drive, config_drive.documents("proof", public_key, machine.nics))
    with contextlib.ExitStack() as stack:
        monitor = _Channel(stack)
        agent = _Channel(stack) if machine.guest_agent else None
        tpm = _Channel(stack) if machine.tpm else None
        if tpm is not None:
            stack.enter_context(swtpm.emulated(workdir, tpm.ours.fileno()))
        backends = qemu.QemuBackends(
            image=image.resolve(),
            image_format=image_format,
            overlay=_make_overlay(image, image_format, workdir),
            config_drive=drive,
            console=qemu.pipe(stack.enter_context(_serial(workdir))),
            monitor=qemu.connected(monitor.theirs.fileno()),
            agent=qemu.connected(agent.theirs.fileno()) if agent else None,
            tap=stack.enter_context(tap.queues(machine.vcpus)) if machine.multiqueue else (),
            spare_tap=stack.enter_context(tap.queues(machine.vcpus)) if machine.multiqueue else (),
            firmware=uefi_firmware(machine, workdir) if machine.firmware == "uefi" else None,
            tpm=qemu.connected(tpm.theirs.fileno()) if tpm else None,
        )
        if kept is None:
            stack.callback(_remove_disks, workdir)
        else:
            stack.callback(kept, keep(workdir, machine, backends, accelerator, admin_user))
        shown = workdir / CONSOLE_LOG
        begin = time.monotonic()
        words = qemu.arguments(machine, backends, accelerator)
        log = workdir / "qemu.log"
        require_tool(qemu.PROGRAM, "qemu-system-x86")
        channels = [channel for channel in (monitor, agent, tpm) if channel is not None]
        ends = [channel.theirs.fileno() for channel in channels]
        descriptors = [*ends, *backends.tap, *backends.spare_tap]
        process = stack.enter_context(
            start(words, purpose="start QEMU", log=log, pass_fds=descriptors)
        )
        for channel in channels:  # only QEMU holds its end now, so that its death is seen here
            channel.theirs.close()
        guard = Guard(control.cancelled, process, workdir, backends.overlay)
        stack.enter_context(guard.watching())
        limit = boot_limit * accelerator.slowness
        waiting = BootWait(
            process=process,
            log=ConsoleLog(shown),
            guard=guard,
            start=begin,
            signs=console.BootSigns(),
            limit=limit,
            accelerator=accelerator,
            cancelled=control.cancelled,
        )
        qmp = Qmp(monitor.ours)
        stack.callback(_quit, qmp, process)
        try:
            usernet = qmp.command("human-monitor-command", command_line="info usernet")
        except BuilderError:
            process.wait(MONITOR_LEAD)
            waiting.check("its monitor")
            raise

        def connect(limit: float, since: int) -> contextlib.AbstractContextManager[ssh.Connection]:
            since_when = time.monotonic() if since else begin
            signs = console.BootSigns(since)
            waits = replace(waiting, start=since_when, signs=signs, limit=limit)
            return ssh.connected(workdir, admin_user, forwarded_port(usernet), waits.until)

        lines = GuestChannels(
            console=shown,
            keyboard=workdir / KEYBOARD,
            qmp=qmp,
            emulated=accelerator.name == "tcg",
            agent=Agent(agent.ours) if agent else None,
            connect=connect,
            volumes=workdir,
            excess=lambda: guard.excess,
        )
        guest = RunningGuest(
            machine, admin_user, lines, boot_limit=limit, login=login, control=control
        )
        yield stack.enter_context(guest)


def forwarded_port(answer: str) -> int:
    """The port on 127.0.0.1 that QEMU chose for the guest's SSH, from its ``info usernet``."""
    match = re.search(r"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s", answer)
    if match is None:
        raise BuilderError("QEMU forwards no port to the guest.", details=answer.splitlines())
    return int(match[1])


def _make_overlay(image: Path, image_format: qemu.ImageFormat, workdir: Path) -> Path:
    size = virtual_size(image, image_format)
    overlay = workdir / OVERLAY
    make_overlay(image, image_format, overlay, size=size + max(size, GROWTH_BYTES))
    return overlay


@contextlib.contextmanager
def _serial(workdir: Path) -> Iterator[Path]:
    """The two ends of the serial console, as ``qemu.Wiring`` wants them; the log stays."""
    keyboard, screen = workdir / KEYBOARD, workdir / "serial.out"
    os.mkfifo(keyboard)
    (workdir / CONSOLE_LOG).touch()
    screen.symlink_to(CONSOLE_LOG)
    try:
        yield workdir / "serial"
    finally:
        keyboard.unlink()
        screen.unlink()


def _remove_disks(workdir: Path) -> None:
    for disk in (workdir / OVERLAY, *workdir.glob("volume*.raw")):
        disk.unlink()


class _Channel:
    """Our end and QEMU's; no name in the file system, so no limit on a path's length."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        ours, theirs = socket.socketpair()
        self.ours = stack.enter_context(ours)
        self.theirs = stack.enter_context(theirs)


def _quit(qmp: Qmp, process: Running) -> None:
    """Ask QEMU to end; ``start`` sees to it if it does not."""
    with contextlib.suppress(BuilderError, TimeoutError):
        qmp.command("quit", timeout=5)
        process.wait(5)
