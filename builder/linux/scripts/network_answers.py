"""Connect to a host from one of this guest's addresses. To be refused is an answer, too."""

import contextlib
import socket
import sys

DISCARD = 9
SOURCE, HOST = sys.argv[1:]

with contextlib.suppress(ConnectionRefusedError):
    socket.create_connection((HOST, DISCARD), timeout=60, source_address=(SOURCE, 0)).close()
