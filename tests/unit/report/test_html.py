"""The HTML report by its structure; how it looks and behaves is in the browser's tests."""

import re
from datetime import UTC, datetime

import pytest
from html_page import Page
from reports import PLAN, hostile, proven, publication, record
from samples import OTHER_SHA256, complete, evidence, manifest, observed, plan

from builder.feature import Outcome
from builder.report.html import html
from builder.report.view import CheckRow
from builder.store.manifest import Manifest
from builder.store.sections import Adopted, SbomFile, Snapshot, UnprovenClaim

PROBE = "virtio-scsi/root-is-on-virtio-scsi"


def source(build: Manifest, build_log: str = "") -> str:
    return html(build, consoles={}, build_log=build_log)


def page(build: Manifest, build_log: str = "") -> Page:
    return Page(source(build, build_log))


def test_every_section_is_there_and_is_linked() -> None:
    shown = page(proven())
    ids = [section["id"] for section in shown.tags("section")]
    assert ids == ["claims", "needs", "checks", "boots", "space", "packages", "times", "reproduce"]
    assert [link["href"] for link in shown.tags("a")] == [f"#{name}" for name in ids]


def test_the_bills_of_materials_are_linked_and_an_older_build_has_none() -> None:
    bill = SbomFile(format="CycloneDX", name="sbom.cdx.json", sha256="1" * 64)
    shown = page(proven().model_copy(update={"sbom": (bill,)}))
    assert "sbom.cdx.json" in [link["href"] for link in shown.tags("a")]
    assert "1" * 64 in shown.sections["reproduce"]
    assert "bill of materials" not in page(proven()).sections["packages"]


def test_the_verdict_stands_at_the_top_and_in_the_title() -> None:
    assert "Proven pinned-scsi" in page(proven()).sections["header"].replace("✓ ", "")
    assert "<title>pinned-scsi 20260102T030405Z-3f9c2a: proven</title>" in source(proven())
    assert "✕ Not proven" in page(manifest(PLAN)).sections["header"]


def test_every_claim_is_shown_with_its_grade_and_what_was_seen() -> None:
    shown = page(proven()).sections["claims"]
    for claim in PLAN.claims:
        assert f"{claim.property}={claim.value}" in shown
        assert claim.promise in shown
    assert shown.count("exercised") >= len(PLAN.claims)


def test_every_check_is_shown_once_with_all_places_where_it_saw_the_same() -> None:
    shown = page(proven()).sections["checks"]
    for check in (*PLAN.inspections, *PLAN.probes):
        assert shown.count(check.id) == 1
    boots = [boot.name for boot in PLAN.boots if PROBE in boot.probes]
    assert f"{PROBE} ✓ it is so {', '.join(boots)} · 0.5s" in shown


def test_a_check_that_saw_different_things_tells_each() -> None:
    bad = evidence(PROBE, Outcome.FAILED, boot="uefi", seen="root is /dev/vda")
    shown = page(proven().with_evidence([bad])).sections["checks"]
    assert re.search(rf"{PROBE} ✓ it is so bios.*✕ root is /dev/vda uefi", shown)


def test_what_did_not_pass_stands_first_those_of_one_cause_together() -> None:
    bios = next(boot for boot in PLAN.boots if boot.name == "bios")
    bad = [
        evidence(name, Outcome.FAILED, boot="bios", seen="Timed out after 300 s\nwaiting for SSH")
        for name in bios.probes
    ]
    shown = page(proven().with_evidence(bad))
    assert shown.tags("section")[0]["id"] == "problems"
    problems = shown.sections["problems"]
    assert problems.count("Timed out after 300 s waiting for SSH") == 1
    assert f"The same of {len(bios.probes) - 1} other checks" in problems


def test_checks_that_were_not_made_are_told() -> None:
    build = manifest(
        PLAN, evidence=tuple(result for result in complete(PLAN) if result.boot != "uefi")
    )
    uefi = next(boot for boot in PLAN.boots if boot.name == "uefi")
    shown = page(build)
    assert f"{len(uefi.probes)} checks were not made" in shown.sections["problems"]
    assert f"{len(uefi.probes)} not made" in shown.sections["header"]
    assert "? not made uefi" in shown.sections["checks"]


def test_a_check_that_was_made_nowhere_has_not_passed() -> None:
    assert not CheckRow("a/b", "it is so", sightings=(), missing=()).passed


def test_a_build_without_evidence_has_a_report_too() -> None:
    shown = page(manifest(plan("base"), packages=(), timings={}, hooks={}, tools={}))
    assert "Not proven" in shown.sections["header"]
    assert "boots" not in shown.sections


def test_evidence_and_boots_of_another_file_are_void() -> None:
    build = manifest(PLAN).with_evidence(
        [evidence(PROBE, boot="bios", sha256=OTHER_SHA256)], [record(sha256=OTHER_SHA256)]
    )
    shown = page(build)
    assert "it is so" not in shown.sections["checks"]
    assert "boots" not in shown.sections


def test_boots_have_their_probes_and_their_hardware() -> None:
    shown = page(proven()).sections["boots"]
    assert "first login after 1m10s" in shown
    assert "virtio-scsi disk" in shown
    assert "without a login" in shown


