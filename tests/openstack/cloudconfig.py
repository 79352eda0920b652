"""The configuration files of a Keystone, a Glance and a Barbican on loopback."""

from collections.abc import Mapping, Sequence
from configparser import RawConfigParser
from io import StringIO
from pathlib import Path
from typing import Any


def keystone_configuration(directory: Path, database: str = "") -> str:
    """``keystone.conf`` of a Keystone that keeps its keys in a directory.

    And its data too, unless the URL of a ``database`` is given.
    """
    return ini(
        {
            "database": {"connection": database or f"sqlite:///{directory}/keystone.sqlite"},
            "fernet_tokens": {"key_repository": directory / "fernet-keys"},
            "credential": {"key_repository": directory / "credential-keys"},
            "identity": {"password_hash_rounds": 4},  # the least that bcrypt takes: tests log in
        }
    )


def glance_configuration(
    *,
    directory: Path,
    url: str,
    keystone_url: str,
    password: str,
    stores: Sequence[str],
    paste: Path,
    settings: Mapping[str, Mapping[str, Any]],
) -> str:
    """``glance-api.conf`` of a Glance that keeps everything in a directory.

    The first of the ``stores`` is the default one. ``settings`` win over the usual ones.
    """
    usual: dict[str, dict[str, Any]] = {
        "DEFAULT": {
            "enabled_backends": ", ".join(f"{store}:file" for store in stores),
            "enabled_import_methods": "[glance-direct,web-download,copy-image]",
            "worker_self_reference_url": url,
        },
        "database": {"connection": f"sqlite:///{directory}/glance.sqlite"},
        "glance_store": {"default_backend": stores[0]},
        "paste_deploy": {"flavor": "keystone", "config_file": paste},
        "keystone_authtoken": authtoken("glance", password, keystone_url),
        # Where castellan changes the token of a request for one to ask Barbican with.
        "barbican": {"auth_endpoint": f"{keystone_url}/v3"},
        # Images may be fetched from loopback, at any port.
        "import_filtering_opts": {"allowed_hosts": "[127.0.0.1]", "allowed_ports": "[]"},
        "os_glance_staging_store": {"filesystem_store_datadir": directory / "staging"},
        "os_glance_tasks_store": {"filesystem_store_datadir": directory / "tasks"},
    }
    usual |= {store: {"filesystem_store_datadir": directory / store} for store in stores}
    for section, values in settings.items():
        usual.setdefault(section, {}).update(values)
    return ini(usual)


def barbican_configuration(*, directory: Path, keystone_url: str, password: str, kek: str) -> str:
    """``barbican.conf`` of a Barbican that keeps everything in a directory.

    ``kek`` is the key that encrypts the keys of the projects: 32 octets in base64.
    """
    return ini(
        {
            "DEFAULT": {"db_auto_create": True},
            "database": {"connection": f"sqlite:///{directory}/barbican.sqlite"},
            "keystone_authtoken": authtoken("barbican", password, keystone_url),
            "simple_crypto_plugin": {"kek": kek},
        }
    )


def authtoken(name: str, password: str, keystone_url: str) -> dict[str, str]:
    """The section with which a service asks Keystone about those who ask it."""
    uri = {"www_authenticate_uri": f"{keystone_url}/v3"}
    return uri | service_user(name, password, keystone_url)


def service_user(name: str, password: str, keystone_url: str) -> dict[str, str]:
    """What a service needs to authenticate itself when it asks others."""
    return {
        "auth_url": f"{keystone_url}/v3",
        "auth_type": "password",
        "username": name,
        "password": password,
        "project_name": "service",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }


def cloud_of_user(
    name: str, *, password: str, project: str, region: str, keystone_url: str
) -> dict[str, Any]:
    """The entry of ``clouds.yaml`` for a user of a project."""
    return {
        "region_name": region,
        "auth": {
            "auth_url": f"{keystone_url}/v3",
            "username": name,
            "password": password,
            "project_name": project,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
    }


def ini(sections: Mapping[str, Mapping[str, Any]]) -> str:
    """The text of a configuration file with these sections."""
    parser = RawConfigParser(default_section="")
    parser.read_dict(sections)
    text = StringIO()
    parser.write(text)
    return text.getvalue()
