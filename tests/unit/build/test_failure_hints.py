import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from samples import WHEN

from builder.build.dib_log import TAIL_LINES, HookTrace
from builder.build.failure_hints import explained, explained_failures, resolves, told_when_full
from builder.errors import BuilderError, HostError, InterruptedByUser
from builder.host.room import GIB, MIB, Room
from builder.redaction import Secrets

LOG = Path("/dist/base/20261122T101500Z-3f9c2a.failed/build.log")


OUTPUT = Room("/srv/dist", 40 * GIB, 2 * GIB, "a build", "choose --output")
CACHE = Room("/var/cache/images", 9 * GIB, GIB, "a build", "choose GUEST_IMAGE_CACHE")


def of(
    said: str,
    *,
    message: str = "It failed.",
    resolves: bool = False,
    rooms: tuple[Room, ...] = (OUTPUT, CACHE),
) -> BuilderError:
    return explained(
        BuilderError(message, details=[said]),
        log=LOG,
        rooms=rooms,
        resolves=lambda name: resolves and name == "mirror.example.org",
        now=WHEN,
    )


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("cp: error writing '/x': No space left on device", "choose --output"),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", "choose --output"),
        ("mke2fs: Disk quota exceeded", "choose --output"),
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
        (
            "E: Release file for http://mirror/InRelease is not valid yet (invalid for another 3d)",
            "this host's clock, which says 2026-01-02 03:04 UTC: set it",
        ),
        ("Sub-process /usr/bin/sqv: Not live until 2026-03-01T02:09:13Z", "set it"),
        (
            "Failed to fetch https://mirror/x  Certificate chain uses not yet valid certificate",
            "set it",
        ),
        (
            "Failed to download metadata for repo 'x': (60): certificate is not yet valid",
            "set it",
        ),
        (
            "E: Release file for http://mirror/InRelease is expired (invalid since 3d 2h).",
            "valid until a date before 2026-01-02 03:04 UTC",
        ),
        (
            "Curl error (60): SSL certificate problem: certificate has expired",
            "set the clock",
        ),
    ],
)
def test_what_this_machine_lacks_is_its_own_matter(said: str, remedy: str) -> None:
    error = of(said)
    assert isinstance(error, HostError)
    assert error.details[0] == said
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


FULL = "cp: error writing '/x': No space left on device"


def test_what_is_full_is_named_with_its_free_and_its_needed_room() -> None:
    error = of(FULL, rooms=(OUTPUT, replace(CACHE, free=3 * MIB)))
    assert error.details[1:] == (
        "/srv/dist has 40 GiB free, a build needs 2 GiB.",
        "/var/cache/images has 3 MiB free, a build needs 1 GiB.",
    )
    assert error.hint == f"Remedy: choose GUEST_IMAGE_CACHE. The full log is {LOG}."


def test_a_place_without_inodes_is_full() -> None:
    error = of(FULL, rooms=(replace(OUTPUT, inodes=False), CACHE))
    assert error.details[1] == "/srv/dist has no inode free: no further file can be made there."
    assert "Remedy: choose --output. " in error.hint


def test_where_what_was_full_has_been_emptied_what_is_small_is_named_else_all() -> None:
    small = replace(CACHE, free=CACHE.needed - 1)
    assert "Remedy: choose GUEST_IMAGE_CACHE. " in of(FULL, rooms=(OUTPUT, small)).hint
    assert "Remedy: choose --output; or choose GUEST_IMAGE_CACHE. " in of(FULL).hint


def test_a_place_that_is_full_is_why_whatever_was_said_of_it() -> None:
    error = of("dpkg: error: unexpected end of file", rooms=(replace(OUTPUT, free=4096), CACHE))
    assert isinstance(error, HostError)
    assert "/srv/dist has 0 MiB free" in error.details[1]


