"""Nova: API, conductor, scheduler, and one compute host on libvirt and QEMU without KVM."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from apiserver import LOOPBACK
from cloudconfig import authtoken, ini, service_user

from allinone import libvirt, mariadb, openvswitch
from allinone.process import Service, run_step, wsgi
from allinone.site import PROGRAMS, REGION, Site

_FILTERS = (
    "ComputeFilter",
    "ComputeCapabilitiesFilter",
    "ImagePropertiesFilter",
    "ServerGroupAntiAffinityFilter",
    "ServerGroupAffinityFilter",
    "NUMATopologyFilter",
    "AggregateInstanceExtraSpecsFilter",
)
_PIPELINES = PROGRAMS.parent / "etc/nova/api-paste.ini"
_PRIVSEP = ("nova_sys_admin", "privsep_osbrick", "vif_plug_ovs_privileged")


@dataclass(frozen=True)
class Cpus:
    """Processors of the host for floating guests, and for pinned ones; without any, none is pinned.

    As Nova writes them: ``0-3,^1``. A guest has at most as many vCPUs as its part has processors.
    """

    shared: str = ""
    dedicated: str = ""


def configure(site: Site, cpus: Cpus) -> None:
    """Write ``nova.conf`` for all processes of Nova, and ``nova-databases.conf`` for all but one.

    The compute host asks the conductor for everything, and complains where it could do otherwise.
    """
    of_service = {
        **service_user("nova", site.password, site.url("keystone")),
        "region_name": REGION,
        "valid_interfaces": "public",
    }
    helper = PROGRAMS / "privsep-helper"
    sections: dict[str, dict[str, Any]] = {
        "DEFAULT": _defaults(site),
        "keystone_authtoken": authtoken("nova", site.password, site.url("keystone")),
        "placement": of_service,
        "neutron": of_service,
        "glance": {"region_name": REGION, "valid_interfaces": "public"},
        "cinder": {"catalog_info": "block-storage::publicURL", "os_region_name": REGION},
        # Cinder lets a volume go only where Nova itself asks together with the user.
        "service_user": {
            **service_user("nova", site.password, site.url("keystone")),
            "send_service_user_token": True,
        },
        "libvirt": {
            "virt_type": "qemu",
            "cpu_mode": "none",
            "connection_uri": libvirt.address(site),
            "hw_disk_discard": "unmap",
        },
        "compute": {"cpu_shared_set": cpus.shared, "cpu_dedicated_set": cpus.dedicated},
        "vnc": {"enabled": False},
        "conductor": {"workers": 1},
        "scheduler": {"workers": 1},
        "filter_scheduler": {"enabled_filters": ",".join(_FILTERS)},
        "oslo_concurrency": {"lock_path": site.run / "locks"},
        "os_vif_ovs": {"ovsdb_connection": openvswitch.address(site)},
    }
    if not cpus.dedicated:
        del sections["compute"]
    file, databases = _configuration(site)
    of_privsep = {name: {"helper_command": f"{helper} --config-file {file}"} for name in _PRIVSEP}
    file.write_text(ini({**sections, **of_privsep}), encoding="utf-8")
    of_databases = {
        "api_database": {"connection": site.database("nova_api")},
        "database": {"connection": site.database("nova")},
    }
    databases.write_text(ini(of_databases), encoding="utf-8")


def _defaults(site: Site) -> dict[str, Any]:
    state = site.kept / "nova"
    (state / "instances").mkdir(parents=True, exist_ok=True)
    return {
        "my_ip": LOOPBACK,
        "host": "all-in-one",
        "state_path": state,
        "transport_url": site.transport,
        "compute_driver": "libvirt.LibvirtDriver",
        # Metadata would need more of Neutron; the drive shows the same.
        "force_config_drive": True,
        "allow_resize_to_same_host": True,
        "reclaim_instance_interval": 3600,
        "heal_instance_info_cache_interval": -1,
        "vif_plugging_timeout": 120,
        "graceful_shutdown_timeout": 2,
        "manager_shutdown_timeout": 0,
        "periodic_fuzzy_delay": 0,
    }


def set_up(site: Site) -> None:
    """Fill the databases, and make the cell, whose addresses are those of ``nova.conf``."""
    manage: tuple[str | Path, ...] = (PROGRAMS / "nova-manage", *_options(*_configuration(site)))
    run_step(site, "fill Nova's API database", *manage, "api_db", "sync")
    run_step(
        site,
        "map Nova's cell 0",
        *(*manage, "cell_v2", "map_cell0"),
        *("--database_connection", site.database("nova_cell0")),
    )
    run_step(site, "fill Nova's database", *manage, "db", "sync", limit=300)
    run_step(
        site,
        "make Nova's cell",
        *(*manage, "cell_v2", "create_cell", "--name", "cell1"),
        *("--database_connection", "{scheme}://{username}@{hostname}/{path}?{query}"),
        *("--transport-url", "{scheme}://{username}:{password}@{hostname}:{port}/"),
    )


def find_hosts(site: Site) -> None:
    """Let Nova use the compute host, which has been started for the first time."""
    manage: tuple[str | Path, ...] = (PROGRAMS / "nova-manage", *_options(*_configuration(site)))
    run_step(site, "find Nova's compute host", *manage, "cell_v2", "discover_hosts")


def api(site: Site) -> Service:
    """The API server."""
    return wsgi(
        site,
        "nova",
        "nova.wsgi.osapi_compute:application",
        {
            "OS_NOVA_CONFIG_DIR": str(site.configuration("nova")),
            # The first one is that of the pipelines.
            "OS_NOVA_CONFIG_FILES": ";".join(map(str, (_PIPELINES, *_configuration(site)))),
        },
    )


def conductor(site: Site) -> Service:
    """What writes to the database for the compute host."""
    return _service(site, "nova-conductor", *_configuration(site))


def scheduler(site: Site) -> Service:
    """What chooses a host."""
    return _service(site, "nova-scheduler", *_configuration(site))


def compute(site: Site) -> Service:
    """The compute host. It needs libvirt and the conductor, and tells Placement what it has."""
    service = _service(site, "nova-compute", _configuration(site)[0])
    told = "SELECT 1 FROM placement.inventories LIMIT 1;"
    return replace(service, ready=lambda: service.ready() and mariadb.sql(site, told) != "")


def _service(site: Site, name: str, *configuration: Path) -> Service:
    return Service(
        name,
        (PROGRAMS / name, *_options(*configuration)),
        site.configuration("nova"),
        ready=lambda: mariadb.has_reported(site, name),
    )


def _options(*configuration: Path) -> tuple[str, ...]:
    return tuple(f"--config-file={file}" for file in configuration)


def _configuration(site: Site) -> tuple[Path, Path]:
    directory = site.configuration("nova")
    return directory / "nova.conf", directory / "nova-databases.conf"
