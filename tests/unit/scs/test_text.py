"""What is told of images that fall short, to people and to programs."""

from scs_images import GOOD, NOW, like
from terminals import plain

from builder.scs.judge import judge
from builder.scs.text import conformity_json, conformity_text

WRONG = judge(like("os_purpose", "hw_rng_model"), now=NOW)
RIGHT = judge(GOOD, now=NOW)


def test_each_shortfall_is_a_line_with_rule_what_is_there_and_remedy() -> None:
    lines = plain(conformity_text([WRONG])).splitlines()
    assert lines[0] == f"{GOOD.name} (public, image an-id, build {GOOD.build})"
    assert lines[1] == (
        "  must    SCS-0102  os_purpose    os_purpose is generic, oldgeneric, minimal, k8snode,"
        " gpu, network or custom; it is missing. Write os_purpose: custom in a profile's section"
        " 'publish', and publish with --settings PROFILE."
    )
    assert lines[2].startswith("  should  SCS-0102  hw_rng_model  hw_rng_model is virtio; it is")
    assert lines[-1] == "Not conforming: 1 of 1 image. 1 must be corrected, 1 should be."


def test_an_image_that_falls_short_nowhere_is_told() -> None:
    text = plain(conformity_text([RIGHT, judge(like(hidden=True), now=NOW)]))
    assert text.count("  keeps to SCS-0102 and SCS-0104\n") == 2
    assert "(public, hidden, image an-id" in text
    assert text.endswith("Conforming: 2 images. Nothing must be corrected, 0 should be.\n")


def test_nothing_to_judge_is_told() -> None:
    assert plain(conformity_text([])).startswith("There is no image to judge")


def test_programs_get_the_same() -> None:
    data = conformity_json([WRONG, RIGHT])
    assert data["conforms"] is False
    assert conformity_json([RIGHT])["conforms"] is True
    images = data["images"]
    assert isinstance(images, list)
    assert [image["conforms"] for image in images] == [False, True]
    assert set(images[0]["shortfalls"][0]) == {
        "standard", "level", "subject", "rule", "found", "remedy",
    }  # fmt: skip
    assert images[0]["shortfalls"][0]["level"] == "must"
