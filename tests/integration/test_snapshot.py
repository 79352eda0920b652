"""An archive as it was: two states of one, asked by a real apt."""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apt_archive import RELEASE, AptArchive, Deb, Key, served
from due_machine import AT_FIRST, SECURITY, Machine
from webserver import WebServer

from builder.archive.pins import pins
from builder.archive.security import security_lag
from builder.archive.snapshot import snapshot_of
from builder.errors import HostError
from builder.plan.model import Plan
from builder.plan.of_profile import plan_of
from builder.profile.snapshot import snapshot_address
from builder.store.manifest import read
from builder.store.sections import Snapshot

pytestmark = [pytest.mark.integration, pytest.mark.program("apt-get", "gpg")]

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = datetime(2026, 3, 20, tzinfo=UTC)
SIGNED_BEFORE = timedelta(days=2)
FIXED = Deb("openssl", "3.0.1-1+deb12u1", "libc6", SECOND - timedelta(days=3))
UPDATED = (AT_FIRST[0], AT_FIRST[1], Deb("zstd", "1.6"))


@dataclass
class Past:
    """An archive of two days, both long past, and a machine that knows where it is."""

    root: Path
    key: Key
    server: WebServer
    machine: Machine

    def write(self, at: datetime, *, date: datetime | None = None) -> None:
        """Publish the archive of one of the days, as it was signed at a date."""
        state = AptArchive(self.root / snapshot_address("{at}", at), self.key)
        debs = AT_FIRST if at == FIRST else UPDATED
        for suite in (RELEASE, f"{RELEASE}-updates", SECURITY):
            state.write(
                suite,
                debs
                if suite == RELEASE
                else (FIXED,)
                if suite == SECURITY and at == SECOND
                else (),
                date=date or at - SIGNED_BEFORE,
            )

    def plan(self, at: datetime | None) -> Plan:
        return plan_of(str(self.machine.profile), at)

    def snapshot(self, at: datetime) -> Snapshot:
        found = snapshot_of(self.plan(at), cache=self.machine.cache, caller={})
        assert found is not None
        return found


@pytest.fixture
def past(tmp_path: Path, key: Key, machine: Machine, archive: AptArchive) -> Generator[Past]:
    root = tmp_path / "snapshots"
    root.mkdir()
    with served(AptArchive(root, key)) as server:
        data = json.loads(machine.profile.read_text())
        template = f"{server.url}/{{at}}"
        data["mirrors"]["snapshot"] = {"archive": template, "security": template}
        machine.write_profile(data)
        found = Past(root, key, server, machine)
        found.write(FIRST)
        found.write(SECOND)
        archive.write(RELEASE, UPDATED)
        archive.write(SECURITY, [FIXED])
        yield found


def test_the_archive_of_a_day_is_told_suite_by_suite(past: Past) -> None:
    first, second = past.snapshot(FIRST), past.snapshot(SECOND)
    assert first.at == FIRST
    assert {name: suite.date for name, suite in first.suites.items()} == dict.fromkeys(
        (RELEASE, f"{RELEASE}-updates", SECURITY), FIRST - SIGNED_BEFORE
    )
    assert {suite.sha256 for suite in first.suites.values()}.isdisjoint(
        suite.sha256 for suite in second.suites.values()
    )


def test_without_a_moment_nobody_is_asked(past: Past, archive: AptArchive) -> None:
    archive.requests.clear()
    assert snapshot_of(past.plan(None), cache=past.machine.cache, caller={}) is None
    assert archive.requests == []


@pytest.mark.parametrize(
    ("date", "reason"),
    [
        pytest.param(FIRST + timedelta(days=1), "is of 2026-03-02 00:00 UTC", id="later"),
        pytest.param(
            FIRST - timedelta(days=8),
            "is of 2026-02-21 00:00 UTC, and was valid until 2026-02-28 00:00 UTC",
            id="expired by then",
        ),
    ],
)
def test_an_archive_that_was_not_valid_at_the_moment_is_refused(
    past: Past, date: datetime, reason: str
) -> None:
    past.write(FIRST, date=date)
    with pytest.raises(HostError, match="as it was at 2026-03-01 00:00 UTC") as error:
        past.snapshot(FIRST)
    assert reason in error.value.details[0]


def test_another_key_s_archive_is_no_snapshot(past: Past, tmp_path: Path) -> None:
    other = Key(tmp_path / "other")
    replace(past, key=other).write(FIRST)
    other.end()
    with pytest.raises(HostError, match="Could not fetch the package indexes"):
        past.snapshot(FIRST)


def test_a_moment_that_the_snapshot_archive_does_not_have_is_told(past: Past) -> None:
    with pytest.raises(HostError, match="Could not fetch the package indexes"):
        past.snapshot(FIRST - timedelta(days=400))


def test_packages_that_are_gone_today_are_there_at_their_day(past: Past) -> None:
    build = read(past.machine.build())

    def found(at: datetime | None) -> int:
        return len(pins(past.plan(at), build.packages, cache=past.machine.cache, caller={}))

    assert found(FIRST) == len(AT_FIRST)
    with pytest.raises(HostError, match="1 of 3 packages") as error:
        found(None)
    assert error.value.details == ("zstd 1.5: the archive has 1.6",)
    assert "--at" in error.value.hint


@pytest.fixture
def of_then(past: Past) -> Callable[[], Past]:
    """A machine whose profile stays at the first day, and its build."""

    def write() -> Past:
        past.machine.write_profile({"snapshot": "2026-03-01"})
        past.machine.build(snapshot=past.snapshot(FIRST))
        return past

    return write


def test_a_build_from_a_snapshot_is_not_due_because_the_archive_moves_on(
    of_then: Callable[[], Past],
) -> None:
    past = of_then()
    assert (past.machine.due().status, past.machine.due().data["reasons"]) == (10, [])
    past.machine.write_profile({"snapshot": "2026-03-20"})
    answer = past.machine.due()
    assert answer.reasons("profile") == {
        "snapshot": ("2026-03-01T00:00:00Z", "2026-03-20T00:00:00Z")
    }
    assert answer.reasons("package") == {"zstd": ("1.5", "1.6")}
    assert answer.reasons("security") == {"openssl": ("3.0.1-1", FIXED.version)}


def test_what_it_lacks_is_judged_by_the_archive_of_today(of_then: Callable[[], Past]) -> None:
    past = of_then()
    build = read(past.machine.dist / "night" / "latest")
    (update,) = security_lag(build, cache=past.machine.cache).updates
    assert (update.package, update.fixed) == ("openssl", FIXED.version)
    assert update.older_than(timedelta(days=30), datetime.now(UTC))
