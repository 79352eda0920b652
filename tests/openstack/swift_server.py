"""A real S3 server: OpenStack Swift with its S3 API, on loopback, in one directory.

Swift keeps its metadata in extended attributes, so the directory's file system must have them.
"""

import contextlib
import time
from pathlib import Path

from apiserver import LOOPBACK, answers, free_port
from cloudtemplate import CACHE, require_installed

from builder.host.process import Running, run, start

PROGRAMS = CACHE / "swift" / "bin"
ACCESS, SECRET = "test:fleet", "a-key-of-loopback"
BUCKET = "images"

START_LIMIT = 60.0
_STORAGE = ("account", "container", "object")

_COMMON = """\
[DEFAULT]
bind_ip = {host}
bind_port = {port}
workers = 0
swift_dir = {home}
devices = {home}/devices
mount_check = false
disable_fallocate = true
user = {user}
log_level = INFO
log_address = {home}/no-syslog
"""

_STORAGE_APP = """
[pipeline:main]
pipeline = {kind}-server

[app:{kind}-server]
use = egg:swift#{kind}
"""

_PROXY_APP = f"""
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck listing_formats s3api tempauth slo proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true

[filter:tempauth]
use = egg:swift#tempauth
user_test_fleet = {SECRET} .admin

[filter:s3api]
use = egg:swift#s3api

[filter:slo]
use = egg:swift#slo
""" + "".join(
    f"\n[filter:{name}]\nuse = egg:swift#{name}\n"
    for name in ("catch_errors", "gatekeeper", "healthcheck", "listing_formats")
)


class SwiftServer:
    """Its proxy and its three storage servers, each a process; the proxy can be ended alone."""

    def __init__(self, home: Path, user: str) -> None:
        """Write its configuration, with a ring of one device for each kind of data."""
        require_installed("installed-swift")
        self._home = home
        self._ports = {kind: free_port() for kind in (*_STORAGE, "proxy")}
        self._storage = contextlib.ExitStack()
        self._proxy = contextlib.ExitStack()
        (home / "devices" / "disk").mkdir(parents=True)
        (home / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = fleet\n")
        for kind, port in self._ports.items():
            app = _PROXY_APP if kind == "proxy" else _STORAGE_APP.format(kind=kind)
            common = _COMMON.format(host=LOOPBACK, port=port, home=home, user=user)
            (home / f"{kind}.conf").write_text(common + app)
        for kind in _STORAGE:
            self._ring(kind, ["create", "1", "1", "1"])
            self._ring(kind, ["add", f"r1z1-{LOOPBACK}:{self._ports[kind]}/disk", "1"])
            self._ring(kind, ["rebalance"])

    @property
    def url(self) -> str:
        """The endpoint of its S3 API."""
        return f"http://{LOOPBACK}:{self._ports['proxy']}"

    def start(self) -> None:
        """Start all that does not run, and wait until it answers."""
        for kind in _STORAGE:
            self._storage.enter_context(self._started(kind))
        self.reconnect()

    def cut(self) -> None:
        """Let nobody reach it; what it stores stays."""
        self._proxy.close()

    def reconnect(self) -> None:
        """Let it be reached again."""
        running = self._proxy.enter_context(self._started("proxy"))
        deadline = time.monotonic() + START_LIMIT
        while not answers(self.url):
            assert running.status is None, running.tail()
            assert time.monotonic() < deadline, f"Swift does not answer: {running.tail()}"
            time.sleep(0.05)

    def stop(self) -> None:
        """End all of it."""
        self.cut()
        self._storage.close()

    def _started(self, kind: str) -> contextlib.AbstractContextManager[Running]:
        return start(
            [PROGRAMS / f"swift-{kind}-server", self._home / f"{kind}.conf"],
            purpose=f"start Swift's {kind} server",
            log=self._home / f"{kind}.log",
            cwd=self._home,
        )

    def _ring(self, kind: str, words: list[str]) -> None:
        builder = self._home / f"{kind}.builder"
        argv = [PROGRAMS / "swift-ring-builder", builder, *words]
        run(argv, timeout=30, purpose="make a ring")
