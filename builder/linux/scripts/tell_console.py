"""Tell the serial console what a guest of Nova sees: its console log needs no network to be read.

Each line has a token, a CRC-32 and a JSON object. The kernel writes between others' lines, so
everything is told several times, and a line that does not fit its checksum is nobody's. Where it is
asked to, it then hangs as a guest would whose watchdog daemon is stopped, once.
"""

import fcntl
import json
import os
import platform
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import time
import zlib
from base64 import b64decode
from pathlib import Path
from typing import Any

ORDER = json.loads(b64decode(sys.argv[1]).decode())
SYS, PROC = Path("/sys"), Path("/proc")
REPEATS = (0, 2, 8)
LIMIT = 3600
SETTLE_LIMIT = 300
LOGIN_LIMIT = 60
NOBODY = 65534
DISCARDED = 4 << 20
"""Bytes: an object of Ceph's, which takes no less than 64 KiB for a discard."""
BLKDISCARD = 0x1277
HUNG = Path("/var/lib/guest-image-hung")


def read(path: Path) -> str:
    """What a file says, or nothing where there is none."""
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


BOOT = read(PROC / "sys/kernel/random/boot_id")


def consoles() -> "list[str]":
    """The kernel's consoles that are no screen."""
    if "consoles" in ORDER:
        return list(ORDER["consoles"])
    names = read(SYS / "class/tty/console/active").split()
    return [f"/dev/{name}" for name in names if not re.match(r"tty\d", name)] or ["/dev/ttyS0"]


def tell(message: "dict[str, Any]") -> None:  # Any: JSON
    """Write a line in one piece, which no other program's line can break."""
    text = json.dumps({**message, "boot": BOOT})
    line = f"\r\nGUEST-IMAGE {ORDER['token']} {zlib.crc32(text.encode()):08x} {text}\r\n"
    for console in consoles():
        try:
            with Path(console).open("ab", buffering=0) as terminal:
                terminal.write(line.encode())
        except OSError:
            continue


def repeat(*messages: "dict[str, Any]") -> None:
    """Tell them now, and again later: they may not have been read."""
    start = time.monotonic()
    for after in REPEATS:
        time.sleep(max(0.0, start + after - time.monotonic()))
        for message in messages:
            tell(message)


def root_disk() -> str:
    """The name of the disk below the root file system, or nothing."""
    mounts = [line.split() for line in read(PROC / "self/mountinfo").splitlines()]
    roots = [fields for fields in mounts if fields[4] == "/"]
    if not roots:
        return ""
    device = SYS / "dev/block" / roots[-1][2]
    if not device.exists():  # as of btrfs
        source = roots[-1][roots[-1].index("-") + 2]
        device = SYS / "class/block" / Path(source).resolve().name
    device = device.resolve()
    while list((device / "slaves").glob("*")):
        device = min((device / "slaves").iterdir()).resolve()
    if (device / "partition").exists():
        device = device.parent
    return device.name if (device / "size").exists() else ""


def driver(device: Path) -> str:
    """The driver of a disk's controller, or of a NIC; those of protocols are passed over."""
    place = device.resolve()
    while place != place.parent:
        name = (place / "driver").resolve().name
        if name not in ("driver", "sd", "sr"):
            return name
        place = place.parent
    return ""


def disks() -> "list[dict[str, Any]]":
    """Every disk; a medium that can be removed is none."""
    root = root_disk()
    return [
        {
            "kind": "disk",
            "name": block.name,
            "bytes": int(read(block / "size") or 0) * 512,
            "driver": driver(block / "device"),
            "root": block.name == root,
            "discards": int(read(block / "queue/discard_max_bytes") or 0) > 0,
        }
        for block in sorted((SYS / "block").iterdir())
        if (block / "device").exists() and read(block / "removable") == "0"
    ]


def cleared(name: str) -> bool:
    """Whether what is written to a disk is gone after a discard; not of one that is in use."""
    try:
        handle = os.open(f"/dev/{name}", os.O_RDWR | os.O_EXCL)
        with os.fdopen(handle, "r+b", buffering=0) as disk:
            disk.write(b"\xa5" * DISCARDED)
            os.fsync(disk.fileno())
            fcntl.ioctl(disk, BLKDISCARD, struct.pack("QQ", 0, DISCARDED))
            os.posix_fadvise(disk.fileno(), 0, DISCARDED, os.POSIX_FADV_DONTNEED)
            disk.seek(0)
            return disk.read(DISCARDED) == bytes(DISCARDED)
    except OSError:
        return False


def media() -> "dict[str, dict[str, Any]]":
    """The disks that have a size, by name."""
    return {disk["name"]: disk for disk in disks() if disk["bytes"]}


def tell_plugged(before: "set[str]") -> "set[str]":
    """Tell of disks that have come and gone since they were known; returns those of now."""
    now = media()
    for name in sorted(set(now) - before):
        facts = {key: now[name][key] for key in ("name", "bytes", "driver", "discards")}
        repeat({"kind": "attached", **facts, "cleared": cleared(name)})
    for name in sorted(before - set(now)):
        repeat({"kind": "detached", "name": name})
    return set(now)


def nics() -> "list[dict[str, Any]]":
    """Every NIC that has a driver, with the queues that it uses."""
    found = []
    for nic in sorted((SYS / "class/net").iterdir()):
        if (nic / "device").exists():
            features = read(nic / "device/features")
            found.append(
                {
                    "kind": "nic",
                    "name": nic.name,
                    "driver": driver(nic / "device"),
                    "queues": len(list((nic / "queues").glob("rx-*"))),
                    # Bit 34 of VIRTIO 1.1 is VIRTIO_F_RING_PACKED.
                    "packed": features[34:35] == "1",
                }
            )
    return found


