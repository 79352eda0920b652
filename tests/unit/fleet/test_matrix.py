"""From images.yaml to images, and everything that can be wrong with it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from profile_files import write

from builder.errors import InputError
from builder.features.registry import shipped
from builder.fleet.matrix import load_fleet
from builder.fleet.model import Fleet, Way
from builder.plan.model import to_json
from builder.plan.of_profile import plan_of
from builder.profile.document import document_of
from builder.profile.load import load, shipped_profiles

GOLDEN = Path(__file__).parents[2] / "golden" / "fleet"


def fleet_of(directory: Path, text: str) -> Fleet:
    return load_fleet(Path(write(directory, text, "images.yaml")), shipped())


def problems(directory: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        fleet_of(directory, text)
    return str(caught.value).replace(f"{directory}/", "")


def test_an_image_of_a_shipped_profile_is_that_profile(tmp_path: Path) -> None:
    (image,) = fleet_of(tmp_path, "images: {pinned-scsi: }").images
    assert to_json(image.plan) == to_json(plan_of("pinned-scsi"))
    assert image.way == Way()


def test_variants_are_the_product_of_their_axes(tmp_path: Path) -> None:
    write(tmp_path, "extends: base\nfeatures: {watchdog: }", "web.yaml")
    images = fleet_of(
        tmp_path,
        """\
        images:
          web:
            profile: ./web.yaml
            variants:
              distribution: [debian-12, debian-13]
              features: {plain: , agent: {guest-agent: }, bare: {watchdog: false}}
              format: [qcow2, raw]
        """,
    ).images
    assert len(images) == 12
    by_name = {image.name: image.profile for image in images}
    assert [*by_name][:3] == [
        "web-debian-12-plain-qcow2",
        "web-debian-12-plain-raw",
        "web-debian-12-agent-qcow2",
    ]
    last = by_name["web-debian-13-bare-raw"]
    assert (last.distribution.name, last.disk.format, [*last.features]) == ("debian-13", "raw", [])
    assert [*by_name["web-debian-12-agent-raw"].features] == ["watchdog", "guest-agent"]


def test_only_the_axes_that_are_given_are_in_the_names(tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, "images: {base: {variants: {format: [raw]}}}")
    assert [image.name for image in fleet.images] == ["base-raw"]


def test_a_path_in_a_variants_features_is_relative_to_the_matrix(tmp_path: Path) -> None:
    (image,) = fleet_of(
        tmp_path,
        f"""\
        images:
          base:
            variants:
              features:
                gpu: {{vgpu: {{driver: drivers/nv.deb, sha256: {"0" * 64}}}}}
        """,
    ).images
    assert image.plan.files[0].source == str(tmp_path / "drivers/nv.deb")


def test_an_image_has_the_way_that_it_names(tmp_path: Path) -> None:
    fleet = fleet_of(
        tmp_path,
        """\
        clouds: {staging: {flavor: small, network: none}, prod: }
        ways: {release: {staging: staging, production: [prod, prod-2]}, here: }
        images: {base: {way: release}, pinned-scsi: {way: here}}
        """,
    )
    assert [image.way for image in fleet.images] == [
        Way(staging="staging", production=("prod", "prod-2")),
        Way(),
    ]
    assert fleet.clouds["staging"].flavor == "small"
    assert fleet.clouds["prod"].network is None


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_everything_that_is_wrong_is_told_at_its_place(
    path: Path, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(GOLDEN)
    with pytest.raises(InputError) as caught:
        load_fleet(Path(path.name), shipped())
    golden(f"{caught.value}\n", f"fleet/{path.stem}.txt")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_fleet(tmp_path / "images.yaml", shipped())


def test_a_problem_of_all_variants_is_told_once(tmp_path: Path) -> None:
    write(tmp_path, "extends: base\nfeatures: {watchdog: {action: shutdown}}", "web.yaml")
    told = problems(
        tmp_path,
        "images: {web: {profile: ./web.yaml, variants: {format: [qcow2, raw]}}}",
    )
    assert told.startswith("web.yaml:2:31: features.watchdog.action: 'shutdown'")
    assert "In the image" not in told


def test_a_problem_of_some_variants_names_them(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        "images: {base: {variants: {features: {good: , bad: {watchdg: }}, format: [qcow2, raw]}}}",
    )
    assert "images.yaml:1:53: features.watchdg: unknown feature 'watchdg'." in told
    assert told.endswith("In the images base-bad-qcow2 and base-bad-raw.")


@pytest.mark.parametrize("name", shipped_profiles())
def test_a_profile_as_one_document_is_the_same_profile(name: str, tmp_path: Path) -> None:
    document = document_of(load(name, shipped()))
    written = write(tmp_path, json.dumps(document), f"{name}.yaml")
    assert to_json(plan_of(written)) == to_json(plan_of(name))


def test_the_guides_matrix_has_images(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "fleet.md").read_text(encoding="utf-8")
    write(tmp_path, "extends: base", "web.yaml")
    matrix = guide.split("```yaml images.yaml\n")[1].split("```")[0]
    assert len(fleet_of(tmp_path, matrix).images) == 9


def test_all_that_a_profile_says_is_in_its_document(tmp_path: Path) -> None:
    text = """\
    extends: base
    initrd_drivers: all
    snapshot: 2026-11-01
    mirrors: {archive: 'http://a/debian', snapshot: {archive: 'http://a/{at}'}}
    disk: {size_gib: 8, compression: zlib}
    packages: [vim]
    features: {watchdog: {action: pause}, guest-agent: }
    publish: {name: 'Debian {profile}', keep_last: 3}
    """
    profile = write(tmp_path, text)
    (tmp_path / "elsewhere").mkdir()
    document = json.dumps(document_of(load(profile, shipped())))
    written = write(tmp_path / "elsewhere", document)
    assert to_json(plan_of(written)) == to_json(plan_of(profile))
