import json
from base64 import b64decode

import yaml

from builder.cloud.server.user_data import Order, user_data

NOVAS_LIMIT = 65535
"""Bytes of user-data in Base64: Nova 34's ``api/openstack/compute/schemas/servers.py``."""


def test_cloud_init_runs_the_script_with_the_order_at_each_boot() -> None:
    text = user_data(Order("0123456789abcdef", "hang", "debian", "secret"))
    assert len(text) < NOVAS_LIMIT
    decoded = b64decode(text).decode()
    assert decoded.startswith("#cloud-config\n")
    ((command),) = yaml.safe_load(decoded)["bootcmd"]
    *_, python, flag, source, order = command
    assert (python, flag) == ("python3", "-c")
    assert json.loads(b64decode(order)) == {
        "token": "0123456789abcdef", "act": "hang", "user": "debian", "password": "secret",
    }  # fmt: skip
    compile(source, "bootcmd", "exec")
    # systemd would take them for its own.
    assert not set('$%;\\"') & set("".join(command))
    assert "secret" not in "".join(command)
