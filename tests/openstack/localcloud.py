"""A real OpenStack for images: Keystone, Glance, Barbican, each with sqlite, on loopback ports.

They come from a virtual environment of their own, which ``make`` installs.
"""

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from apiserver import LOOPBACK, Server
from cloudconfig import cloud_of_user, glance_configuration
from cloudtemplate import (
    MAIN_REGION,
    OTHER_REGION,
    PASSWORD,
    PROGRAMS,
    keystone_server,
    made_template,
)
from glanceclient import exc
from keymanager import Barbican

from builder.host.process import run

if TYPE_CHECKING:
    from glanceclient.v2.client import Client

STORES = ("fast", "archive")
DELETION_LIMIT = 30.0


class Glance(Server):
    """A Glance of a local cloud, whose settings can be changed for a while."""

    def __init__(
        self, name: str, directory: Path, keystone: Server, *, standalone: bool = False
    ) -> None:
        """``standalone`` asks no Keystone who somebody is: see ``standalone_auth``."""
        directory.mkdir()
        super().__init__(
            name,
            application="glance.wsgi.api:application",
            programs=PROGRAMS,
            directory=directory,
            environment={"OS_GLANCE_CONFIG_DIR": str(directory), "no_proxy": LOOPBACK},
        )
        self._keystone = keystone
        self._paste = PROGRAMS.parent / "etc/glance/glance-api-paste.ini"
        if standalone:
            pipelines = self._paste.read_text(encoding="utf-8")
            self._paste = directory / "glance-api-paste.ini"
            self._paste.write_text(
                pipelines.replace(
                    "keystonemiddleware.auth_token:filter_factory",
                    "standalone_auth:filter_factory\nuser = publisher\npassword = " + PASSWORD,
                ),
                encoding="utf-8",
            )
        self.configure({})

    def store(self, name: str) -> Path:
        """The directory of a store."""
        return self.directory / name

    def configure(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        """Write its configuration, with other settings than usual; by section and name."""
        for name in (*STORES, "staging", "tasks"):
            self.store(name).mkdir(exist_ok=True)
        text = glance_configuration(
            directory=self.directory,
            url=self.url,
            keystone_url=self._keystone.url,
            password=PASSWORD,
            stores=STORES,
            paste=self._paste,
            settings=settings,
        )
        (self.directory / "glance-api.conf").write_text(text, encoding="utf-8")

    @contextlib.contextmanager
    def configured(self, settings: Mapping[str, Mapping[str, Any]]) -> Generator[None]:
        """Run it with other settings, and with the usual ones again afterwards.

        Each way is a restart of about two seconds.
        """
        self.stop()
        self.configure(settings)
        self.start()
        try:
            yield
        finally:
            self.stop()
            self.configure({})
            self.start()

    @contextlib.contextmanager
    def quota(self, size: str) -> Generator[None]:
        """Let each project store only so much, as ``"10MB"``; uploads beyond get a 413."""
        with self.configured({"DEFAULT": {"user_storage_quota": size}}):
            yield

    @contextlib.contextmanager
    def small_store(self, name: str, size: int) -> Generator[None]:
        """Put a file system of ``size`` bytes below a store: a larger image finds no space.

        What the store held is out of sight meanwhile. Needs root.
        """
        options = f"size={size}"
        run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.store(name)],
            timeout=10,
            purpose="mount a small file system",
        )
        try:
            yield
        finally:
            run(["umount", self.store(name)], timeout=10, purpose="unmount a small file system")


def _delete(images: Any, image: str) -> None:  # Any: glanceclient's controllers are untyped
    """Delete it, also where an import's last steps change it meanwhile: Glance then answers 500."""
    deadline = time.monotonic() + DELETION_LIMIT
    while True:
        try:
            images.delete(image)
        except exc.HTTPNotFound:
            return
        except exc.HTTPInternalServerError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


