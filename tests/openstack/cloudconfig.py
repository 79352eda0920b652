"""The configuration files of the local Keystone, Glance and Barbican."""

from collections.abc import Mapping, Sequence
from configparser import RawConfigParser
from io import StringIO
from pathlib import Path
from typing import Any


def keystone_configuration(directory: Path) -> str:
    """``keystone.conf`` of a Keystone that keeps everything in a directory."""
    return _ini(
        {
            "database": {"connection": f"sqlite:///{directory}/keystone.sqlite"},
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
        "keystone_authtoken": _service_user("glance", password, keystone_url),
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
    return _ini(usual)


def barbican_configuration(*, directory: Path, keystone_url: str, password: str, kek: str) -> str:
    """``barbican.conf`` of a Barbican that keeps everything in a directory.

    ``kek`` is the key that encrypts the keys of the projects: 32 octets in base64.
    """
    return _ini(
        {
            "DEFAULT": {"db_auto_create": True},
            "database": {"connection": f"sqlite:///{directory}/barbican.sqlite"},
            "keystone_authtoken": _service_user("barbican", password, keystone_url),
            "simple_crypto_plugin": {"kek": kek},
        }
    )


def _service_user(name: str, password: str, keystone_url: str) -> dict[str, str]:
    return {
        "www_authenticate_uri": f"{keystone_url}/v3",
        "auth_url": f"{keystone_url}/v3",
        "auth_type": "password",
        "username": name,
        "password": password,
        "project_name": "service",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }


def _ini(sections: Mapping[str, Mapping[str, Any]]) -> str:
    parser = RawConfigParser(default_section="")
    parser.read_dict(sections)
    text = StringIO()
    parser.write(text)
    return text.getvalue()
