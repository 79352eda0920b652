"""Which security updates a build lacks, by a real archive with signed indexes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from apt_archive import RELEASE, AptArchive, Deb
from due_machine import AT_FIRST, NOW, SECURITY, Machine
from webserver import WebServer

from builder.archive.lag import Missing
from builder.archive.security import security_lag
from builder.errors import HostError
from builder.store.manifest import read

pytestmark = [pytest.mark.integration, pytest.mark.program("apt-get", "gpg")]

FIXED = Deb("openssl", "3.0.1-1+deb12u1", "libc6", NOW - timedelta(days=9))


@pytest.fixture
def lacking(machine: Machine) -> Callable[[], tuple[Missing, ...]]:
    build = read(machine.build())
    return lambda: security_lag(build, cache=machine.cache).updates


def test_a_build_of_what_the_archive_has_lacks_nothing(
    lacking: Callable[[], tuple[Missing, ...]],
) -> None:
    assert lacking() == ()


def test_an_update_is_told_since_its_file_is_there(
    lacking: Callable[[], tuple[Missing, ...]], archive: AptArchive
) -> None:
    archive.write(SECURITY, [FIXED, Deb("game", "2")])
    (update,) = lacking()
    assert (update.package, update.installed, update.fixed) == ("openssl", "3.0.1-1", FIXED.version)
    assert update.older_than(timedelta(days=7), NOW)
    assert not update.older_than(timedelta(days=30), NOW)


def test_an_update_is_lacking_too_where_the_archive_proper_has_a_later_version(
    lacking: Callable[[], tuple[Missing, ...]], archive: AptArchive, machine: Machine
) -> None:
    archive.write(SECURITY, [FIXED])
    archive.write(RELEASE, [*AT_FIRST, Deb("openssl", "3.0.1-2", "libc6")])
    assert [update.fixed for update in lacking()] == [FIXED.version]
    assert machine.due().reasons("package") == {"openssl": ("3.0.1-1", "3.0.1-2")}


def test_an_update_that_a_newer_one_replaced_is_remembered(
    lacking: Callable[[], tuple[Missing, ...]], archive: AptArchive, machine: Machine
) -> None:
    archive.write(SECURITY, [FIXED])
    machine.due()
    archive.write(SECURITY, [Deb("openssl", "3.0.1-1+deb12u2", "libc6", NOW - timedelta(days=1))])
    (update,) = lacking()
    assert update.fixed == "3.0.1-1+deb12u2"
    assert update.older_than(timedelta(days=7), NOW)


def test_an_archive_that_is_down_leaves_it_unknown(
    lacking: Callable[[], tuple[Missing, ...]], archive: AptArchive, server: WebServer
) -> None:
    archive.write(SECURITY, [FIXED])
    assert lacking()
    server.shutdown()
    server.server_close()
    with pytest.raises(
        HostError, match="Could not fetch the package indexes of debian-12"
    ) as error:
        lacking()
    assert error.value.exit_code == 3


def test_a_security_index_that_is_not_the_signed_one_is_not_believed(
    lacking: Callable[[], tuple[Missing, ...]], archive: AptArchive
) -> None:
    archive.write(SECURITY, [FIXED])
    index = archive.root / "dists" / SECURITY / "main/binary-amd64/Packages"
    index.write_text(index.read_text().replace(FIXED.version, "3.0.1-1"))
    with pytest.raises(HostError):
        lacking()


def test_the_verb_ends_by_what_is_lacking_or_unknown(
    machine: Machine, archive: AptArchive, server: WebServer
) -> None:
    machine.build()
    assert (machine.security().status, machine.security().data["updates"]) == (0, [])
    archive.write(SECURITY, [FIXED])
    answer = machine.security()
    (update,) = answer.data["updates"]
    assert answer.status == 1
    assert (update["package"], update["fixed"], update["dated"]) == ("openssl", FIXED.version, True)
    server.shutdown()
    server.server_close()
    answer = machine.security()
    assert (answer.status, answer.data["updates"]) == (3, [])
    (unknown,) = answer.data["unknown"]
    assert unknown["subject"] == "security updates"
    assert "Could not fetch" in unknown["reason"]
