"""A way to a server on loopback that a test can cut, or freeze as a cable does that is pulled."""

import contextlib
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager


class Line:
    """Passes on what comes to its port to the server's, and back."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._flows = threading.Event()
        self._flows.set()
        self._listener = _listening(0)
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """End all connections, and refuse new ones."""
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._sockets = []

    def freeze(self) -> None:
        """Let nothing arrive any more; nobody is told."""
        self._flows.clear()

    @property
    def frozen(self) -> bool:
        return not self._flows.is_set()

    def mend(self) -> None:
        """Let it be as it was; what a cut has ended must be begun anew."""
        self._flows.set()
        if not self._sockets:
            self._sockets = [_listening(self.port)]
            threading.Thread(target=self._accept, args=(*self._sockets,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it was cut
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(1 << 16):
                self._flows.wait()
                target.sendall(content)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _listening(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))


@contextmanager
def line_to(port: int) -> Generator[Line]:
    """A line that is whole, and ends with its test."""
    line = Line(port)
    try:
        yield line
    finally:
        line.mend()
        line.cut()
