"""The message queue: a RabbitMQ with a node name, ports and an epmd of its own, all on loopback."""

import contextlib
import socket

from apiserver import LOOPBACK

from allinone.process import Service
from allinone.site import Site

_SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
"""Debian's command of that name changes to the user rabbitmq."""


def service(site: Site) -> Service:
    """The message queue. Nothing of it is kept: each start has a new one."""
    directory = site.configuration("rabbitmq")
    (directory / "rabbitmq.conf").write_text(
        f"listeners.tcp.default = {LOOPBACK}:{site.ports.amqp}\n"
        "default_user = openstack\n"
        f"default_pass = {site.password}\n",
        encoding="utf-8",
    )
    (directory / "enabled_plugins").write_text("[].\n", encoding="utf-8")
    return Service(
        "rabbitmq",
        (_SERVER,),
        directory,
        ready=lambda: _accepts(site.ports.amqp),
        environment={
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(site.ports.epmd),
            "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
            "RABBITMQ_DIST_PORT": str(site.ports.erlang),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "enabled_plugins"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": str(directory),
            "RABBITMQ_MNESIA_BASE": str(directory / "mnesia"),
            "RABBITMQ_NODENAME": f"all-in-one-{site.ports.amqp}@localhost",
            "RABBITMQ_PID_FILE": str(directory / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1} "
                "+S 1:1 +sbwt none"  # one scheduler, which does not spin while it waits
            ),
        },
    )


def _accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=5):
        return True
    return False