def processors() -> "dict[str, Any]":
    """How many there are, and how they are arranged."""
    places = [
        (read(cpu / "physical_package_id"), read(cpu / "core_id"))
        for cpu in (SYS / "devices/system/cpu").glob("cpu[0-9]*/topology")
    ]
    sockets, cores = len({socket for socket, _ in places}), len(set(places))
    return {
        "kind": "processors",
        "count": len(places),
        "sockets": sockets,
        "cores": cores // max(sockets, 1),
        "threads": len(places) // max(cores, 1),
    }


def system() -> "dict[str, Any]":
    """What it is, and what it was started by."""
    release = dict(line.partition("=")[::2] for line in read(Path("/etc/os-release")).splitlines())
    state = SYS / "firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
    return {
        "kind": "system",
        "id": release.get("ID", "").strip("\"'")[:64],
        "version": release.get("VERSION_ID", "").strip("\"'")[:64],
        "machine": platform.machine(),
        "kernel": platform.release()[:64],
        "hypervisor": answer("systemd-detect-virt", "--vm")[:64],
        "uefi": (SYS / "firmware/efi").exists(),
        "secure_boot": state.exists() and state.read_bytes()[-1:] == b"\1",
    }


def devices() -> "dict[str, Any]":
    """Single devices that a property asks for."""
    serial = read(PROC / "tty/driver/serial").splitlines()
    return {
        "kind": "devices",
        "rng": read(SYS / "class/misc/hw_random/rng_current")[:64],
        "watchdogs": [read(path)[:64] for path in sorted(SYS.glob("class/watchdog/*/identity"))][
            :4
        ],
        "tpm": read(SYS / "class/tpm/tpm0/tpm_version_major")[:8],
        "serial_ports": sum("uart:" in line and "uart:unknown" not in line for line in serial),
    }


def answer(*argv: str) -> str:
    """What a program prints; nothing where there is none."""
    try:
        done = subprocess.run(
            argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace").strip()


def has_password(user: str) -> bool:
    """Whether the user's entry in shadow(5) has one that is not locked."""
    entries = (line.split(":") for line in read(Path("/etc/shadow")).splitlines())
    found = [fields[1] for fields in entries if fields[0] == user]
    return bool(found) and bool(found[0]) and found[0][0] not in "!*"


def logs_in(user: str, password: str) -> bool:
    """Whether su lets somebody in, who is nobody, with the password."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        os.execvp("su", ["su", user, "-c", "true"])  # noqa: S606 - to which one talks on a terminal
    said, typed, deadline = b"", False, time.monotonic() + LOGIN_LIMIT
    while time.monotonic() < deadline and select.select([terminal], [], [], LOGIN_LIMIT)[0]:
        try:
            piece = os.read(terminal, 1024)
        except OSError:  # it has ended
            break
        if not piece:
            break
        said += piece
        if not typed and b"assword" in said:
            os.write(terminal, password.encode() + b"\n")
            typed = True
    else:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def watch() -> None:
    """Tell when the user gets a password, the root disk changes its size, disks come and go."""
    user, password, disk = ORDER["user"], ORDER["password"], root_disk()
    plugged = set(media())
    before = logs_in(user, password)
    repeat({"kind": "watching", "user": user})
    size, told = read(SYS / "block" / disk / "size"), False
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        time.sleep(2)
        if not told and has_password(user):
            told = True
            after = logs_in(user, password)
            repeat({"kind": "password", "user": user, "before": before, "after": after})
        now = read(SYS / "block" / disk / "size")
        if now != size:
            size = now
            repeat({"kind": "size", "name": disk, "bytes": int(now or 0) * 512})
        plugged = tell_plugged(plugged)


def holders() -> "dict[int, str]":
    """The processes that hold a watchdog open."""
    found = {}
    for process in PROC.glob("[0-9]*"):
        try:
            links = [str(link) for link in (process / "fd").iterdir()]
            held = [os.readlink(link) for link in links]  # noqa: PTH115 - Path has none in 3.6
        except OSError:  # it has ended, or changes: it is no daemon that waits
            continue
        if any(path.startswith("/dev/watchdog") for path in held):
            found[int(process.name)] = read(process / "comm")
    return found


def hang() -> None:
    """Stop whoever feeds the watchdog once the system is up: only the hypervisor is left to act."""
    deadline = time.monotonic() + SETTLE_LIMIT
    while time.monotonic() < deadline:
        if answer("systemctl", "is-system-running") not in ("initializing", "starting"):
            break
        time.sleep(2)
    found = holders()
    HUNG.write_text(BOOT)
    os.sync()
    repeat({"kind": "hang", "holders": sorted(found.values())})
    if 1 in found:  # which cannot be stopped: the kernel must be
        Path("/proc/sys/kernel/panic").write_text("0")
        Path("/proc/sysrq-trigger").write_text("c")
    for pid in found:
        os.kill(pid, signal.SIGSTOP)


def main() -> None:
    """Tell what there is, then do what is asked for."""
    facts = [system(), processors(), devices(), *disks()[:32], *nics()[:32]]
    facts = [{**fact, "number": number, "of": len(facts)} for number, fact in enumerate(facts)]
    hung = read(HUNG)
    repeat(*facts, *([{"kind": "returned", "hung": hung}] if hung else []))
    if ORDER["act"] == "hang" and not hung:
        hang()
    elif ORDER["act"] == "watch":
        watch()


main()
