"""A guest that lets a user in on one of its serial terminals."""

import base64
import shlex
from typing import Any

from fake_guest import FakeGuest

from builder.feature import CONSOLE, Completed, Machine


class Terminal(FakeGuest):
    """A guest with a console, on which one password lets its user in.

    login drops the first ``lost`` characters of what is typed before the shell is there.
    """

    def __init__(self, *, honest: bool, lost: int = 0, terminal: str = CONSOLE) -> None:
        self.password = ""
        self.terminal = terminal
        self.honest = honest
        self.lost = lost
        self.line = ""
        super().__init__(
            {"getent": "!\n", "usermod": ""},
            agent={"guest-set-user-password": self.set_password},
            machine=Machine(serial_ports=1 + (terminal != CONSOLE)),
        )

    def run(self, *argv: str, timeout: float = 60) -> Completed:
        if "chpasswd" in argv[2]:
            self.password = argv[-1] if self.honest else ""
            return Completed(0, "", "")
        return super().run(*argv, timeout=timeout)

    def console(self, terminal: str = CONSOLE) -> str:
        return self._console if terminal == self.terminal else ""

    def set_password(self, *, password: str, **_: Any) -> dict[str, Any]:
        if self.honest:
            self.password = base64.b64decode(password).decode()
        return {}

    def type(self, text: str, terminal: str = CONSOLE) -> None:
        assert terminal == self.terminal
        self._console += text.replace("\n", "\r\n")
        if self._console.endswith("proof login: debian\r\n"):
            self._console += "Password: "
        elif text.strip() == self.password != "":
            self._console += "debian@proof:~$ "
        elif self._console.endswith("Password: " + text.replace("\n", "\r\n")):
            self._console += "\r\nLogin incorrect\r\nproof login: "
        elif self._console.count("debian@proof"):
            self.line += text[self.lost :]
            self.lost = 0
            self._console += self.shell()
        else:
            self._console += "proof login: "

    def shell(self) -> str:
        try:
            command, self.line = shlex.split(self.line), ""
        except ValueError:
            return "> "
        return "uid=1000(debian) gid=1000(debian)\r\n" if command == ["id"] else "not found\r\n"
