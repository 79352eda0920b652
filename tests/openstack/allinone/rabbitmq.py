"""The message queue: RabbitMQ at its usual ports, which only the OpenStack's own network has."""

from allinone.process import Service
from allinone.site import Site

_SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
"""Debian's command of that name changes to the user rabbitmq."""
_READY = "Server startup complete"


def service(site: Site) -> Service:
    """The message queue. Nothing of it is kept: each start has a new one."""
    directory = site.configuration("rabbitmq")
    (directory / "rabbitmq.conf").write_text(
        f"default_user = openstack\ndefault_pass = {site.password}\n", encoding="utf-8"
    )
    (directory / "enabled_plugins").write_text("[].\n", encoding="utf-8")
    log = site.logs / "rabbitmq.log"
    return Service(
        "rabbitmq",
        (_SERVER,),
        directory,
        ready=lambda: _READY in log.read_text(encoding="utf-8", errors="replace"),
        environment={
            "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "enabled_plugins"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": str(directory),
            "RABBITMQ_MNESIA_BASE": str(directory / "mnesia"),
            "RABBITMQ_NODENAME": "all-in-one@localhost",
            "RABBITMQ_PID_FILE": str(directory / "pid"),
            # One scheduler, which does not spin while it waits.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        },
    )
