"""Keystone: who may do what, and where each service answers."""

import warnings

from cloudconfig import keystone_configuration
from cloudtemplate import connect

from allinone import mariadb
from allinone.process import Service, run_step, wsgi
from allinone.site import PROGRAMS, REGION, Site

TYPES = {
    "keystone": "identity",
    "glance": "image",
    "placement": "placement",
    "nova": "compute",
    "neutron": "network",
    "cinder": "block-storage",
}
"""What the catalogue calls the services, by the name of their port."""
_PATHS = {"keystone": "/v3", "nova": "/v2.1", "cinder": "/v3"}
USERS = {
    "publisher": ("images", "admin"),
    "member": ("images", "member"),
    "reader": ("images", "reader"),
}
"""The users' projects and roles."""


def configure(site: Site) -> None:
    """Write ``keystone.conf``."""
    keys = site.kept / "keystone"
    keys.mkdir(exist_ok=True)
    text = keystone_configuration(keys, site.database("keystone"))
    (site.configuration("keystone") / "keystone.conf").write_text(text, encoding="utf-8")


def set_up(site: Site) -> None:
    """Fill the database, and make the keys, the first user and the regions."""
    manage = (PROGRAMS / "keystone-manage", "--config-dir", site.configuration("keystone"))
    owner = ("--keystone-user", "0", "--keystone-group", "0")
    run_step(site, "fill Keystone's database", *manage, "db_sync")
    run_step(site, "make Keystone's keys", *manage, "fernet_setup", *owner)
    run_step(site, "make Keystone's keys", *manage, "credential_setup", *owner)
    run_step(
        site,
        "make Keystone's first user",
        *(*manage, "bootstrap", "--bootstrap-password", site.password),
        *("--bootstrap-region-id", REGION),
        *("--bootstrap-internal-url", site.url("keystone") + _PATHS["keystone"]),
        *("--bootstrap-public-url", site.url("keystone") + _PATHS["keystone"]),
    )


def service(site: Site) -> Service:
    """The API server."""
    return wsgi(
        site,
        "keystone",
        "keystone.wsgi.api:application",
        {"OS_KEYSTONE_CONFIG_DIR": str(site.configuration("keystone"))},
    )


def add_services_and_users(site: Site) -> None:
    """Fill a Keystone that runs and has just been set up. Addresses come at each start."""
    with warnings.catch_warnings():
        # The SDK warns of its own attributes.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        identity = connect(f"{site.url('keystone')}/v3", "admin", "admin", site.password).identity
        domain = identity.find_domain("Default", ignore_missing=False)
        for name, kind in TYPES.items():
            if name != "keystone":
                entry = identity.create_service(name=name, type=kind)
                identity.create_endpoint(
                    service_id=entry.id, interface="public", region_id=REGION, url=site.url(name)
                )
        projects = {
            name: identity.create_project(name=name, domain_id=domain.id)
            for name in ("service", "images")
        }
        roles = {role.name: role for role in identity.roles()}
        of_services = {name: ("service", "admin") for name in TYPES if name != "keystone"}
        for name, (project, role) in {**of_services, **USERS}.items():
            user = identity.create_user(name=name, password=site.password, domain_id=domain.id)
            for granted in {role, "service"} if project == "service" else {role}:
                identity.assign_project_role_to_user(projects[project], user, roles[granted])


def point_catalogue(site: Site) -> None:
    """Set the addresses of this start in the catalogue."""
    for name, kind in TYPES.items():
        mariadb.sql(
            site,
            f"UPDATE keystone.endpoint SET url = '{site.url(name)}{_PATHS.get(name, '')}'"  # noqa: S608 - all words are ours
            f" WHERE service_id = (SELECT id FROM keystone.service WHERE type = '{kind}');",
        )
