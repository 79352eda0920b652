"""What makes a build due of a distribution with RPM packages: an archive that changes."""

from datetime import timedelta
from pathlib import Path

import pytest
from due_machine import NOW, Machine
from rpm_archive import (
    GLIBC,
    OPENSSL,
    OPENSUSE,
    ROCKY_AT_FIRST,
    Advisory,
    Rpm,
    RpmArchive,
    packages,
)
from webserver import WebServer

pytestmark = [pytest.mark.integration, pytest.mark.program("rpmbuild", "createrepo_c")]


def at(rpm: Rpm, version: str, **fields: str) -> Rpm:
    """The package in another version."""
    return Rpm(rpm.name, version, **{
        "release": rpm.release, "epoch": rpm.epoch, "architecture": rpm.architecture, **fields,
    }, tags=rpm.tags)  # fmt: skip


def test_the_second_night_has_nothing_to_do(rpm_machine: Machine, rpm_archive: RpmArchive) -> None:
    answer = rpm_machine.due()
    assert (answer.status, answer.data["reasons"]) == (10, [])
    rpm_archive.requests.clear()
    assert rpm_machine.due().status == 10
    assert [status for _, status in rpm_archive.requests] == [304, 304, 304]
    assert {Path(path).name for path, _ in rpm_archive.requests} == {"repomd.xml"}


def test_an_update_is_told_with_what_it_brings_along(
    rpm_machine: Machine, rpm_archive: RpmArchive
) -> None:
    rpm_machine.due()
    tool = Rpm("tool", "1.6", tags=("Requires: libtool",))
    rpm_archive.write("appstream", [tool, Rpm("libtool", "1.6"), Rpm("game", "1")])
    answer = rpm_machine.due()
    assert answer.status == 0
    assert answer.reasons("package") == {"tool": ("1.5-1.el9", "1.6-1.el9"),
                                         "libtool": ("", "1.6-1.el9")}  # fmt: skip
    assert [reason["must"] for reason in answer.data["reasons"]] == [False, False]


def test_an_epoch_counts_more_than_a_version(rpm_machine: Machine, rpm_archive: RpmArchive) -> None:
    rpm_archive.write("appstream", [Rpm("tool", "0.9", epoch="2")])
    assert rpm_machine.due().reasons("package") == {"tool": ("1.5-1.el9", "2:0.9-1.el9")}


def test_a_version_that_the_archive_has_taken_back_is_told(
    rpm_machine: Machine, rpm_archive: RpmArchive
) -> None:
    rpm_archive.write("baseos", [*ROCKY_AT_FIRST[:3], Rpm("tool", "1.4")])
    assert rpm_machine.due().reasons("package") == {"tool": ("1.5-1.el9", "1.4-1.el9")}


def test_a_package_that_another_one_takes_the_place_of_is_told(
    rpm_machine: Machine, rpm_archive: RpmArchive
) -> None:
    rpm_archive.write("appstream", [Rpm("better-tool", "2", tags=("Obsoletes: tool < 2",))])
    assert rpm_machine.due().reasons("package") == {"better-tool": ("", "2-1.el9"),
                                                "tool": ("1.5-1.el9", "")}  # fmt: skip


def test_a_security_update_is_told_with_its_age(
    rpm_machine: Machine, rpm_archive: RpmArchive
) -> None:
    rpm_machine.write_profile({"publish": {"hotfix_hours": 48}})
    rpm_machine.build()
    fixed, later = at(OPENSSL, "3.0.7", release="28.el9"), at(OPENSSL, "3.1.0")
    since = NOW - timedelta(days=3)
    advisories = (
        Advisory(f"{NOW - timedelta(days=90):%Y-%m-%d %H:%M:%S}", (OPENSSL,)),
        Advisory(f"{since:%Y-%m-%d %H:%M:%S}", (fixed, GLIBC)),
        Advisory(f"{NOW:%s}", (later,), kind="bugfix"),
    )
    rpm_archive.write("appstream", [later], advisories)
    answer = rpm_machine.due()
    assert answer.reasons("security") == {"openssl": ("1:3.0.7-27.el9", "1:3.1.0-27.el9")}
    (reason,) = answer.data["reasons"]
    assert reason["must"]
    assert "there for 3 days, since" in reason["note"]
    assert f"promised by {since + timedelta(hours=48):%Y-%m-%d %H:%M}" in reason["note"]


def test_packages_of_another_architecture_stay_beside_each_other(
    rpm_machine: Machine, rpm_archive: RpmArchive
) -> None:
    i686 = Rpm("glibc", "2.34", architecture="i686")
    rpm_archive.write("baseos", [*ROCKY_AT_FIRST, i686])
    rpm_machine.build(packages=[*rpm_machine.packages, i686.package])
    assert rpm_machine.due().status == 10
    rpm_archive.write("appstream", [at(GLIBC, "2.35"), Rpm("glibc", "2.35", architecture="i686")])
    told = [(reason["old"], reason["new"]) for reason in rpm_machine.due().data["reasons"]]
    assert told == [("2.34-1.el9", "2.35-1.el9")] * 2


MODULES = """\
---
document: modulemd
data:
  name: tool
  stream: "1"
  artifacts: {rpms: ["tool-0:1.9-1.module.noarch"]}
...
---
document: modulemd
data:
  name: tool
  stream: "2"
  artifacts: {rpms: ["tool-0:2.1-1.module.noarch"]}
...
"""


def test_streams_of_modules_are_followed_where_the_image_has_one(
    rpm_machine: Machine, rpm_archive: RpmArchive, tmp_path: Path
) -> None:
    modular = [Rpm("tool", version, "1.module") for version in ("1.9", "2.1")]
    rpm_archive.write("appstream", modular)
    index = tmp_path / "modules.yaml"
    index.write_text(MODULES)
    rpm_archive.add("appstream", "modules", index)
    assert rpm_machine.due().status == 10
    old = Rpm("tool", "1.8", "1.module")
    others = [rpm.package for rpm in ROCKY_AT_FIRST if rpm.name != "tool"]
    rpm_machine.build(packages=[*others, old.package])
    assert rpm_machine.due().reasons("package") == {"tool": ("1.8-1.module", "1.9-1.module")}


def test_opensuse_is_asked_by_its_own_layout(
    tmp_path: Path, rpm_archive: RpmArchive, rpm_server: WebServer,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    at_first = (Rpm("openSUSE-release", "15.6", "1"), Rpm("tool", "1", "1"), Rpm("lib", "1", "1"))
    leap = RpmArchive(rpm_archive.root, rpm_archive.built, OPENSUSE)
    leap.write_all(at_first)
    mirror = {"archive": rpm_server.url}
    machine = Machine(tmp_path, mirror, capsys, packages(at_first), distribution="opensuse-15.6")
    monkeypatch.setenv("GUEST_IMAGE_CACHE", str(machine.cache))
    machine.build()
    assert machine.due().status == 10
    advisory = Advisory(f"{NOW - timedelta(hours=5):%s}", (Rpm("lib", "1.1", "1"),))
    # zypper passes over what cannot be installed.
    broken = Rpm("tool", "2", "1", tags=("Requires: nothing-has-this",))
    leap.write("update", [Rpm("lib", "1.1", "1"), broken], [advisory])
    answer = machine.due()
    assert answer.reasons("security") == {"lib": ("1-1", "1.1-1")}
    assert answer.reasons("package") == {}
    assert "there for 5 hours, since" in answer.data["reasons"][0]["note"]
