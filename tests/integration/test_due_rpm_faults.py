"""Whether a build of RPM packages is due, asked of what lies, is broken, or is not there."""

import gzip
import hashlib
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from due_machine import Machine
from rpm_archive import OPENSSL, ROCKY_AT_FIRST, Rpm, RpmArchive
from webserver import WebServer

from builder.archive.rpm import solving
from builder.archive.rpm.answer import Resolution

pytestmark = [pytest.mark.integration, pytest.mark.program("rpmbuild", "createrepo_c")]


def test_a_mirror_that_is_down_leaves_it_unknown(
    rpm_machine: Machine, rpm_server: WebServer
) -> None:
    assert rpm_machine.due().status == 10
    rpm_server.shutdown()
    rpm_server.server_close()
    assert "Could not fetch the package indexes of http://127.0.0.1" in rpm_machine.unknown()
    rpm_machine.write_profile({"packages": ["tmux"]})
    answer = rpm_machine.due()
    assert (answer.status, answer.data["due"]) == (0, True)
    assert [unknown["subject"] for unknown in answer.data["unknown"]] == ["packages"]


def test_a_repository_that_is_missing_leaves_it_unknown(
    rpm_machine: Machine, rpm_archive: RpmArchive
) -> None:
    (rpm_archive.root / rpm_archive.paths["extras"]).rename(rpm_archive.root / "elsewhere")
    assert "repodata/repomd.xml: HTTP 404" in rpm_machine.unknown()


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def page(content: bytes) -> bytes:
    return b"<html><body>Please log in</body></html>"


@pytest.mark.parametrize("broken", [cut, page])
def test_a_list_of_another_shape_leaves_it_unknown(
    rpm_machine: Machine, rpm_archive: RpmArchive, broken: Callable[[bytes], bytes]
) -> None:
    path = rpm_archive.data("baseos") / "repomd.xml"
    path.write_bytes(broken(path.read_bytes()))
    assert "is not a repository of RPM packages that can be read" in rpm_machine.unknown()


@pytest.mark.parametrize("broken", [cut, lambda content: bytes(len(content))])
def test_an_index_that_is_not_the_listed_one_leaves_it_unknown(
    rpm_machine: Machine, rpm_archive: RpmArchive, broken: Callable[[bytes], bytes]
) -> None:
    (path,) = rpm_archive.data("baseos").glob("*-primary.xml.gz")
    path.write_bytes(broken(path.read_bytes()))
    assert "is not what its list says" in rpm_machine.unknown()
    rpm_archive.write("baseos", ROCKY_AT_FIRST)
    assert rpm_machine.due().status == 10


def relist(archive: RpmArchive, repository: str, kind: str, content: bytes) -> None:
    """Put another content in an index's place, with its true size and checksum."""
    data = archive.data(repository)
    (path,) = data.glob(f"*-{kind}.*")
    old = path.read_bytes()
    path.write_bytes(content)
    text = (data / "repomd.xml").read_text()
    for mine, other in (
        (hashlib.sha256(old).hexdigest(), hashlib.sha256(content).hexdigest()),
        (f"<size>{len(old)}</size>", f"<size>{len(content)}</size>"),
    ):
        assert mine in text
        text = re.sub(rf"(?<![/\w-]){re.escape(mine)}(?!-)", other, text)
    (data / "repomd.xml").write_text(text)
    archive.touch(repository)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gzip.compress(b"<metadata><package type='rpm'>"), id="half of it"),
        pytest.param(b"\x1f\x8b no compressed file", id="not compressed"),
        pytest.param(
            gzip.compress(
                b"<!DOCTYPE m [<!ENTITY a 'aaaaaaaaaa'>"
                + b"".join(
                    b"<!ENTITY a%d '%s'>" % (n, b"&a%b;" % (b"%d" % (n - 1) if n else b"") * 10)
                    for n in range(12)
                )
                + b"]><metadata><package type='rpm'><name>&a11;</name></package></metadata>"
            ),
            id="entities that grow",
        ),
    ],
)
def test_an_index_of_packages_that_cannot_be_parsed_leaves_it_unknown(
    rpm_machine: Machine, rpm_archive: RpmArchive, content: bytes
) -> None:
    relist(rpm_archive, "baseos", "primary", content)
    assert "The package indexes cannot be read" in rpm_machine.unknown()


