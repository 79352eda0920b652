"""The appliance of libguestfs, from its start to its end."""

import errno
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

from builder.errors import BuilderError, HostError, ImageError, InterruptedByUser
from builder.feature import Volume
from builder.host import accelerator
from builder.host.process import TAIL_LINES
from builder.image import mounts
from builder.image.overlay import make_overlay, virtual_size

LIMIT = 300.0
"""Seconds for everything from the appliance's start on. Emulated, it is up in 10 to 20."""

WATCH_INTERVAL = 0.5
"""Seconds between looks whether the appliance must be ended."""

# The binding has no errno: the appliance's own message, in the C locale, ends with its text.
_ABSENT = ("No such file or directory", "Not a directory", "Too many levels of symbolic links")

_SECTOR = 512  # bytes; blkid counts in these on every disk
_SMALL = 1 << 20  # bytes; a message holds at most four times as many

P = ParamSpec("P")

T = TypeVar("T")


class _Session(AbstractContextManager["_Session"]):
    """One appliance, from its start to its end.

    Every call is made in a thread of its own. In the main thread, an interrupt would wait for the
    call to end, and be lost where it meets the binding's callback.
    """

    def __init__(
        self,
        guestfs: ModuleType,
        image: Path,
        scratch: Path,
        limit: float,
        cancelled: threading.Event,
    ) -> None:
        self.image = image
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="libguestfs")
        # Made in that thread, too: only there does libguestfs keep its errors off the terminal.
        self.handle: Any = self._run(guestfs.GuestFS, python_return_dict=True)  # Any: untyped
        self._log: deque[str] = deque(maxlen=TAIL_LINES)
        self._cancelled = cancelled
        self._deadline = _Deadline(limit, scratch, cancelled)
        self._overlay = scratch / "overlay.qcow2"
        self.handle.set_backend("direct")
        if accelerator.detect().name == "tcg":
            # An empty list is not the same as no call: libguestfs 1.48 crashes on it.
            self.handle.set_backend_settings(["force_tcg"])
        self.handle.set_smp(min(2, len(os.sched_getaffinity(0))))
        self.handle.set_tmpdir(str(scratch))
        # With a callback, libguestfs writes nothing to the terminal itself.
        events = guestfs.EVENT_APPLIANCE | guestfs.EVENT_LIBRARY | guestfs.EVENT_WARNING
        self.handle.set_event_callback(self._hear, events)

    def __exit__(self, *_: object) -> None:
        # After an interrupt a call may still be running. It ends when its appliance does.
        closing = self._worker.submit(self.handle.close)
        while not wait([closing], timeout=1).done:
            self._deadline.kill()
        self._worker.shutdown()
        self._deadline.stop()

    def start(self, disk_format: str) -> None:
        self._deadline.start()
        try:
            # libguestfs' own overlay would follow whatever the image names.
            size = virtual_size(self.image, disk_format)
            make_overlay(self.image, disk_format, self._overlay, size=size)
            self._run(self.handle.add_drive_opts, str(self._overlay), format="qcow2")
            self._run(self.handle.launch)
        except RuntimeError as error:
            what = "The libguestfs appliance did not start"
            raise self._failure(HostError, what, error) from error

    def mount(self) -> None:
        try:
            self._run(mounts.mount, self.handle, self.image)
        except RuntimeError as error:
            raise self._failure(
                ImageError, f"Could not mount what is in {self.image}", error
            ) from error

    def volumes(self) -> tuple[Volume, ...]:
        """Every partition and logical volume, by device."""
        try:
            return self._run(self._look_at_volumes)
        except RuntimeError as error:
            raise self._failure(
                ImageError, f"Could not tell what lies on {self.image}", error
            ) from error

    def _look_at_volumes(self) -> tuple[Volume, ...]:
        handle = self.handle
        devices = {*handle.list_partitions(), *handle.list_filesystems()}
        mounted = {self._listed_name(name): path for name, path in handle.mountpoints().items()}
        tags = {device: self._tags(device) for device in sorted(devices)}
        if "/" not in mounted.values():
            # Of a btrfs that is mounted several times, one mount point is told.
            mounted |= {name: "/" for name in mounted if tags.get(name, {}).get("TYPE") == "btrfs"}
        return tuple(_volume(device, found, mounted) for device, found in tags.items())

    def _listed_name(self, device: str) -> str:
        """The name by which a device is listed: a logical volume may be mounted by another."""
        if not device.startswith("/dev/mapper/"):
            return device
        try:
            return str(self.handle.lvm_canonical_lv_name(device))
        except RuntimeError:  # it is no logical volume
            return device

    def _tags(self, device: str) -> Mapping[str, str]:
        handle = self.handle
        try:
            tags: Mapping[str, str] = handle.blkid(device)
        except RuntimeError:  # it finds nothing, or two things, such as what was there before
            asked = {"TYPE": handle.vfs_type, "UUID": handle.vfs_uuid, "LABEL": handle.vfs_label}
            return {name: _told(ask, device) for name, ask in asked.items()}
        return tags

    def ask(
        self,
        call: Callable[..., T],
        path: str,
        *arguments: int,
        absent: tuple[str, ...] = _ABSENT,
        **options: bool,
    ) -> T:
        """Ask the appliance about a path.

        Raises ``FileNotFoundError`` where its error ends with one of the texts in ``absent``.
        """
        try:
            return self._run(call, path, *arguments, **options)
        except RuntimeError as error:
            if str(error).endswith(absent):
                raise FileNotFoundError(errno.ENOENT, str(error), path) from error
            raise self._failure(
                ImageError, f"Could not read {path} in {self.image}", error
            ) from error

    def _run(self, call: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        return self._worker.submit(call, *arguments, **options).result()

    def _failure(self, kind: type[BuilderError], what: str, error: RuntimeError) -> BuilderError:
        if self._cancelled.is_set():
            return InterruptedByUser("The inspection was cancelled.")
        if self._deadline.expired:
            return BuilderError(
                f"Inspecting {self.image} was stopped after {self._deadline.seconds:.0f} s.",
                details=[f"{what}.", *self._log],
                hint="Try again while the machine is less busy; 'libguestfs-test-tool' shows"
                " whether its appliance starts at all.",
            )
        reason = str(error).partition("\n")[0]  # what follows is about debugging libguestfs
        return kind(
            f"{what}: {reason}",
            details=self._log,
            hint="'libguestfs-test-tool' shows whether libguestfs works on this machine.",
        )

    def _hear(self, _event: int, _handle: int, text: str, _array: object) -> None:
        self._log.extend(line.rstrip() for line in text.splitlines() if line.strip())


def _told(ask: Callable[[str], str], device: str) -> str:
    try:
        return ask(device)
    except RuntimeError:
        return ""


def _volume(device: str, tags: Mapping[str, str], mounted: Mapping[str, str]) -> Volume:
    return Volume(
        device=device,
        type=tags.get("TYPE", ""),
        uuid=tags.get("UUID", ""),
        label=tags.get("LABEL", ""),
        part_uuid=tags.get("PART_ENTRY_UUID", ""),
        part_label=tags.get("PART_ENTRY_NAME", ""),
        part_scheme=tags.get("PART_ENTRY_SCHEME", ""),
        part_number=int(tags.get("PART_ENTRY_NUMBER", "0")),
        start=int(tags.get("PART_ENTRY_OFFSET", "0")) * _SECTOR,
        mount_point=mounted.get(device),
    )


class _Deadline:
    """Kills the appliance when its time is over, or the work is cancelled.

    A handle of libguestfs is locked while a call runs, so the process is killed from outside. It
    is known by our scratch directory in its arguments.
    """

    def __init__(self, seconds: float, scratch: Path, cancelled: threading.Event) -> None:
        self.seconds = seconds
        self.expired = False
        self._scratch = os.fsencode(scratch)
        self._cancelled = cancelled
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._left.set()
        if self._thread.is_alive():
            self._thread.join()

    def kill(self) -> None:
        for pid in self._appliances():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _watch(self) -> None:
        end = time.monotonic() + self.seconds
        while not self._left.wait(WATCH_INTERVAL):
            self.expired = time.monotonic() >= end
            if self.expired or self._cancelled.is_set():
                self.kill()  # and once more later: it may not have been started yet

    def _appliances(self) -> Iterator[int]:
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                arguments = (process / "cmdline").read_bytes()
                parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) == os.getpid() and (
                    self._scratch in arguments or b"supermin" in arguments
                ):
                    yield int(process.name)
