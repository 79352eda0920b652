"""The steps of images and what each waits for."""

from pathlib import Path

from fleets import RELEASE, fleet_of

from builder.fleet.graph import steps


def test_an_images_way_is_a_chain_that_ends_in_each_cloud_of_production(tmp_path: Path) -> None:
    found = steps(fleet_of(tmp_path, RELEASE).images)
    assert {step.id: step.needs for step in found} == {
        "base/build": (),
        "base/proof": ("base/build",),
        "base/publish in staging": ("base/proof",),
        "base/proof in staging": ("base/publish in staging",),
        "base/publish in prod": ("base/proof in staging",),
        "base/publish in prod-2": ("base/proof in staging",),
    }


def test_without_staging_production_waits_for_the_proof_here(tmp_path: Path) -> None:
    text = "ways: {direct: {production: [prod]}}\nimages: {base: {way: direct}}"
    last = steps(fleet_of(tmp_path, text).images)[-1]
    assert (last.id, last.needs) == ("base/publish in prod", ("base/proof",))


def test_images_do_not_wait_for_each_other(tmp_path: Path) -> None:
    found = steps(fleet_of(tmp_path, "images: {base: , pinned-scsi: }").images)
    assert [step.id for step in found if not step.needs] == ["base/build", "pinned-scsi/build"]
