"""The loopback interface, by which this program reaches a guest's SSH.

A network namespace begins with it down: that of ``unshare --net``, or of a sandbox without network.

Ioctls: Linux, ``include/uapi/linux/sockios.h``, netdevice(7).
"""

import fcntl
import socket
import struct

from builder.errors import HostError

SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914
IFF_UP = 0x1
_NAME = b"lo"
_REQUEST = "16sH22x"


def bring_up() -> None:
    """Bring the interface up where it is down. Raises ``HostError`` where this user may not."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        try:
            answer = fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack(_REQUEST, _NAME, 0))
            _, flags = struct.unpack(_REQUEST, answer)
            if not flags & IFF_UP:
                fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack(_REQUEST, _NAME, flags | IFF_UP))
        except OSError as error:
            raise HostError(
                "The loopback interface is down, and no guest's SSH can be reached without it.",
                details=[error.strerror or str(error)],
                hint="Bring it up as root: ip link set lo up.",
            ) from error
