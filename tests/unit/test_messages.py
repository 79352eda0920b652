"""Golden messages: each site of an error has one, which a test has raised, or the run fails."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from messages import GOLDEN, HOME, complaints, read, renewed, write
from raised import PACKAGE, Recorder, Site, normal, sites, sites_in

SOURCE = """\
class Disk:
    def read(self):
        raise ImageError("It is none.")

def find(word):
    if not word:
        raise InputError(
            "No word.",
            hint="Give one.",
        )
    raise click.UsageError(word)

def wait(status):
    raise (GuestNotUp if status == 0 else BuilderError)("It ended.", hint="")
"""
READ, FIND, USAGE, WAIT = (
    Site("a/b.py", "Disk.read"),
    Site("a/b.py", "find"),
    Site("a/b.py", "find", 2),
    Site("a/b.py", "wait"),
)


def test_every_place_where_an_error_is_made_is_a_site() -> None:
    assert sites_in("a/b.py", SOURCE) == {3: READ, 7: FIND, 11: USAGE, 14: WAIT}


def test_the_programs_own_sites_are_found_by_the_line_on_which_they_stand() -> None:
    found = sites()
    assert len({*found.values()}) == len(found)
    for module, line in found:
        assert "(" in (PACKAGE / module).read_text().split("\n")[line - 1]


class Failure(Exception):
    def __init__(self, message: str) -> None:
        super().__init__(message)


class OfKind(Failure):
    def __init__(self, message: str) -> None:
        super().__init__(message.upper())


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    here = Path(__file__)
    lines = here.read_text().split("\n")
    (line,) = [number for number, text in enumerate(lines, 1) if text.endswith("# the site")]
    monkeypatch.setattr("raised.PACKAGE", here.parent)
    recorder = Recorder({(here.name, line): FIND})
    original = Failure.__init__
    recorder.watch(Failure)
    yield recorder
    monkeypatch.setattr(Failure, "__init__", original)


def fail(message: str) -> None:
    raise OfKind(message)  # the site


def test_what_is_raised_is_noted_at_its_site(recorder: Recorder, tmp_path: Path) -> None:
    with pytest.raises(OfKind):
        fail("before any test")
    for recorder.test in ("b", "a"):
        with pytest.raises(OfKind):
            fail("it is lost")
    Failure("raised by a test itself")
    assert recorder.seen == {FIND: {"IT IS LOST": "b"}}


def test_what_is_another_in_every_run_is_left_out(tmp_path: Path) -> None:
    assert normal(f"{tmp_path}/disk.raw: no\x1b") == "TMP/disk.raw: no\ufffd"
    assert (
        normal("http://127.0.0.1:43210/v3 since 2026-11-30")
        == "http://127.0.0.1:PORT/v3 since DATE"
    )
    assert normal("x" * 10_000) == "x" * 1500


def everything(_: str) -> bool:
    return True


def judged(golden: dict[Site, str], seen: dict[Site, dict[str, str]]) -> list[str]:
    told = complaints({READ, FIND}, golden, seen, everything)
    return [complaint for complaint in told if "there is no such site" not in complaint]


def test_a_site_that_no_test_comes_to_is_told() -> None:
    assert judged({READ: "x"}, {READ: {"x": "t"}}) == [
        "a/b.py find 1: no test of tests/unit comes to it"
    ]


def test_a_message_that_has_changed_is_told_and_one_of_several_is_enough() -> None:
    seen = {READ: {"x": "t", "y": "t"}, FIND: {"z": "t"}}
    assert judged({READ: "y", FIND: "z"}, seen) == []
    assert judged({READ: "y", FIND: "old"}, seen) == [
        "a/b.py find 1: its golden message is not what it says now: make golden"
    ]


def test_a_message_whose_site_is_gone_is_told() -> None:
    seen = {READ: {"x": "t"}, FIND: {"z": "t"}}
    assert judged({READ: "x", FIND: "z", WAIT: "w"}, seen) == [
        "a/b.py wait 1: has a golden message and is not there any more: make golden"
    ]


def test_what_has_not_run_as_a_whole_is_not_judged() -> None:
    told = complaints({READ, FIND}, {READ: "old"}, {READ: {"x": "t"}}, lambda _: False)
    assert [complaint for complaint in told if "there is no such site" not in complaint] == []


def test_what_is_listed_must_be_there() -> None:
    assert any(
        "there is no such site" in complaint for complaint in complaints(set(), {}, {}, everything)
    )
    assert not [*complaints({*sites().values()}, {}, {}, lambda _: False)]


def test_golden_messages_stay_where_they_were_seen_again_or_could_not_be(tmp_path: Path) -> None:
    golden = {READ: "of before", FIND: "second\n  line", WAIT: "of no site any more"}
    seen = {
        FIND: {"another": f"{HOME}/a", "second\n  line": f"{HOME}/z"},
        USAGE: {"b": f"{HOME}/y", "c\n\nd": f"{HOME}/x", "elsewhere": "tests/boot/a"},
    }
    renewed_ones = renewed({READ, FIND, USAGE}, golden, seen)
    assert renewed_ones == {READ: "of before", FIND: "second\n  line", USAGE: "c\n\nd"}
    (tmp_path / "gone.txt").touch()
    write(tmp_path, renewed_ones)
    assert read(tmp_path) == renewed_ones
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


REPETITION_HELPS = {
    "build/sandbox.py Sandbox._wait_for_init 1",  # a busy machine
    "build/source_files.py _fetch 3",  # a connection that was cut
    "archive/apt_root.py AptRoot._apt 1",  # a mirror that was down
    "archive/indexes.py verified_indexes 1",  # a mirror that was being changed
    "archive/rpm/archive.py _require_credible 2",  # a mirror that is being changed
    "archive/rpm/indexes.py KeptRepository._download 1",  # a mirror that was down
    "archive/rpm/indexes.py KeptRepository._index 1",  # a mirror that was being changed
    "cloud/api/client.py CloudApi._request 1",  # by HTTP's status; see test_refusal.py
    "cloud/apply/apply.py apply 1",  # it goes on from there
    "cloud/proof/prove.py prove_in_cloud 1",  # when the manifest can be written
    "cloud/server/servers.py Servers.require 1",  # a server that another has deleted
    "cloud/server/volumes.py Volumes.require 1",  # likewise
    "fleet/cluster/executor.py ClusterExecutor._gone 1",  # when the scheduler is there again
    "fleet/cluster/files.py Files.reached 1",  # a line that was cut
    "fleet/cluster/store.py Store._require_whole 1",  # likewise
    "fleet/perform.py _commands 1",  # it builds what was removed
    "fleet/perform.py perform 1",  # when there is room
    "image/appliance.py _Session._failure 2",  # a busy machine
    "publish/cloud/glance.py Glance.answering 1",  # by HTTP's status; see test_remedies.py
    "publish/cloud/glance.py Glance.answering 2",  # with the right credentials
    "publish/cloud/glance.py Glance.answering 3",  # a network that was down
    "publish/cloud/glance.py Glance.answering 5",  # a connection that broke
    "publish/publish.py _overtaken 1",  # once it is clear who else publishes
    "publish/publish.py _require_content 1",  # when what is in the way is gone
    "publish/publish.py _require_published 1",  # what another has changed is changed back
    "publish/publish.py _require_published 2",
    "publish/record.py record 1",  # when the manifest can be written
    "publish/rollout/rollback.py rollback 2",
}
"""Sites whose message may advise to do the same once more."""


def test_a_repetition_is_advised_only_where_it_can_help() -> None:
    advises = {
        str(site)
        for site, text in read(GOLDEN).items()
        if re.search(r"same command|[Tt]ry again", text)
    }
    assert advises - REPETITION_HELPS == set()


REMEDIED = {"BuilderError", "InputError", "HostError", "ImageError", "CloudError", "GuestNotUp"}
WITHOUT_HINT = {
    "build/dib.py _failure 1",  # failure_hints.py adds it, as to all errors of a build
    "build/dib.py _failure 2",
    "cloud/observation/sight.py Sight.done 3",  # the cloud's error, in the words of the step
    "host/process.py run 3",  # the program's own words tell why, and what helps
    "vm/qmp.py Qmp._await 1",  # so do QEMU's
    "plan/merge.py make_plan 1",  # each conflict has its remedy
}
"""Sites whose error has no remedy of its own, and why."""


def hintless() -> Iterator[str]:
    found = sites()
    for path in PACKAGE.rglob("*.py"):
        module = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=kind), keywords=words) if kind in REMEDIED:
                    if "hint" not in {word.arg for word in words}:
                        yield str(found[module, node.lineno])


def test_every_error_says_what_helps() -> None:
    assert set(hintless()) == WITHOUT_HINT
