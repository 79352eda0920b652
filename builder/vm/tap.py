"""A tap device with several queues, made with or without root.

virtio-net has several queues only on a tap device; QEMU's user-mode network has one. A child
makes the device in a network namespace of its own and passes the opened queues back. The
open queues keep device and namespace alive; closing them removes both. Nothing reaches the host's
network.

Ioctls: Linux, ``include/uapi/linux/if_tun.h``, ``Documentation/networking/tuntap.rst``.
"""

import fcntl
import os
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from builder.errors import BuilderError, HostError
from builder.host.process import run

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_MULTI_QUEUE, IFF_NO_PI, IFF_VNET_HDR = 0x0002, 0x0100, 0x1000, 0x4000
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8914, 0x8916, 0x891C
IFF_UP, IFF_BROADCAST, IFF_MULTICAST = 0x1, 0x2, 0x1000
NAME = b"tap0"
ADDRESS, NETMASK = "192.0.2.1", "255.255.255.0"
"""What the device's own end answers pings at: of RFC 5737, for documentation and tests."""


@contextmanager
def queues(count: int) -> Iterator[tuple[int, ...]]:
    """The file descriptors of a new tap device's queues, closed when the block is left.

    Raises ``HostError`` where user namespaces or /dev/net/tun are not to be had.
    """
    # Root makes a network namespace as it is; user namespaces are closed to it in some containers.
    become_root = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        try:
            run(
                [
                    *("unshare", *become_root, "--net", "--"),
                    *(sys.executable, "-m", "builder.vm.tap", str(count), str(theirs.fileno())),
                ],
                timeout=30,
                purpose="make a tap device with several queues",
                env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": os.defpath},
                pass_fds=[theirs.fileno()],
            )
        except BuilderError as error:
            raise HostError(
                error.message,
                details=error.details,
                hint="It needs /dev/net/tun (modprobe tun), and without root user namespaces "
                "(sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces > 0).",
            ) from error
        _, descriptors, _, _ = socket.recv_fds(ours, 1, count)
    try:
        yield tuple(descriptors)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _open_queues(count: int) -> list[int]:
    request = struct.pack("16sH22x", NAME, IFF_TAP | IFF_MULTI_QUEUE | IFF_NO_PI | IFF_VNET_HDR)
    descriptors = []
    for _ in range(count):
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(descriptor, TUNSETIFF, request)
        descriptors.append(descriptor)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for request_code, value in ((SIOCSIFADDR, ADDRESS), (SIOCSIFNETMASK, NETMASK)):
            family = struct.pack("16sHH4s16x", NAME, socket.AF_INET, 0, socket.inet_aton(value))
            fcntl.ioctl(control, request_code, family)
        up = struct.pack("16sH22x", NAME, IFF_UP | IFF_BROADCAST | IFF_MULTICAST)
        fcntl.ioctl(control, SIOCSIFFLAGS, up)
    return descriptors


def _child(count: int, connection: int) -> None:
    with socket.socket(fileno=connection) as parent:
        socket.send_fds(parent, [b"\0"], _open_queues(count))


if __name__ == "__main__":
    _child(int(sys.argv[1]), int(sys.argv[2]))
