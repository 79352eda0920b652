"""An ordinary user builds what root builds, in a user namespace. Needs root, to become one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from copies import LIMIT, MAIN, ROOT
from ordinary_user import OrdinaryUser

from builder.host.files import sha256_of
from builder.host.paths import cache_directory
from builder.sbom.write import CYCLONEDX, SPDX
from builder.store.build_directory import LATEST

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user"),
    pytest.mark.program("newuidmap", "setpriv"),
]

PROFILE = "pinned-scsi"


@pytest.fixture
def user(tmp_path: Path) -> OrdinaryUser:
    place = tmp_path / "place"  # pytest's own directory is closed to others
    place.mkdir()
    return OrdinaryUser(place / "home")


def run(
    user: OrdinaryUser, *words: str | Path, within: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a verb as the user, who reaches this checkout and the interpreter's home."""
    reached = {ROOT, user.home.parent, Path(sys.prefix), Path(sys.base_prefix)}
    argv = [*within, sys.executable, "-c", MAIN, *words]
    return subprocess.run(
        user.command(argv, *sorted(reached)),
        env={**os.environ, "HOME": str(user.home), "GUEST_IMAGE_CACHE": f"{user.home}/cache"},
        cwd=user.home.parent, capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip


def test_the_image_is_the_one_that_root_builds(
    user: OrdinaryUser, built: Callable[[str], Path]
) -> None:
    packages = cache_directory() / "packages"
    of_root = built(PROFILE)
    shutil.copytree(packages, user.home / "cache/packages")
    user.own(user.home)
    done = run(user, "build", PROFILE, "--output", user.home / "dist")
    assert done.returncode == 0, done.stderr
    build = user.home / "dist" / PROFILE / LATEST
    assert {name: sha256_of(build / name) for name in ("image.qcow2", CYCLONEDX, SPDX)} == {
        name: sha256_of(of_root / name) for name in ("image.qcow2", CYCLONEDX, SPDX)
    }
    owners = {path.lstat().st_uid for path in user.home.rglob("*")}
    assert owners == {user.home.stat().st_uid}
    assert [*(user.home / "cache/builds").iterdir()] == []


def test_who_has_no_subordinate_ids_is_told_so_and_nothing_is_done(user: OrdinaryUser) -> None:
    (user.home.parent / "subuid").write_text("")
    done = run(user, "build", PROFILE, "--output", user.home / "dist")
    assert done.returncode == 3, done.stderr
    assert "/etc/subuid has no 65536 ids for builder." in done.stderr
    assert "sudo usermod --add-subuids" in done.stderr
    assert [*user.home.iterdir()] == []


def test_where_the_kernel_forbids_namespaces_the_switch_is_named(user: OrdinaryUser) -> None:
    """The limit is that of the namespace that the command runs in, as it would be the machine's."""
    forbidden = (
        "unshare", "--user", "--map-root-user", "--map-auto", "--mount", "--mount-proc=/proc",
        "--pid", "--fork", "sh", "-ec",
        'echo 0 > "$1"; shift; exec setpriv --reuid 1 --regid 1 --clear-groups -- "$@"',
        "sh", "/proc/sys/user/max_user_namespaces",
    )  # fmt: skip
    done = run(user, "build", PROFILE, "--output", user.home / "dist", within=forbidden)
    assert done.returncode == 3, done.stderr
    assert "user.max_user_namespaces is 0" in done.stderr
    assert "sudo sysctl user.max_user_namespaces=65536" in done.stderr