def test_both_treemaps_name_what_they_show() -> None:
    shown = page(manifest(PLAN, unpackaged={"/boot": 60 << 20}))
    assert [drawing["class"] for drawing in shown.tags("svg")] == ["treemap wide", "treemap narrow"]
    cells = [cell["aria-label"] for cell in shown.tags("g")]
    assert cells[0] == cells[2] == "/boot, 60 MiB, 97.2 %"
    assert len(shown.tags("title")) == 1 + len(cells)


def test_packages_phases_hooks_and_tools_are_listed() -> None:
    shown = page(proven()).sections
    assert "zstd 1.5.4 amd64 1.8 MiB" in shown["packages"]
    assert "bootstrap 40s" in shown["times"]
    assert "root.d/08-debootstrap 25s" in shown["times"]
    assert "qemu-img version 7.2" in shown["reproduce"]
    assert "debian-archive-keyring.gpg " + "5" * 64 in shown["reproduce"]


def test_a_build_of_a_past_moment_is_made_again_of_that_moment() -> None:
    then = Snapshot(at=datetime(2026, 11, 1, tzinfo=UTC), suites={})
    log = "     2.0 ++ export DIB_DISTRIBUTION_MIRROR=http://then.example/20261101T000000Z\n"
    shown = page(proven().model_copy(update={"snapshot": then}), log).sections["reproduce"]
    assert "guest-image image pinned-scsi --fresh --at 2026-11-01T00:00:00Z" in shown
    assert "export DIB_DISTRIBUTION_MIRROR" not in shown
    assert "--at" not in page(proven(), log).sections["reproduce"]


def test_the_mirrors_come_from_the_builds_log_if_they_are_plain() -> None:
    log = (
        "     2.0 ++ export DIB_DISTRIBUTION_MIRROR=http://mirror.example/debian\n"
        "     2.0 ++ DIB_DEBIAN_SECURITY_MIRROR=http://mirror.example/$(reboot)\n"
    )
    shown = page(proven(), log).sections["reproduce"]
    assert "export DIB_DISTRIBUTION_MIRROR=http://mirror.example/debian" in shown
    assert "SECURITY_MIRROR" not in shown


def test_flavor_and_host_needs_are_shown_where_there_are_any() -> None:
    assert "hw:cpu_policy=dedicated" in page(proven()).sections["needs"]
    assert "needs" not in page(manifest(plan("base"))).sections


def test_an_adopted_image_tells_what_it_has_no_evidence_for() -> None:
    lacks = UnprovenClaim(
        property="hw_watchdog_action",
        value="reset",
        owner="watchdog",
        reason="no kernel has i6300esb",
        checks=("watchdog/kernels-have-i6300esb",),
    )
    fault = evidence("foundation/has-no-leftovers", Outcome.FAILED, seen="/root/.bash_history")
    adopted = Adopted(source="some image.qcow2", lacking=(lacks,), limits=("It is old.",))
    build = manifest(plan("base"), adopted=adopted, packages=(), evidence=(fault,))
    shown = page(build)
    section = shown.sections["adopted"]
    assert "hw_watchdog_action=reset watchdog no kernel has i6300esb" in section
    assert "/root/.bash_history" in section
    assert "It is old." in section
    assert "guest-image adopt 'some image.qcow2'" in shown.sections["reproduce"]
    assert {"space", "packages"}.isdisjoint(shown.sections)


def test_publications_are_shown_newest_first_with_what_was_conceded() -> None:
    build = proven().with_published(publication("old-name"))
    shown = page(build.with_published(publication("new-name"))).sections["published"]
    assert shown.index("new-name") < shown.index("old-name")
    assert "visible to shared, new-name" in shown
    assert "inspected only: hw_watchdog_action." in shown
    assert "left out for want of proof: os_admin_user." in shown


@pytest.mark.parametrize("build", [proven(), hostile()], ids=["proven", "hostile"])
def test_nothing_is_fetched_and_only_the_reports_own_script_is_there(build: Manifest) -> None:
    shown = page(build)
    assert len(shown.tags("script")) == 1
    assert shown.tags("script")[0] == {}
    assert shown.tags("img") == []
    for tag, attributes in shown.elements:
        assert not any(name.startswith("on") for name in attributes), tag
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))
    (policy,) = [meta["content"] for meta in shown.tags("meta") if "http-equiv" in meta]
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")


def test_what_a_guest_shows_is_text() -> None:
    shown = page(hostile()).sections
    for section in (
        "problems",
        "claims",
        "adopted",
        "checks",
        "packages",
        "space",
        "times",
        "published",
        "reproduce",
    ):
        assert "<script>alert(1)</script>" in shown[section], section


def test_what_clouds_have_shown_is_a_section_with_a_card_for_each() -> None:
    build = proven().with_observations(
        [
            observed("root-is-on-bus", "hw_disk_bus", seen="root is <b>sda</b>"),
            observed("root-is-on-bus", "hw_disk_bus", cloud="test", outcome=Outcome.FAILED),
        ]
    )
    shown = page(build)
    assert "root is <b>sda</b>" in shown.sections["observed"]
    assert shown.sections["observed"].count("flavor pinned-1") == 2
    assert "#observed" in [link["href"] for link in shown.tags("a")]
    assert "refuted in test" in shown.sections["claims"]