def fail(error: Exception, place: Room) -> HostError:
    """What becomes of an error, when a place is as it is now."""
    hidden = Secrets(["http://builder:pa55word@proxy.test"])
    with (
        pytest.raises(HostError) as caught,
        explained_failures("base", LOG, hidden, lambda: (place,)),
    ):
        raise error
    assert "pa55word" not in str(caught.value)
    return caught.value


def test_what_this_program_could_not_write_is_told_with_its_room_and_the_log() -> None:
    error = fail(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "m.json"), OUTPUT)
    assert "full during the build of 'base'" in error.message
    assert error.details == (
        "[Errno 28] No space left on device: 'm.json'",
        "/srv/dist has 40 GiB free, a build needs 2 GiB.",
    )
    assert error.hint == f"Remedy: choose --output. The full log is {LOG}."


def test_a_program_s_error_is_told_without_its_secrets() -> None:
    error = fail(BuilderError("Could not.", details=["builder:pa55word", FULL]), OUTPUT)
    assert len(error.details) == 3


def test_where_no_step_of_a_build_is_at_work_its_room_is_told_too() -> None:
    with pytest.raises(HostError) as caught, told_when_full("base", lambda: (OUTPUT,)):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), "latest")
    assert caught.value.details[1] == "/srv/dist has 40 GiB free, a build needs 2 GiB."


def test_another_error_of_the_system_stays_what_it_is() -> None:
    with pytest.raises(OSError, match="Input/output"), told_when_full("base", tuple):
        raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.mark.parametrize(
    "why",
    [
        "dpkg: error processing archive x.deb: failed to write: No space left on device",
        "W: Failed to fetch http://mirror/dists/x/InRelease  Temporary failure resolving 'mirror'",
    ],
)
def test_why_a_package_manager_fails_is_kept_before_its_last_words(why: str) -> None:
    """It lists all that it could not install, or all that it looks at in vain, after it."""
    listed = [f"package-{number}" for number in range(TAIL_LINES)]
    begun = "dib-run-parts Running /x/install.d/10-long"
    trace = HookTrace()
    for line in (begun, why):
        trace.read(line)
    assert trace.last_words == (why,)
    for line in listed:
        trace.read(line)
    assert trace.last_words == (why, *listed)
    for line in (begun, "another error"):
        trace.read(line)
    assert trace.last_words == ("another error",)


def test_where_there_is_room_nothing_is_said_of_it() -> None:
    assert of("something").details == ("something",)


def test_any_other_cause_stays_what_it_is_with_the_log_s_place() -> None:
    error = of("guest-initrd: found neither initramfs-tools, dracut nor mkinitrd")
    assert type(error) is BuilderError
    assert error.hint == f"The full log is {LOG}."


def test_a_hint_that_an_error_has_already_stays() -> None:
    error = explained(HostError("No.", hint="Do it."), log=LOG, rooms=())
    assert error.hint == f"Do it. The full log is {LOG}."
    assert isinstance(error, HostError)


def test_an_interrupted_build_needs_no_explanation() -> None:
    error = InterruptedByUser("Stopped by SIGTERM.")
    assert explained(error, log=LOG, rooms=()) is error


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
    (HOOK, "E: Release file for http://mirror.example.org/InRelease is not valid yet (invalid"),
    (HOOK, "E: Release file for http://mirror.example.org/InRelease is expired (invalid since 3d"),
    (HOOK, "E: Unable to connect to mirror.example.org:80"),
    (HOOK, "E: Failed to fetch http://mirror.example.org/x.deb  404  Not Found"),
    (HOOK, "curl: (6) Could not resolve host: mirror.example.org"),
    ("diskimage-builder ended with exit code -9.", "copying the tree"),
    (HOOK, "something that nobody knows"),
)


def test_each_cause_is_told_with_what_helps(golden: Callable[[str, str], None]) -> None:
    errors = [of(said, message=message, resolves=True) for message, said in SAID]
    assert len({error.hint for error in errors}) == len(SAID)
    shown = [f"{error}\n  (exit code {error.exit_code})\n" for error in errors]
    golden("\n".join(shown), "remedies/builds.txt")
