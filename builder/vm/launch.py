"""The life of one virtual machine: overlay, start, waits with limits, orderly end."""

import contextlib
import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from builder.architecture import ARCHITECTURES
from builder.errors import BuilderError
from builder.feature import CONSOLE, Ends, Machine
from builder.feature.machine import devices
from builder.host.accelerator import Accelerator, for_guest
from builder.host.process import Running, require_tool, start
from builder.image.overlay import make_overlay, virtual_size
from builder.linux.console import BootSigns
from builder.vm import config_drive, loopback, qemu, ssh, swtpm, tap
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

CONSOLE_LOG = f"{CONSOLE}.log"

KEYBOARD = f"{CONSOLE}.in"

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
    accelerator = for_guest(machine.architecture, accelerator)
    control = control or Control()
    if login:
        loopback.bring_up()
    workdir.mkdir(parents=True)
    with contextlib.ExitStack() as stack:
        host = _prepare(stack, image, image_format, machine, workdir)
        if kept is None:
            stack.callback(_remove_disks, workdir)
        else:
            stack.callback(kept, keep(workdir, machine, host.backends, accelerator, admin_user))
        words = qemu.arguments(machine, host.backends, accelerator)
        begin = time.monotonic()
        process = stack.enter_context(_started(words, machine, host, workdir))
        guard = Guard(control.cancelled, process, workdir, host.backends.overlay)
        stack.enter_context(guard.watching())
        limit = boot_limit * accelerator.slowness
        waiting = BootWait(
            process=process,
            log=ConsoleLog(workdir / CONSOLE_LOG),
            guard=guard,
            start=begin,
            signs=BootSigns(),
            limit=limit,
            accelerator=accelerator,
            cancelled=control.cancelled,
        )
        lines = _connect(stack, host, workdir, admin_user, waiting)
        guest = RunningGuest(
            machine, admin_user, lines, boot_limit=limit, login=login, control=control
        )
        yield stack.enter_context(guest)


