"""The databases and keys that every local cloud is copied from.

They are made when they are first wanted: that takes half a minute, and every start afterwards a few
seconds.
"""

import contextlib
import hashlib
import os
import sqlite3
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from apiserver import LOOPBACK, Server
from cloudconfig import keystone_configuration

from builder.errors import HostError
from builder.host.locking import locked, remove_leftovers
from builder.host.process import run

if TYPE_CHECKING:
    from openstack.connection import Connection

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "openstack"
PROGRAMS = CACHE / "venv" / "bin"
PASSWORD = "local"  # noqa: S105 - of a cloud that lives on loopback for as long as a test
MAIN_REGION, OTHER_REGION = "One", "Two"
MADE_BY = ("cloudtemplate.py", "cloudconfig.py", "requirements.txt")
"""When one of these changes, a new template is made."""


def require_installed(stamp: str = "installed") -> None:
    """Raise ``HostError`` unless ``make`` has installed what the stamp stands for."""
    if not (CACHE / stamp).exists():
        raise HostError(
            "The OpenStack services that the tests need are not installed.",
            hint=f"Run: make .cache/openstack/{stamp}",
        )


def keystone_server(directory: Path) -> Server:
    """The Keystone whose configuration, database and keys are in a directory."""
    (directory / "keystone.conf").write_text(keystone_configuration(directory), encoding="utf-8")
    return Server(
        "keystone",
        application="keystone.wsgi.api:application",
        programs=PROGRAMS,
        directory=directory,
        environment={"OS_KEYSTONE_CONFIG_DIR": str(directory)},
    )


def made_template() -> Path:
    """The directory with filled databases and keys, made if need be.

    Raises ``HostError`` where the servers are not installed.
    """
    require_installed()
    digest = hashlib.sha256()
    for name in MADE_BY:
        digest.update((HERE / name).read_bytes())
    template = CACHE / f"template-{digest.hexdigest()[:12]}"
    with locked(CACHE):  # several may want it at once
        if not template.exists():
            _make_template(template)
    return template


def _make_template(template: Path) -> None:
    remove_leftovers(CACHE.glob("template-new-*"))
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="template-new-") as name, locked(Path(name)):
        work = Path(name)
        keystone = work / "keystone"
        for directory in (keystone, work / "glance"):
            directory.mkdir()
        server = keystone_server(keystone)
        manage = [PROGRAMS / "keystone-manage", "--config-dir", keystone]
        owner = ["--keystone-user", str(os.geteuid()), "--keystone-group", str(os.getegid())]
        for words in (
            ["db_sync"],
            ["fernet_setup", *owner],
            ["credential_setup", *owner],
            [
                *("bootstrap", "--bootstrap-password", PASSWORD),
                *("--bootstrap-region-id", MAIN_REGION),
                *("--bootstrap-internal-url", f"{server.url}/v3"),
                *("--bootstrap-public-url", f"{server.url}/v3"),
            ],
        ):
            run([*manage, *words], timeout=180, purpose=f"set up Keystone ({words[0]})")
        glance_conf = work / "glance" / "glance.conf"
        glance_conf.write_text(
            f"[database]\nconnection = sqlite:///{work}/glance.sqlite\n", encoding="utf-8"
        )
        run(
            [PROGRAMS / "glance-manage", "--config-file", glance_conf, "db_sync"],
            timeout=180,
            purpose="set up Glance",
        )
        server.start()
        try:
            with warnings.catch_warnings():
                # The SDK warns of its own attributes.
                warnings.simplefilter("ignore", PendingDeprecationWarning)
                _seed(f"{server.url}/v3")
        finally:
            server.stop()
        for database in (keystone / "keystone.sqlite", work / "glance.sqlite"):
            _let_read_while_writing(database)
        # A template that root has made serves others too: its secrets open nothing elsewhere.
        run(["chmod", "-R", "a+rX", work], timeout=10, purpose="share the template")
        work.rename(template)
        work.mkdir()  # what is removed now


def _let_read_while_writing(database: Path) -> None:
    """Give an sqlite database a log for what is written, so that threads lock each other less."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def _seed(auth_url: str) -> None:
    """Fill a Keystone that has just been bootstrapped. Addresses come at each start."""
    admin = connect(auth_url, "admin", "admin")
    domain = admin.identity.find_domain("Default", ignore_missing=False)
    roles = {
        name: admin.identity.find_role(name, ignore_missing=False)
        for name in ("admin", "member", "reader")
    }
    admin.identity.create_region(id=OTHER_REGION)
    identity = admin.identity.find_service("keystone", ignore_missing=False)
    image = admin.identity.create_service(name="glance", type="image")
    keys = admin.identity.create_service(name="barbican", type="key-manager")
    for service, region in (
        (identity, OTHER_REGION),
        (image, MAIN_REGION),
        (image, OTHER_REGION),
        (keys, MAIN_REGION),
    ):
        admin.identity.create_endpoint(
            service_id=service.id,
            interface="public",
            region_id=region,
            url=f"http://{LOOPBACK}",
        )
    for project in ("service", "images", "partner"):
        admin.identity.create_project(name=project, domain_id=domain.id)
    for user, project, role in (
        ("glance", "service", "admin"),
        ("barbican", "service", "admin"),
        ("publisher", "images", "admin"),
        ("member", "images", "member"),
        ("reader", "images", "reader"),
        ("partner", "partner", "member"),
    ):
        account = admin.identity.create_user(name=user, password=PASSWORD, domain_id=domain.id)
        admin.identity.assign_project_role_to_user(
            admin.identity.find_project(project, ignore_missing=False), account, roles[role]
        )
    publisher = connect(auth_url, "publisher", "images")
    publisher.identity.create_application_credential(
        user=publisher.current_user_id, name="publish", secret=PASSWORD
    )


def connect(auth_url: str, user: str, project: str, password: str = PASSWORD) -> "Connection":
    """A connection to a cloud that needs no ``clouds.yaml``, whose Keystone is at ``auth_url``."""
    import openstack  # noqa: PLC0415 - it takes a second to load

    return openstack.connect(
        auth_url=auth_url,
        username=user,
        password=password,
        project_name=project,
        user_domain_name="Default",
        project_domain_name="Default",
        identity_endpoint_override=auth_url,
        load_envvars=False,
        load_yaml_config=False,
    )
