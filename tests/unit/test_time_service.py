"""The foundation's hook starts the time service that the image has, with the real systemctl."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from builder.host.paths import elements_path

pytestmark = pytest.mark.program("systemctl")

ELEMENT = elements_path() / "guest-foundation"
HOOK = ELEMENT / "post-install.d/50-guest-foundation"
UNITS = "usr/lib/systemd/system"
UNIT = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A tree with an SSH server's unit, and what the hook calls, made to work on that tree."""
    tree, programs = tmp_path / "tree", tmp_path / "programs"
    for directory in (tree / UNITS, tree / "etc", programs):
        directory.mkdir(parents=True)
    (tree / UNITS / "ssh.service").write_text(UNIT)
    services = yaml.safe_load((ELEMENT / "svc-map").read_text())
    names = "".join(f"{word}) echo {names['debian']};;\n" for word, names in services.items())
    for name, script in {
        "svc-map": f'case "$1" in\n{names}esac',
        "systemctl": f'exec /usr/bin/systemctl --root={tree} "$@"',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    return tree


def enabled(image: Path) -> set[str]:
    """Run the hook, and return what it has enabled."""
    path = f"{image.parent / 'programs'}:{os.environ['PATH']}"
    subprocess.run([HOOK], env={"PATH": path}, check=True, capture_output=True)
    return {path.name for path in image.glob("etc/systemd/system/*.wants/*")}


def test_the_distribution_s_own_is_started(image: Path) -> None:
    (image / UNITS / "systemd-timesyncd.service").write_text(UNIT)
    assert enabled(image) == {"ssh.service", "systemd-timesyncd.service"}


@pytest.mark.parametrize("name", ["chrony", "openntpd", "ntpsec"])
def test_another_that_a_package_has_put_in_its_place_is_left_to_that_package(
    image: Path, name: str
) -> None:
    (image / UNITS / f"{name}.service").write_text(UNIT)
    assert enabled(image) == {"ssh.service"}


def test_an_image_without_its_ssh_server_is_no_image(image: Path) -> None:
    (image / UNITS / "ssh.service").unlink()
    with pytest.raises(subprocess.CalledProcessError):
        enabled(image)