class _Channel:
    """Our end and QEMU's; no name in the file system, so no limit on a path's length."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        ours, theirs = socket.socketpair()
        self.ours = stack.enter_context(ours)
        self.theirs = stack.enter_context(theirs)


@dataclass(frozen=True)
class _Host:
    """What of this host a guest will be connected to, and our ends of it."""

    backends: qemu.QemuBackends
    monitor: _Channel
    channels: Mapping[str, _Channel]

    @property
    def descriptors(self) -> list[int]:
        """All that QEMU is to find open."""
        ends = self.backends.ends
        sockets = (self.monitor, *self.channels.values())
        return [*(each.theirs.fileno() for each in sockets), *ends.tap, *ends.spare_tap]


def _prepare(
    stack: contextlib.ExitStack,
    image: Path,
    image_format: qemu.ImageFormat,
    machine: Machine,
    workdir: Path,
) -> _Host:
    """Make all that is there before QEMU: disks, firmware, sockets, helpers."""
    public_key = ssh.make_key(workdir)
    drive = workdir / "config-drive.iso"
    config_drive.make(drive, config_drive.documents("proof", public_key, machine.nics))
    overlay = _make_overlay(image, image_format, workdir)
    monitor = _Channel(stack)
    sockets = {name: _Channel(stack) for device in devices() for name in device.channels(machine)}
    if machine.tpm:
        stack.enter_context(swtpm.emulated(workdir, sockets["tpm"].ours.fileno()))
    names = [name for device in devices() for name in device.terminals(machine)]
    console, *terminals = (
        qemu.pipe(stack.enter_context(_terminal(workdir, name))) for name in (CONSOLE, *names)
    )
    queues = machine.vcpus if machine.multiqueue else 0
    ends = Ends(
        channels={
            **{name: qemu.connected(each.theirs.fileno()) for name, each in sockets.items()},
            **dict(zip(names, terminals, strict=True)),
        },
        tap=stack.enter_context(tap.queues(queues)) if queues else (),
        spare_tap=stack.enter_context(tap.queues(queues)) if queues else (),
    )
    backends = qemu.QemuBackends(
        image=image.resolve(),
        image_format=image_format,
        overlay=overlay,
        config_drive=drive,
        console=console,
        monitor=qemu.connected(monitor.theirs.fileno()),
        ends=ends,
        firmware=uefi_firmware(machine, workdir) if machine.firmware == "uefi" else None,
    )
    return _Host(backends, monitor, sockets)


@contextlib.contextmanager
def _started(
    words: Sequence[str], machine: Machine, host: _Host, workdir: Path
) -> Iterator[Running]:
    """Run QEMU. Then only it holds its ends of the sockets, so that its death is seen in ours."""
    architecture = ARCHITECTURES[machine.architecture]
    require_tool(architecture.qemu, architecture.qemu_package)
    log = workdir / "qemu.log"
    with start(words, purpose="start QEMU", log=log, pass_fds=host.descriptors) as process:
        for channel in (host.monitor, *host.channels.values()):
            channel.theirs.close()
        yield process


def _connect(
    stack: contextlib.ExitStack, host: _Host, workdir: Path, admin_user: str, waiting: BootWait
) -> GuestChannels:
    """Speak with a QEMU that has been started. Raises as ``booted``."""
    process = waiting.process
    qmp = Qmp(host.monitor.ours)
    stack.callback(_quit, qmp, process)
    try:
        usernet = qmp.command("human-monitor-command", command_line="info usernet")
    except BuilderError:
        process.wait(MONITOR_LEAD)
        waiting.check("its monitor")
        raise

    def connect(limit: float, since: int) -> contextlib.AbstractContextManager[ssh.Connection]:
        since_when = time.monotonic() if since else waiting.start
        waits = replace(waiting, start=since_when, signs=BootSigns(since), limit=limit)
        return ssh.connected(workdir, admin_user, forwarded_port(usernet), waits.until)

    agent = host.channels.get("agent")
    return GuestChannels(
        console=workdir / CONSOLE_LOG,
        keyboard=workdir / KEYBOARD,
        qmp=qmp,
        emulated=waiting.accelerator.name == "tcg",
        agent=Agent(agent.ours) if agent else None,
        connect=connect,
        volumes=workdir,
        excess=lambda: waiting.guard.excess,
        throttled=process.throttled,
    )


def forwarded_port(answer: str) -> int:
    """The port on 127.0.0.1 that QEMU chose for the guest's SSH, from its ``info usernet``."""
    match = re.search(r"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s", answer)
    if match is None:
        raise BuilderError(
            "QEMU forwards no port to the guest.",
            details=answer.splitlines(),
            hint="QEMU's own words are in the boot's qemu.log.",
        )
    return int(match[1])


def _make_overlay(image: Path, image_format: qemu.ImageFormat, workdir: Path) -> Path:
    size = virtual_size(image, image_format)
    overlay = workdir / OVERLAY
    make_overlay(image, image_format, overlay, size=size + max(size, GROWTH_BYTES))
    return overlay


@contextlib.contextmanager
def _terminal(workdir: Path, name: str) -> Iterator[Path]:
    """The two ends of a serial line, as ``qemu.pipe`` wants them; ``NAME.log`` stays."""
    keyboard, screen, log = (workdir / f"{name}.{end}" for end in ("in", "out", "log"))
    os.mkfifo(keyboard)
    log.touch()
    screen.symlink_to(log.name)
    try:
        yield workdir / name
    finally:
        keyboard.unlink()
        screen.unlink()


def _remove_disks(workdir: Path) -> None:
    for disk in (workdir / OVERLAY, *workdir.glob("volume*.raw")):
        disk.unlink()


def _quit(qmp: Qmp, process: Running) -> None:
    """Ask QEMU to end; ``start`` sees to it if it does not."""
    with contextlib.suppress(BuilderError, TimeoutError):
        qmp.command("quit", timeout=5)
        process.wait(5)
