"""Open vSwitch in user space: no kernel module, and a database of its own."""

from pathlib import Path

from allinone.process import Service, run_step
from allinone.site import Site


def variables(site: Site) -> dict[str, str]:
    """Where Open vSwitch's programs find this one, and not the machine's; libvirt asks it too."""
    directory = site.configuration("ovs")
    return {name: str(directory) for name in ("OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR")}


def database_server(site: Site) -> Service:
    """The database of bridges and ports, empty at each start: Neutron's agent fills it."""
    directory = site.configuration("ovs")
    run_step(
        site,
        "make the database of Open vSwitch",
        *("ovsdb-tool", "create", directory / "conf.db"),
        "/usr/share/openvswitch/vswitch.ovsschema",
    )
    return Service(
        "ovsdb-server",
        (
            "ovsdb-server",
            directory / "conf.db",
            f"--remote=punix:{socket(site)}",
            f"--unixctl={directory}/ovsdb-server.ctl",
            f"--pidfile={directory}/ovsdb-server.pid",
        ),
        directory,
        ready=socket(site).exists,
        environment=variables(site),
    )


def switch(site: Site) -> Service:
    """The switch itself; wait for the database server before starting it."""
    directory = site.configuration("ovs")
    run_step(
        site,
        "start Open vSwitch",
        *("ovs-vsctl", "--timeout=30", f"--db={address(site)}", "--no-wait", "init"),
    )
    return Service(
        "ovs-vswitchd",
        (
            "ovs-vswitchd",
            address(site),
            f"--unixctl={directory}/ovs-vswitchd.ctl",
            f"--pidfile={directory}/ovs-vswitchd.pid",
        ),
        directory,
        ready=(directory / "ovs-vswitchd.ctl").exists,
        environment=variables(site),
    )


def address(site: Site) -> str:
    """What OVSDB's clients take for the database's address."""
    return f"unix:{socket(site)}"


def socket(site: Site) -> Path:
    """The database's socket, under the name that libvirt's ovs-vsctl looks for."""
    return site.configuration("ovs") / "db.sock"
