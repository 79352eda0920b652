"""The databases: one MariaDB on a unix socket, whose only user is root's process."""

from pathlib import Path

from allinone.process import Service, run_step
from allinone.site import Site

NAMES = ("keystone", "glance", "placement", "nova_api", "nova", "nova_cell0", "neutron", "cinder")


def service(site: Site) -> Service:
    """The database server, its data directory made if need be."""
    data = _data(site)
    if not data.exists():
        run_step(
            site,
            "make the databases",
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=socket",
            "--auth-root-socket-user=root",
            "--skip-test-db",
            "--user=root",
        )
    return Service(
        "mariadb",
        (
            "mariadbd",
            "--no-defaults",
            f"--datadir={data}",
            f"--socket={_socket(site)}",
            f"--pid-file={site.run}/mariadb.pid",
            f"--tmpdir={site.temporary}",
            "--user=root",
            "--skip-networking",
            "--max-connections=400",
            # Written, but not waited for: what is kept outlives a killed server, not a power cut.
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-flush-method=nosync",
            "--sync-frm=OFF",
            "--innodb-buffer-pool-size=64M",
            "--performance-schema=OFF",
        ),
        site.run,
        ready=_socket(site).exists,
    )


def create(site: Site) -> None:
    """Create the databases, empty ones."""
    sql(site, "".join(f"CREATE DATABASE {name} CHARACTER SET utf8mb3;" for name in NAMES))


def sql(site: Site, statements: str) -> str:
    """Run statements; the rows come as lines with tabs."""
    return run_step(
        site,
        "change the databases",
        *("mariadb", "--no-defaults", "--batch", "--skip-column-names"),
        *(f"--socket={_socket(site)}", "--user=root"),
        stdin=statements.encode(),
    )


def has_reported(site: Site, binary: str) -> bool:
    """Whether a service of Nova or Cinder, or Neutron's agent, has reported since the start."""
    project = binary.partition("-")[0]
    table, reported = (
        ("neutron.agents", "heartbeat_timestamp")
        if project == "neutron"
        else (f"{project}.services", "COALESCE(updated_at, created_at)")
    )
    query = f"SELECT id FROM {table} WHERE `binary` = '{binary}' AND {reported} >= FROM_UNIXTIME"  # noqa: S608 - all words are ours
    return sql(site, f"SET time_zone = '+00:00'; {query}({int(site.since)});") != ""


def _data(site: Site) -> Path:
    return site.kept / "mariadb"


def _socket(site: Site) -> Path:
    return site.run / "mariadb.sock"
