"""What makes a build due: an archive that changes, and all else that an image is made from."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from apt_archive import RELEASE, AptArchive, Deb
from due_machine import AT_FIRST, NOW, SECURITY, Machine

pytestmark = [pytest.mark.integration, pytest.mark.program("apt-get", "gpg")]


# ---- what the archive has


def test_the_second_night_has_nothing_to_do(machine: Machine, archive: AptArchive) -> None:
    machine.build()
    assert (machine.due().status, machine.due().data["reasons"]) == (10, [])
    archive.requests.clear()
    assert machine.due().status == 10
    assert {status for _, status in archive.requests} == {304}
    assert {Path(path).name for path, _ in archive.requests} == {"InRelease"}


def test_without_a_build_one_is_due_and_nobody_is_asked(
    machine: Machine, archive: AptArchive
) -> None:
    answer = machine.due()
    assert answer.status == 0
    assert answer.reasons("build") == {"night": ("never built", "a first build")}
    assert archive.requests == []


def test_an_update_is_told_with_what_it_brings_along(machine: Machine, archive: AptArchive) -> None:
    machine.build()
    machine.due()
    archive.write(RELEASE, [*AT_FIRST[:2], Deb("zstd", "1.6", "libzstd1"), Deb("libzstd1", "1.6")])
    answer = machine.due()
    assert answer.status == 0
    assert answer.reasons("package") == {"zstd": ("1.5", "1.6"), "libzstd1": ("", "1.6")}
    assert [reason["must"] for reason in answer.data["reasons"]] == [False, False]


def test_what_nobody_has_installed_is_no_reason(machine: Machine, archive: AptArchive) -> None:
    machine.build()
    archive.write(RELEASE, [*AT_FIRST, Deb("game", "1")])
    assert machine.due().status == 10


def test_a_security_update_is_told_with_its_age(machine: Machine, archive: AptArchive) -> None:
    machine.write_profile({"publish": {"hotfix_hours": 48}})
    machine.build()
    since = NOW - timedelta(days=3)
    archive.write(SECURITY, [Deb("openssl", "3.0.1-1+deb12u1", "libc6", since)])
    answer = machine.due()
    assert answer.reasons("security") == {"openssl": ("3.0.1-1", "3.0.1-1+deb12u1")}
    (reason,) = answer.data["reasons"]
    assert reason["must"]
    assert "there for 3 days, since" in reason["note"]
    assert f"promised by {since + timedelta(hours=48):%Y-%m-%d %H:%M}" in reason["note"]


def test_an_update_without_a_date_is_as_old_as_the_index_that_had_it_first(
    machine: Machine, archive: AptArchive
) -> None:
    machine.build()
    update = Deb("openssl", "3.0.1-1+deb12u1", "libc6")
    archive.write(SECURITY, [update], date=NOW - timedelta(days=2))
    (archive.root / update.path).unlink()
    (reason,) = machine.due().data["reasons"]
    assert "there for 2 days or more" in reason["note"]
    archive.write(SECURITY, [update, Deb("game", "1")], date=NOW - timedelta(hours=1))
    (archive.root / update.path).unlink()
    assert machine.due().data["reasons"] == [reason]


def test_a_version_that_the_archive_has_taken_back_is_told(
    machine: Machine, archive: AptArchive
) -> None:
    machine.build()
    archive.write(RELEASE, [*AT_FIRST[:2], Deb("zstd", "1.4")])
    assert machine.due().reasons("package") == {"zstd": ("1.5", "1.4")}


def test_a_package_that_another_one_ousts_is_told(machine: Machine, archive: AptArchive) -> None:
    machine.build()
    libc = Deb("libc6", "2.37")
    archive.write(RELEASE, [libc, *AT_FIRST[1:]])
    index = archive.root / "dists" / RELEASE / "main/binary-amd64/Packages"
    text = index.read_text().replace("Version: 2.37\n", "Version: 2.37\nConflicts: zstd\n")
    index.write_text(text)
    archive.sign(RELEASE)
    reasons = machine.due().reasons("package")
    assert reasons["libc6"] == ("2.36-9", "2.37")
    assert reasons["zstd"] == ("1.5", "")


# ---- what else there is


def test_a_changed_profile_is_told_key_by_key(machine: Machine) -> None:
    machine.build()
    machine.write_profile({"packages": ["tmux"], "disk": {"extra_mib": 512}})
    answer = machine.due()
    assert answer.status == 0
    changed = answer.reasons("profile")
    assert changed["disk.extra_mib"] == ("256", "512")
    assert changed["packages"] == ("[]", '["tmux"]')


def test_a_changed_element_and_program_are_told(machine: Machine) -> None:
    directory = machine.build()
    data = json.loads((directory / "manifest.json").read_text())
    data["ingredients"]["element guest-tree"] = "0" * 12
    data["ingredients"]["diskimage-builder"] = "3.1"
    data["inputs"] = "0" * 64
    (directory / "manifest.json").write_text(json.dumps(data))
    told = machine.due().reasons("ingredient")
    assert set(told) == {"element guest-tree", "diskimage-builder"}
    assert told["diskimage-builder"][0] == "3.1"


def test_a_manifest_of_an_older_version_is_judged_by_what_it_has(machine: Machine) -> None:
    directory = machine.build()
    data = json.loads((directory / "manifest.json").read_text())
    del data["ingredients"]
    (directory / "manifest.json").write_text(json.dumps(data))
    assert machine.due().status == 10
    data["inputs"] = "0" * 64
    (directory / "manifest.json").write_text(json.dumps(data))
    answer = machine.due()
    assert answer.status == 0
    assert "older manifest" in answer.data["reasons"][0]["note"]
    (directory / "manifest.json").write_text('{"schema_version": 0}')
    answer = machine.due()
    assert (answer.status, answer.data["reasons"][0]["old"]) == (0, "unreadable")


def test_a_build_from_the_future_leaves_it_unknown(machine: Machine) -> None:
    directory = machine.build()
    data = json.loads((directory / "manifest.json").read_text())
    data["created"] = f"{NOW + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    (directory / "manifest.json").write_text(json.dumps(data))
    answer = machine.due()
    assert answer.status == 3
    assert "is from the future" in answer.data["unknown"][0]["error"]
