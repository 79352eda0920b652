import json
from dataclasses import replace

import click
from samples import OTHER_SHA256, complete, evidence, manifest, observed, plan
from terminals import on_terminal, plain

from builder.feature import Grade, Outcome
from builder.report.text import evidence_text, observations_text, verdict_json, verdict_text
from builder.store.manifest import Manifest
from builder.store.sections import BootRecord

PLAN = plan("pinned-scsi")
PROBE = "virtio-scsi/root-is-on-virtio-scsi"


INSPECTED = next(
    replace(claim, proof=(check,), grade=Grade.PRESENT)
    for claim in PLAN.claims
    for check in claim.proof
    if check in {inspection.id for inspection in PLAN.inspections}
)


def proven() -> Manifest:
    boots = [
        BootRecord(
            name=name, accelerator="tcg", until_ssh=70, probes=seconds, image_sha256="a" * 64
        )
        for name, seconds in (("bios", 12.0), ("uefi", 20.4))
    ]
    return manifest(PLAN).with_evidence(complete(PLAN), boots)


def lines(build: Manifest) -> list[str]:
    return [" ".join(line.split()) for line in plain(verdict_text(build)).splitlines()]


def test_the_heading_names_profile_build_size_and_times() -> None:
    assert lines(proven())[0] == (
        "pinned-scsi 20260102T030405Z-3f9c2a 300 MiB, built in 46s, proven in boots of 1m22s and"
        " 1m30s"
    )


def test_an_image_that_was_not_booted_has_no_boots_in_its_heading() -> None:
    assert lines(manifest(PLAN))[0].endswith("300 MiB, built in 46s")


def test_every_claim_has_a_row_with_its_grade_and_what_was_seen() -> None:
    shown = lines(proven())
    for claim in PLAN.claims:
        assert f"{claim.property}={claim.value} {claim.grade} it is so" in shown


def test_a_proven_image_says_so_in_its_last_line() -> None:
    assert lines(proven())[-1] == (
        f"Proven: all {len(PLAN.claims)} claims. ({len(complete(PLAN))} checks passed)"
    )


def test_an_image_that_nothing_has_booted_is_never_called_proven() -> None:
    of = replace(PLAN, boots=(), claims=(INSPECTED,))
    build = manifest(of, evidence=complete(of))
    assert lines(build)[-1] == (
        f"Inspected, not booted: 1 claim, by the disk alone. ({len(complete(of))} checks passed)"
    )
    assert "roven" not in plain(verdict_text(build))
    told = verdict_json(build)
    assert (told["proven"], told["complete"], told["booted"]) == (False, True, False)
    assert '"proven": true' not in json.dumps(told)


def test_an_unproven_claim_and_the_check_that_failed_are_shown_with_the_cause() -> None:
    bad = evidence(PROBE, Outcome.FAILED, boot="uefi", seen="root is /dev/vda\non virtio-blk")
    shown = lines(proven().with_evidence([bad]))
    rows = [line for line in shown if line.startswith("hw_disk_bus=scsi")]
    assert rows == ["hw_disk_bus=scsi present (not proven) failed: root is /dev/vda on virtio-blk"]
    start = shown.index("not passed")
    assert shown[start + 1 : start + 4] == [
        f"failed: {PROBE} in boot uefi: {PROBE} holds",
        "root is /dev/vda",
        "on virtio-blk",
    ]
    assert "Not proven: 2 of" in shown[-1]
    assert "1 checks did not pass, 0 were not made." in shown[-1]


def test_a_skipped_check_is_not_counted_as_passed() -> None:
    skipped = evidence(PROBE, Outcome.SKIPPED, boot="uefi", seen="no tap device")
    last = lines(proven().with_evidence([skipped]))[-1]
    assert last.startswith("Not proven")
    assert last.endswith(f"({len(complete(PLAN)) - 1} checks passed)")


def test_checks_that_were_not_made_are_listed_with_their_boot() -> None:
    build = manifest(
        PLAN, evidence=tuple(result for result in complete(PLAN) if result.boot != "uefi")
    )
    shown = lines(build)
    uefi = next(boot for boot in PLAN.boots if boot.name == "uefi")
    assert f"not checked: {len(uefi.probes)} of the plan's checks" in shown
    assert f"{PROBE} in uefi" in shown
    assert f"{PROBE} in bios" not in shown


def test_evidence_of_another_file_proves_nothing() -> None:
    build = proven()
    other = build.image.model_copy(update={"sha256": OTHER_SHA256})
    last = lines(build.model_copy(update={"image": other}))[-1]
    assert last.startswith(f"Not proven: {len(PLAN.claims)} of {len(PLAN.claims)} claims")
    assert last.endswith("(0 checks passed)")


