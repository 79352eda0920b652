"""What an image must not carry into its guests."""

from collections.abc import Iterator

import pytest
from check_cases import Case, broken_disk, good_disk, good_disks

from builder.features.inspections import hygiene


def disks() -> Iterator[Case]:
    yield from good_disks(hygiene.INSPECTIONS)
    check = hygiene.has_no_identity
    for path, cause in {
        "/etc/machine-id": "/etc/machine-id is set to content",
        "/var/lib/dbus/machine-id": "is a file of its own",
        "/etc/ssh/ssh_host_ed25519_key": "ssh_host_ed25519_key is a host key of SSH",
        "/var/lib/systemd/random-seed": "is a random seed",
        "/root/.ssh/authorized_keys": "is a key that lets its owner in",
        "/home/debian/.ssh/authorized_keys": "is a key that lets its owner in",
        "/var/lib/cloud/instances/i-1/obj.pkl": "cloud-init's state of another guest",
    }.items():
        yield broken_disk(check, path, {path: "content\n"}, cause)
    uninitialized = {"/etc/machine-id": "uninitialized\n"}
    yield good_disk(check, "uninitialized", uninitialized, "no id, no name")
    check = hygiene.has_no_leftovers
    for path, cause in {
        "/root/.bash_history": "/root/.bash_history is a shell history",
        "/home/debian/.python_history": "is a shell history",
        "/var/cache/apt/archives/a_1_amd64.deb": "is a package cache",
        "/var/lib/apt/lists/mirror_dists_Release": "is a list of packages",
        "/var/cache/dnf/base/repodata.xml": "is a package cache",
    }.items():
        yield broken_disk(check, path, {path: "content\n"}, cause)
    yield broken_disk(
        check,
        "a name server",
        {"/etc/resolv.conf": "; made by\n# hand\nnameserver 192.0.2.1\n"},
        "/etc/resolv.conf:3: names 192.0.2.1",
    )
    comment = {"/etc/resolv.conf": "# empty\n"}
    yield good_disk(check, "a comment for a name server", comment, "no name server")
    check = hygiene.has_no_passwords
    for password, cause in {"": "needs no password", "$y$j9T$a": "has a password"}.items():
        shadow = f"root:!:1::::::\ndebian:{password}:1::::::\n"
        yield broken_disk(check, cause, {"/etc/shadow": shadow}, f"/etc/shadow:2: debian {cause}")


@pytest.mark.parametrize("case", [*disks()], ids=str)
def test_a_check_passes_or_fails_and_says_why(case: Case) -> None:
    assert case.expected in case.message()
