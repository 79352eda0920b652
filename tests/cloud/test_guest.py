"""A published image works under a real Nova: the guest's own half, seen from outside."""

import json
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from allinone import libvirt
from allinone.resources import FLAVORS, NETWORK
from allinone.site import Site
from openstack.exceptions import HttpException
from smallbuild import small_build

if TYPE_CHECKING:
    from openstack.connection import Connection

pytestmark = pytest.mark.cloud

BOOT_LIMIT = 900
"""Seconds until an emulated guest's agent answers; two minutes on an idle machine."""
PASSWORD = "correct-horse-battery"  # noqa: S105 - of a guest that lives for a test


def ask(site: Site, server: Any, command: str, **arguments: Any) -> Any:
    """What the guest agent answers, through libvirt."""
    question = json.dumps({"execute": command, "arguments": arguments})
    words = ["virsh", "-c", libvirt.address(site), "qemu-agent-command"]
    done = subprocess.run(
        [*words, server.instance_name, question],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)["return"]


def shadow_hash(site: Site, server: Any, user: str) -> str:
    """A user's entry in the guest's ``/etc/shadow``."""
    handle = ask(site, server, "guest-file-open", path="/etc/shadow")
    content = ask(site, server, "guest-file-read", handle=handle, count=65536)["buf-b64"]
    ask(site, server, "guest-file-close", handle=handle)
    entries = (line.split(":") for line in b64decode(content).decode().splitlines())
    return next(fields[1] for fields in entries if fields[0] == user)


def hashed(password: str, salt: str) -> str:
    """What crypt(3) makes of a password, in the way of another hash."""
    words = ["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", password, salt]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout


def test_a_published_image_sets_the_password_that_nova_is_asked_for(
    built_image: Callable[[str], Path],
    cloud: "Connection",
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(site.clouds_yaml))
    monkeypatch.setenv("GUEST_IMAGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    file = shutil.copy(built_image("pinned-scsi"), tmp_path / "image.qcow2")
    build = small_build(tmp_path / "dist", image=Path(file))
    words = ["guest-image", "publish", build, "--cloud", "local"]
    subprocess.run(words, check=True, timeout=300)

    image = cloud.image.find_image("pinned-scsi", ignore_missing=False)
    server = cloud.compute.create_server(
        name="guest",
        image_id=image.id,
        flavor_id=cloud.compute.find_flavor(next(iter(FLAVORS)), ignore_missing=False).id,
        networks=[{"uuid": cloud.network.find_network(NETWORK, ignore_missing=False).id}],
    )
    server = cloud.compute.wait_for_server(server, wait=300)
    deadline = time.monotonic() + BOOT_LIMIT
    while True:
        try:
            cloud.compute.change_server_password(server, PASSWORD)
            break
        except HttpException:  # its agent does not answer yet
            assert time.monotonic() < deadline, cloud.compute.get_server_console_output(server)
            time.sleep(5)
    expected = shadow_hash(site, server, image.os_admin_user)
    assert hashed(PASSWORD, expected) == expected
