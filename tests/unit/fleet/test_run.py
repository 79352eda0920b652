"""A run of a fleet, with verbs that do nothing: what is done, in which order, and what is not."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from fake_fleet import FakeFleet
from fleets import RELEASE, build_of, evidence_of, put

from builder.feature import Outcome as Ending
from builder.fleet.job import Outcome, Result

Fake = Callable[[str], FakeFleet]
TWO = "images: {base: , pinned-scsi: }"
WAY = [
    "base.build",
    "base.prove",
    "base.publish-staging",
    "base.cloud-prove-staging",
    "base.publish-staging",
    "base.promote-prod",
    "base.promote-prod-2",
]


def results(outcomes: Mapping[str, Outcome]) -> list[Result]:
    return [outcome.result for outcome in outcomes.values()]


def test_an_image_goes_its_whole_way(fake: Fake) -> None:
    fleet = fake(RELEASE)
    outcomes = fleet.run()
    assert fleet.ended == WAY
    assert set(results(outcomes)) == {Result.DONE}
    assert outcomes["base/publish in prod"].told == "published as id-in-x"


def test_a_second_run_builds_proves_and_uploads_nothing(fake: Fake) -> None:
    fleet = fake(RELEASE)
    fleet.run()
    fleet.forget()
    assert set(results(fleet.run())) == {Result.KEPT}
    # The clouds are asked by the verbs that would publish: they find what they look for.
    assert fleet.ended == ["base.publish-staging", "base.promote-prod", "base.promote-prod-2"]


def test_a_failure_holds_up_only_what_needs_it(fake: Fake) -> None:
    fleet = fake(RELEASE.replace("base: {way: release}", "base: &, pinned-scsi: &").replace(
        "&", "{way: release}"
    ))  # fmt: skip
    fleet.let("base.prove", "fails", "1")
    outcomes = fleet.run()
    assert outcomes["base/proof"].result is Result.FAILED
    assert outcomes["base/proof"].told == "prove of base failed."
    assert outcomes["base/proof"].details == ("because", "Do it better.")
    assert outcomes["base/publish in prod"].result is Result.BLOCKED
    assert outcomes["base/publish in prod"].told == "'proof in staging' was not begun"
    assert outcomes["base/publish in staging"].told == "'proof' failed"
    others = [outcome for name, outcome in outcomes.items() if name.startswith("pinned-scsi/")]
    assert {outcome.result for outcome in others} == {Result.DONE}


def test_a_cloud_that_is_down_does_not_hold_up_the_other(fake: Fake) -> None:
    fleet = fake(RELEASE)
    down = fleet.let("base.promote-prod", "fails", "5")
    outcomes = fleet.run()
    assert outcomes["base/publish in prod"].exit_code == 5
    assert outcomes["base/publish in prod-2"].result is Result.DONE
    down.unlink()
    fleet.forget()
    outcomes = fleet.run()
    assert outcomes["base/publish in prod"].result is Result.DONE
    assert "base.build" not in fleet.ended
    assert "base.prove" not in fleet.ended


def test_what_failed_is_tried_again_by_the_next_run(fake: Fake) -> None:
    fleet = fake("images: {base: }")
    broken = fleet.let("base.build", "fails", "3")
    assert [*map(str, results(fleet.run()))] == ["failed", "not begun"]
    assert fleet.run()["base/build"].exit_code == 3
    broken.unlink()
    assert set(results(fleet.run())) == {Result.DONE}


def test_a_verb_that_ends_well_and_does_nothing_is_a_failure(fake: Fake) -> None:
    fleet = fake("images: {base: }")
    (fleet.home / "base.evidence.json").write_text("[]")
    outcome = fleet.run()["base/proof"]
    assert outcome.result is Result.FAILED
    assert outcome.told.startswith("It ended well, and is still due: ")


def test_a_proof_that_failed_says_which_checks(fake: Fake) -> None:
    fleet = fake("images: {base: }")
    (image,) = fleet.fleet.images
    first, *rest = evidence_of(image)
    bad = first.model_copy(update={"outcome": Ending.FAILED, "seen": "no such file"})
    put(fleet.dist, build_of(image, datetime.now(UTC)).model_copy(
        update={"evidence": (bad, *rest)}
    ))  # fmt: skip
    fleet.let("base.prove", "quietly")
    outcome = fleet.run()["base/proof"]
    assert outcome.told == "1 check did not pass."
    seen, hint = outcome.details
    assert seen == f"{first.check}: failed: no such file"
    assert hint.endswith("/report.html.")


def test_a_proof_that_was_broken_off_makes_only_what_it_lacks(fake: Fake) -> None:
    fleet = fake("images: {base: }")
    (image,) = fleet.fleet.images
    *earlier, last = evidence_of(image)
    put(fleet.dist, build_of(image, datetime.now(UTC)).model_copy(
        update={"evidence": tuple(earlier)}
    ))  # fmt: skip
    fleet.run()
    assert [call[4:] for call in fleet.calls if call[0] == "begin"] == [[last.check]]


@pytest.mark.parametrize(
    ("status", "result", "built"),
    [
        (10, Result.KEPT, 0),
        (0, Result.DONE, 1),
        (3, Result.FAILED, 0),
    ],
)
def test_of_an_older_build_the_archive_is_asked(
    status: int, result: Result, built: int, fake: Fake
) -> None:
    fleet = fake("images: {base: }")
    (image,) = fleet.fleet.images
    put(fleet.dist, build_of(image, datetime.now(UTC) - timedelta(days=2)))
    fleet.let("base.due", "says", str(status))
    outcome = fleet.run()["base/build"]
    assert outcome.result is result
    assert fleet.ended.count("base.build") == built


def test_a_verb_that_is_killed_is_told_by_its_signal(fake: Fake) -> None:
    fleet = fake("images: {base: }")
    fleet.let("base.build", "dies")
    outcome = fleet.run()["base/build"]
    assert (outcome.told, outcome.exit_code) == ("It ended with SIGKILL.", 70)


def test_each_step_has_cpus_of_its_own(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_SECONDS", "1")
    fleet = fake(TWO)
    fleet.run(cpus=2)
    builds = [call for call in fleet.calls if call[1].endswith(".build")]
    assert [call[0] for call in builds] == ["begin", "begin", "end", "end"]  # side by side
    assert builds[0][3] != builds[1][3]
    assert {len(call[3].split(",")) for call in builds} == {1}


def test_an_image_alone_has_the_whole_host_and_its_phases_are_seen(
    fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_SECONDS", "1")
    fleet = fake("images: {base: }")
    fleet.run(cpus=2)
    assert "base/build: build at work" in fleet.seen.phases
    assert len(fleet.calls[0][3].split(",")) == 2


def test_on_one_cpu_they_take_turns(fake: Fake) -> None:
    fleet = fake(TWO)
    fleet.run(cpus=1)
    assert [call[0] for call in fleet.calls] == ["begin", "end"] * 4


def test_a_directory_that_cannot_be_written_fails_its_steps_alone(fake: Fake) -> None:
    fleet = fake(TWO)
    (fleet.dist / ".fleet").mkdir(parents=True)
    (fleet.dist / ".fleet" / "base").write_text("in the way")
    outcomes = fleet.run()
    assert outcomes["base/build"].exit_code == 3
    assert outcomes["base/build"].told.startswith("build could not go on: ")
    assert outcomes["pinned-scsi/proof"].result is Result.DONE
