from collections.abc import Callable
from pathlib import Path

import pytest

from builder.build.failure_hints import explained, resolves
from builder.errors import BuilderError, HostError, InterruptedByUser

LOG = Path("/dist/base/20261122T101500Z-3f9c2a.failed/build.log")


def of(
    said: str, *, message: str = "It failed.", in_memory: bool = False, resolves: bool = False
) -> BuilderError:
    return explained(
        BuilderError(message, details=[said]),
        log=LOG,
        in_memory=in_memory,
        resolves=lambda name: resolves and name == "mirror.example.org",
    )


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("cp: error writing '/x': No space left on device", "make room"),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", "make room"),
        ("mke2fs: Disk quota exceeded", "make room"),
        ("Err:1 Could not resolve 'mirror'", "mirror cannot be reached"),
        ("Temporary failure resolving 'mirror'", "mirror cannot be reached"),
        ("E: Unable to connect to mirror:80", "mirror cannot be reached"),
        ("Connection failed [IP: 192.0.2.1 80]", "mirror cannot be reached"),
        ("connect (111: Connection refused)", "mirror cannot be reached"),
        ("E: Failed to fetch http://mirror/x.deb  404  Not Found", "does not deliver"),
        ("E: Failed to fetch http://mirror/x.deb  Hash Sum mismatch", "does not deliver"),
        ("E: Failed to fetch http://m/x.deb  Could not connect to m:80", "cannot be reached"),
        ("diskimage-builder ended with exit code -9.", "want of memory"),
        ("The hook x of the element 'y' ended with exit code 137.", "want of memory"),
        ("Error: Failed to download metadata for repo 'baseos'", "mirror cannot be reached"),
        ("Download (curl) error for 'http://mirror/repomd.xml'", "mirror cannot be reached"),
        ("Error: pinging container registry registry", "mirror cannot be reached"),
    ],
)
def test_what_this_machine_lacks_is_its_own_matter(said: str, remedy: str) -> None:
    error = of(said)
    assert isinstance(error, HostError)
    assert error.details == (said,)
    assert remedy in error.hint


@pytest.mark.parametrize(
    "said",
    [
        "E: Unable to locate package no-such-package",
        "Error: Unable to find a match: no-such-package",
        "No provider of 'no-such-package' found.",
        "Package 'no-such-package' not found.",
    ],
)
def test_a_package_that_does_not_exist_is_the_profile_s_matter(said: str) -> None:
    error = of(said)
    assert type(error) is BuilderError
    assert "'packages'" in error.hint


def test_without_space_memory_may_be_meant_where_files_are_kept_in_it() -> None:
    assert "memory" in of("No space left on device", in_memory=True).hint
    assert "memory" not in of("No space left on device", in_memory=False).hint


def test_any_other_cause_stays_what_it_is_with_the_log_s_place() -> None:
    error = of("guest-initrd: found neither initramfs-tools, dracut nor mkinitrd")
    assert type(error) is BuilderError
    assert error.hint == f"The full log is {LOG}."


def test_a_hint_that_an_error_has_already_stays() -> None:
    error = explained(HostError("No.", hint="Do it."), log=LOG, in_memory=False)
    assert error.hint == f"Do it. The full log is {LOG}."
    assert isinstance(error, HostError)


def test_an_interrupted_build_needs_no_explanation() -> None:
    error = InterruptedByUser("Stopped by SIGTERM.")
    assert explained(error, log=LOG, in_memory=False) is error


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        (
            "Failed to enable unit: Unit file systemd-resolved.service does not exist.",
            "The package that brings systemd-resolved.service is not there",
        ),
        (
            "E: Unable to correct problems, you have held broken packages.",
            "Packages exclude each other",
        ),
        (
            "E: Essential packages were removed and -y was used without --allow-remove-essential.",
            "Packages exclude each other",
        ),
    ],
)
def test_packages_that_exclude_each_other_are_the_profile_s_matter(said: str, remedy: str) -> None:
    error = of(said)
    assert type(error) is BuilderError
    assert remedy in error.hint
    assert "'packages'" in error.hint


IN_CHROOT = "The hook install.d/50-mine of the element 'mine' ended with exit code 100."


@pytest.mark.parametrize(
    "said",
    [
        "Temporary failure resolving 'mirror.example.org'",
        "E: Failed to fetch http://mirror/x  Could not resolve 'mirror.example.org'",
        "curl: (6) Could not resolve host: mirror.example.org",
    ],
)
def test_a_name_that_only_the_chroot_does_not_find_is_not_blamed_on_the_network(said: str) -> None:
    error = of(said, message=IN_CHROOT, resolves=True)
    assert type(error) is BuilderError
    assert "This host finds mirror.example.org" in error.hint
    assert "/etc/resolv.conf.ORIG" in error.hint
    assert "check the network" not in error.hint


@pytest.mark.parametrize(
    ("message", "resolves"),
    [
        (IN_CHROOT, False),
        (
            "The hook root.d/08-debootstrap of the element 'debootstrap' ended with exit code 1.",
            True,
        ),
    ],
    ids=["the host does not find it either", "the host itself has looked for it"],
)
def test_a_name_that_the_host_does_not_find_is_its_network_s_matter(
    message: str, *, resolves: bool
) -> None:
    error = of(
        "Temporary failure resolving 'mirror.example.org'", message=message, resolves=resolves
    )
    assert isinstance(error, HostError)
    assert "check the network" in error.hint


def test_the_host_is_asked_as_any_program_asks_it() -> None:
    assert resolves("localhost")
    assert not resolves("no-such-machine.invalid")
    assert not resolves(f"{'x' * 64}.invalid")


HOOK = "The hook install.d/50-mine of the element 'mine' ended with exit code 1."
SAID = (
    (HOOK, "cp: error writing '/x': No space left on device"),
    (HOOK, "E: Unable to locate package no-such-package"),
    (HOOK, "Failed to enable unit: Unit file systemd-resolved.service does not exist."),
    (HOOK, "E: Unable to correct problems, you have held broken packages."),
    (HOOK, "E: Unable to connect to mirror.example.org:80"),
    (HOOK, "E: Failed to fetch http://mirror.example.org/x.deb  404  Not Found"),
    (HOOK, "curl: (6) Could not resolve host: mirror.example.org"),
    ("diskimage-builder ended with exit code -9.", "copying the tree"),
    (HOOK, "something that nobody knows"),
)


def test_each_cause_is_told_with_what_helps(golden: Callable[[str, str], None]) -> None:
    errors = [of(said, message=message, in_memory=True, resolves=True) for message, said in SAID]
    assert len({error.hint for error in errors}) == len(SAID)
    shown = [f"{error}\n  (exit code {error.exit_code})\n" for error in errors]
    golden("\n".join(shown), "remedies/builds.txt")