def test_what_flavor_and_cloud_need_is_shown() -> None:
    shown = lines(proven())
    assert "hw:cpu_policy=dedicated" in shown[shown.index("flavor needs") :]
    assert any("hw_disk_discard" in line for line in shown[shown.index("cloud needs") :])


def test_a_profile_without_needs_has_no_headings_for_them() -> None:
    shown = lines(manifest(plan("base")))
    assert "flavor needs" not in shown
    assert "cloud needs" not in shown


def test_a_row_is_one_line_where_no_terminal_has_a_width() -> None:
    long = evidence(PROBE, boot="bios", seen="word " * 100)
    assert f"hw_disk_bus=scsi exercised {' '.join(['word'] * 100)}" in lines(
        proven().with_evidence([long])
    )


def test_on_a_terminal_what_was_seen_is_wrapped_in_its_column() -> None:
    long = evidence(PROBE, Outcome.FAILED, boot="bios", seen="word " * 100)
    shown = click.unstyle(on_terminal(verdict_text(proven().with_evidence([long])), columns=100))
    assert max(len(line) for line in shown.splitlines() if "word" in line) <= 100


def test_on_a_terminal_a_verdict_is_green_or_red() -> None:
    green, red = "\x1b[32m", "\x1b[31m"
    shown = on_terminal(verdict_text(proven()))
    assert f"{green}Proven: all" in shown
    assert red not in shown
    bad = evidence(PROBE, Outcome.FAILED, boot="uefi", seen="root is /dev/vda")
    shown = on_terminal(verdict_text(proven().with_evidence([bad])))
    assert f"{red}Not proven" in shown
    assert f"{red}present (not proven)" in shown
    assert f"{green}exercised" in shown


def test_the_verdict_for_programs_is_json_and_agrees_with_the_text() -> None:
    bad = evidence(PROBE, Outcome.FAILED, boot="uefi", seen="root is /dev/vda")
    data = json.loads(json.dumps(verdict_json(proven().with_evidence([bad]))))
    assert data["proven"] is False
    assert data["profile"] == "pinned-scsi"
    assert [problem["check"] for problem in data["problems"]] == [PROBE]
    unproven = {claim["property"] for claim in data["claims"] if not claim["proven"]}
    assert unproven == {"hw_disk_bus", "hw_scsi_model"}
    assert json.loads(json.dumps(verdict_json(proven())))["proven"] is True


def test_the_verdict_for_programs_names_what_is_missing() -> None:
    data = verdict_json(manifest(plan("base"), evidence=complete(plan("base"))[1:]))
    first = complete(plan("base"))[0]
    assert data["missing"] == [{"check": first.check, "boot": None}]


def test_evidence_is_listed_with_outcome_and_what_was_seen() -> None:
    text = plain(evidence_text([evidence("a/b", seen="this"), evidence("a/c", Outcome.SKIPPED)]))
    assert [line.split(maxsplit=2) for line in text.splitlines()] == [
        ["check", "outcome", "seen"],
        ["a/b", "passed", "this"],
        ["a/c", "skipped", "it is so"],
    ]


def test_what_a_cloud_has_shown_stands_below_the_claims() -> None:
    results = [
        observed("root-is-on-bus", "hw_disk_bus", seen="root is /dev/sda"),
        observed("vcpus-are-pinned", outcome=Outcome.SKIPPED, seen="nobody may look"),
    ]
    build = proven().with_observations(results)
    shown = lines(build)
    assert "hw_disk_bus=scsi observed root is /dev/sda" in shown
    start = shown.index("observed in cloud prod")
    assert shown[start + 2] == "root-is-on-bus passed root is /dev/sda"
    assert shown[start + 3] == "vcpus-are-pinned skipped nobody may look"
    assert json.loads(json.dumps(verdict_json(build)))["observations"][0]["cloud"] == "prod"
    told = plain(observations_text(build, results)).splitlines()
    assert told[-1] == f"Observed: 1 of {len(PLAN.claims)} claims."


def test_a_claim_that_a_cloud_has_refuted_says_so() -> None:
    broken = observed("root-is-on-bus", "hw_disk_bus", outcome=Outcome.FAILED, seen="it is vda")
    shown = lines(proven().with_observations([broken]))
    assert "hw_disk_bus=scsi exercised (refuted) in prod failed: it is vda" in shown
    assert shown[-1].startswith("Not proven: 1 of ")