@pytest.mark.parametrize("kind", ["updateinfo", "modules"])
def test_another_index_that_cannot_be_parsed_leaves_it_unknown(
    rpm_machine: Machine, rpm_archive: RpmArchive, tmp_path: Path, kind: str
) -> None:
    index = tmp_path / f"{kind}.{'yaml' if kind == 'modules' else 'xml'}"
    index.write_text("]: no such index: [")
    rpm_archive.write("appstream", [Rpm("tool", "1.6")])
    rpm_archive.add("appstream", kind, index)
    assert f"{kind}." in rpm_machine.unknown()


def test_indexes_of_another_release_are_not_believed(
    rpm_machine: Machine, rpm_archive: RpmArchive
) -> None:
    rpm_archive.write("baseos", [Rpm("rocky-release", "8.10"), *ROCKY_AT_FIRST[1:]])
    told = rpm_machine.unknown()
    assert "do not have its packages" in told
    assert "rocky-release is to be of 9; there is 8.10." in told
    rpm_archive.write_all([])
    assert "there is none" in rpm_machine.unknown()


def test_an_update_that_cannot_be_installed_leaves_it_unknown(
    rpm_machine: Machine, rpm_archive: RpmArchive
) -> None:
    broken = Rpm("tool", "2", tags=("Requires: nothing-has-this",))
    rpm_archive.write("appstream", [broken])
    assert "nothing provides nothing-has-this needed by tool-2-1.el9" in rpm_machine.unknown()


def dies(*_: Any) -> Resolution:
    """A resolver that what it parses has led astray."""
    os.kill(os.getpid(), signal.SIGSEGV)
    return Resolution()


def grows(*_: Any) -> Resolution:
    """A resolver that takes all memory that there is."""
    taken = []
    while True:
        taken.append(bytearray(256 << 20))


@pytest.mark.parametrize(("led", "why"), [(dies, "SIGSEGV"), (grows, "take more memory")])
def test_a_resolver_that_is_led_astray_leaves_it_unknown(
    rpm_machine: Machine, monkeypatch: pytest.MonkeyPatch, led: Callable[..., Any], why: str
) -> None:
    monkeypatch.setattr(solving.Solving, "resolution", led)
    assert why in rpm_machine.unknown()


@pytest.mark.parametrize(
    "pattern", ["baseos/*-primary.xml.gz", "answer-night.json", "baseos/repomd.xml",
                "baseos/repomd.json"]
)  # fmt: skip
def test_what_was_half_written_is_fetched_or_asked_anew(rpm_machine: Machine, pattern: str) -> None:
    rpm_machine.due()
    file = rpm_machine.kept(pattern)
    file.write_bytes(file.read_bytes()[:40])
    if "answer" not in pattern:
        rpm_machine.kept("answer-night.json").unlink()
    (file.parent / f".{file.name}.0123").write_text("of a run that was killed")
    assert rpm_machine.due().status == 10
    assert file.stat().st_size > 40


def test_indexes_that_no_list_names_any_more_are_removed(
    rpm_machine: Machine, rpm_archive: RpmArchive
) -> None:
    rpm_machine.due()
    first = rpm_machine.kept("baseos/*-primary.xml.gz")
    rpm_archive.write("baseos", [*ROCKY_AT_FIRST, Rpm("game", "1")])
    assert rpm_machine.due().status == 10
    assert rpm_machine.kept("baseos/*-primary.xml.gz") != first


def test_kernels_beside_each_other_are_one_package(
    rpm_machine: Machine, rpm_archive: RpmArchive
) -> None:
    older = Rpm("openssl", "2.0.1", epoch="1", architecture="x86_64")
    rpm_machine.build(packages=[older.package, *rpm_machine.packages])
    assert rpm_machine.due().status == 10
    rpm_archive.write("appstream", [Rpm("openssl", "4", epoch="1", architecture="x86_64")])
    assert rpm_machine.due().reasons("package") == {"openssl": (OPENSSL.evr, "1:4-1.el9")}