class LocalCloud:
    """One Keystone with two regions, a Glance for each, and a Glance without a Keystone.

    The second and the third Glance are started when they are wanted, and so is Barbican.

    ``clouds.yaml`` has these clouds; ``cloudtemplate.py`` tells their users and projects:

    =================  =========================================================================
    local              the publisher, who may make images public; region One
    prod               the same publisher in region Two: another Glance with images of its own
    member             may have images of its own, but not make them public
    reader             may only look
    partner            a member of another project
    application        the publisher by an application credential
    wrong-password     the publisher, mistyped
    none               anybody, at the Glance without a Keystone
    basic              the publisher there, by HTTP basic authentication
    =================  =========================================================================
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._clients: dict[str, Client] = {}
        template = made_template()
        shutil.copytree(template / "keystone", directory / "keystone")
        self.keystone = keystone_server(directory / "keystone")
        self.glance = self._glance("glance", template)
        self.prod_glance = self._glance("glance-prod", template)
        self.standalone_glance = self._glance("glance-standalone", template, standalone=True)
        self.barbican = Barbican(directory / "barbican", self.keystone)
        point_catalogue(
            directory / "keystone",
            {
                ("identity", MAIN_REGION): f"{self.keystone.url}/v3",
                ("identity", OTHER_REGION): f"{self.keystone.url}/v3",
                ("image", MAIN_REGION): self.glance.url,
                ("image", OTHER_REGION): self.prod_glance.url,
                ("key-manager", MAIN_REGION): self.barbican.url,
            },
        )
        self._clouds = clouds(
            self.keystone.url,
            application_credential(directory / "keystone"),
            self.standalone_glance.url,
        )
        self._write_clouds()

    @property
    def clouds_yaml(self) -> Path:
        """The file that ``OS_CLIENT_CONFIG_FILE`` is to name."""
        return self.directory / "clouds.yaml"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its clouds."""
        return tuple(self._clouds)

    @property
    def servers(self) -> tuple[Server, ...]:
        """All servers, running or not."""
        return (
            self.keystone,
            self.glance,
            self.prod_glance,
            self.standalone_glance,
            self.barbican,
        )

    def start(self) -> None:
        """Start Keystone and the Glance of region One, and wait until both answer."""
        self.keystone.launch()
        self.glance.launch()
        self.keystone.wait_until_it_answers()
        self.glance.wait_until_it_answers()

    def stop(self) -> None:
        """Stop what runs."""
        for server in reversed(self.servers):
            server.stop()

    def add_cloud(self, name: str, like: str = "local", **settings: Any) -> None:
        """Add a cloud to ``clouds.yaml``: one that is there already, with other settings.

        ``image_endpoint_override="http://…"`` sends the requests to Glance somewhere else.
        """
        self._clouds[name] = {**self._clouds[like], **settings}
        self._write_clouds()

    def client(self, name: str = "local") -> "Client":
        """A glanceclient for a cloud of ``clouds.yaml``; authenticated once for each name."""
        from glanceclient.v2.client import Client  # noqa: PLC0415 - both take a second to load
        from openstack.config import OpenStackConfig  # noqa: PLC0415

        if name not in self._clients:
            files = [str(self.clouds_yaml)]
            region = OpenStackConfig(config_files=files, load_envvars=False).get_one(name)
            self._clients[name] = Client(
                session=region.get_session(),
                region_name=region.region_name,
                endpoint_override=region.get_endpoint("image"),
                connect_retries=2,  # after a refused upload, Glance's side of the line is dead
            )
        return self._clients[name]

    def remove_images(self, name: str) -> None:
        """Delete all images of everybody, hidden and protected ones too."""
        images = self.client(name).images
        for hidden in (False, True):
            for image in list(images.list(filters={"os_hidden": hidden})):
                if image.protected:
                    images.update(image.id, protected=False)
                _delete(images, image.id)

    def _glance(self, name: str, template: Path, *, standalone: bool = False) -> Glance:
        glance = Glance(name, self.directory / name, self.keystone, standalone=standalone)
        shutil.copy(template / "glance.sqlite", glance.directory)
        return glance

    def _write_clouds(self) -> None:
        text = yaml.safe_dump({"clouds": self._clouds}, sort_keys=False)
        temporary = self.clouds_yaml.with_suffix(".new")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(self.clouds_yaml)


def clouds(keystone_url: str, credential_id: str, standalone_url: str) -> dict[str, dict[str, Any]]:
    """The content of ``clouds.yaml``."""

    def user(name: str, project: str = "images", region: str = MAIN_REGION) -> dict[str, Any]:
        return cloud_of_user(
            name, password=PASSWORD, project=project, region=region, keystone_url=keystone_url
        )

    mistyped = user("publisher")
    mistyped["auth"]["password"] = f"{PASSWORD}x"
    return {
        "local": user("publisher"),
        "prod": user("publisher", region=OTHER_REGION),
        "member": user("member"),
        "reader": user("reader"),
        "partner": user("partner", project="partner"),
        "application": {
            "region_name": MAIN_REGION,
            "auth_type": "v3applicationcredential",
            "auth": {
                "auth_url": f"{keystone_url}/v3",
                "application_credential_id": credential_id,
                "application_credential_secret": PASSWORD,
            },
        },
        "wrong-password": mistyped,
        "none": {"auth_type": "none", "auth": {"endpoint": standalone_url}},
        "basic": {
            "auth_type": "http_basic",
            "auth": {
                "endpoint": standalone_url,
                "username": "publisher",
                "password": PASSWORD,
            },
        },
    }


def point_catalogue(keystone: Path, urls: Mapping[tuple[str, str], str]) -> None:
    """Set the addresses in the catalogue of a Keystone that does not run, by type and region."""
    with contextlib.closing(sqlite3.connect(keystone / "keystone.sqlite")) as database, database:
        for (kind, region), url in urls.items():
            database.execute(
                "UPDATE endpoint SET url = ? WHERE region_id = ?"
                " AND service_id = (SELECT id FROM service WHERE type = ?)",
                (url, region, kind),
            )


def application_credential(keystone: Path) -> str:
    """The id of the application credential in the database of a Keystone."""
    with contextlib.closing(sqlite3.connect(keystone / "keystone.sqlite")) as database:
        (identity,) = database.execute("SELECT id FROM application_credential").fetchone()
    return str(identity)
