"""Where the OpenStack lives, and at which ports it answers."""

import contextlib
import os
import secrets
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from apiserver import LOOPBACK
from cloudtemplate import CACHE

from builder.errors import HostError

HOME = CACHE.resolve() / "all-in-one"
"""What ``make`` installs lies here."""
ROOT = HOME / "cloud"
"""Where the OpenStack of ``make openstack`` lives. Others may live elsewhere."""
PROGRAMS = HOME / "venv" / "bin"
REGION = "One"
_LONGEST = 70
"""Bytes that leave room for the names of sockets: the kernel takes paths of up to 107."""


@dataclass(frozen=True)
class Ports:
    """Loopback ports of the API servers; all else has its usual port in a network namespace."""

    keystone: int
    glance: int
    placement: int
    nova: int
    neutron: int
    cinder: int


@dataclass(frozen=True)
class Site:
    """One OpenStack: its directories, ports and password, and when (epoch) it was started.

    ``kept`` outlives an end that keeps the state: databases, images, disks, definitions of guests.
    ``run`` is of one start: sockets, configuration, logs. ``listeners`` are bound to the ports by
    the program that starts the API servers.
    """

    ports: Ports
    password: str
    since: float
    root: Path
    listeners: Mapping[str, socket.socket] = field(default_factory=dict, compare=False, repr=False)

    @property
    def kept(self) -> Path:
        """The directory of what lasts."""
        return self.root / "kept"

    @property
    def run(self) -> Path:
        """The directory of one start."""
        return self.root / "run"

    @property
    def temporary(self) -> Path:
        """The ``TMPDIR`` of every process, which is how they are found again."""
        return self.run / "tmp"

    @property
    def logs(self) -> Path:
        """One log for each service and each step of the set-up."""
        return self.run / "log"

    @property
    def clouds_yaml(self) -> Path:
        """The file that ``OS_CLIENT_CONFIG_FILE`` is to name."""
        return self.run / "clouds.yaml"

    @property
    def complete(self) -> Path:
        """A file that is there once the databases have been filled to the end."""
        return complete(self.root)

    def url(self, service: str) -> str:
        """The address of an API, without a slash at the end."""
        return f"http://{LOOPBACK}:{getattr(self.ports, service)}"

    def database(self, name: str) -> str:
        """SQLAlchemy's URL of a database."""
        socket_path = self.run / "mariadb.sock"
        return f"mysql+pymysql://root@localhost/{name}?unix_socket={socket_path}&charset=utf8"

    @property
    def transport(self) -> str:
        """oslo.messaging's URL of the message queue."""
        return f"rabbit://openstack:{self.password}@{LOOPBACK}:5672/"

    def configuration(self, service: str) -> Path:
        """The directory of a service's configuration, which has passwords."""
        directory = self.run / service
        directory.mkdir(mode=0o700, exist_ok=True)
        return directory


def complete(root: Path) -> Path:
    """``Site.complete``. Its name is another one where what is kept is not what it was before."""
    return root / "kept" / "complete-with-volumes"


@contextlib.contextmanager
def prepared(root: Path) -> Iterator[Site]:
    """Make the directories of a start, and bind free ports while the API servers are started.

    The password is that of what was kept. Raises ``HostError`` where sockets would have names that
    are too long for the kernel.
    """
    if len(os.fsencode(root)) > _LONGEST:
        raise HostError(
            f"The path {root} is too long for the sockets of an OpenStack.",
            hint=f"It may have {_LONGEST} bytes: move this directory to a shorter path.",
        )
    password_file = root / "kept" / "password"
    password_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not password_file.exists():
        password_file.touch(mode=0o600)
        password_file.write_text(secrets.token_hex(12), encoding="utf-8")
    password = password_file.read_text(encoding="utf-8")
    with contextlib.ExitStack() as sockets:
        listeners = {name.name: sockets.enter_context(socket.socket()) for name in fields(Ports)}
        for listener in listeners.values():
            listener.bind((LOOPBACK, 0))
        ports = Ports(**{name: bound.getsockname()[1] for name, bound in listeners.items()})
        site = Site(ports, password, time.time(), root, listeners)
        for directory in (site.run, site.temporary, site.logs):
            directory.mkdir(exist_ok=True)
        yield site
