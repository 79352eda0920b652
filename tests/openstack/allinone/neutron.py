"""Neutron: ports and networks, with Open vSwitch in user space.

A network reaches no further than this machine, and has no DHCP: guests get their addresses by the
config drive.
"""

from collections.abc import Callable
from pathlib import Path

from cloudconfig import authtoken, ini, service_user

from allinone import mariadb, openvswitch
from allinone.process import Service, run_step, wsgi
from allinone.site import PROGRAMS, REGION, Site


def configure(site: Site) -> None:
    """Write ``neutron.conf`` for all processes of Neutron."""
    state = site.kept / "neutron"
    state.mkdir(exist_ok=True)
    text = ini(
        {
            "DEFAULT": {
                "host": "all-in-one",
                "state_path": state,
                "transport_url": site.transport,
                "core_plugin": "ml2",
                "service_plugins": "",
                "api_paste_config": PROGRAMS.parent / "etc/neutron/api-paste.ini",
                "rpc_workers": 1,
                "rpc_state_report_workers": 0,
            },
            "database": {"connection": site.database("neutron")},
            "keystone_authtoken": authtoken("neutron", site.password, site.url("keystone")),
            "nova": {
                **service_user("nova", site.password, site.url("keystone")),
                "region_name": REGION,
                "endpoint_type": "public",
            },
            "oslo_concurrency": {"lock_path": site.run / "locks"},
            "ml2": {
                "type_drivers": "local",
                "project_network_types": "local",
                "mechanism_drivers": "openvswitch",
                "extension_drivers": "port_security",
            },
            "securitygroup": {"firewall_driver": "noop"},
            "agent": {"root_helper": "env"},
            "ovs": {
                "datapath_type": "netdev",
                "ovsdb_connection": openvswitch.address(site),
            },
            "privsep": {
                "helper_command": f"{PROGRAMS}/privsep-helper --config-file {_configuration(site)}"
            },
        }
    )
    _configuration(site).write_text(text, encoding="utf-8")


def set_up(site: Site) -> None:
    """Fill the database."""
    manage = (PROGRAMS / "neutron-db-manage", "--config-file", _configuration(site))
    run_step(site, "fill Neutron's database", *manage, "upgrade", "heads", limit=300)


def api(site: Site) -> Service:
    """The API server."""
    return wsgi(
        site,
        "neutron",
        "neutron_api:application",
        {"OS_NEUTRON_CONFIG_FILES": str(_configuration(site))},
    )


def rpc_server(site: Site) -> Service:
    """What the agent asks; that it answers shows by the agent."""
    return _service(site, "neutron-rpc-server", ready=lambda: True)


def agent(site: Site) -> Service:
    """What connects guests to the switch."""
    name = "neutron-openvswitch-agent"
    return _service(site, name, ready=lambda: mariadb.has_reported(site, name))


def _service(site: Site, name: str, ready: Callable[[], bool]) -> Service:
    return Service(
        name,
        (PROGRAMS / name, "--config-file", _configuration(site)),
        site.configuration("neutron"),
        ready=ready,
        environment=openvswitch.variables(site),
    )


def _configuration(site: Site) -> Path:
    return site.configuration("neutron") / "neutron.conf"
