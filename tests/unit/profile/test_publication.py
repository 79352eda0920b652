"""What a profile may say of its publication, and what is said where it is wrong."""

from pathlib import Path

import pytest
from profile_files import loaded, problems, write

from builder.errors import InputError
from builder.features.registry import shipped
from builder.profile.load import load
from builder.profile.publication import Publication


def section(tmp_path: Path, text: str) -> Publication:
    lines = "".join(f"  {line}\n" for line in text.splitlines())
    return loaded(tmp_path, f"extends: base\npublish:\n{lines}").publish


def test_a_profile_needs_no_section() -> None:
    publish = load("base", shipped()).publish
    assert (publish.name, publish.visibility, publish.keep_last) == ("{profile}", "private", None)


def test_a_section_is_laid_over_that_of_the_extended_profile(tmp_path: Path) -> None:
    parent = "extends: base\npublish: {visibility: public, keep_last: 2, tags: [a]}\n"
    write(tmp_path, parent, "parent.yaml")
    child = "extends: ./parent.yaml\npublish: {keep_last: 5, tags: [b]}\n"
    publish = loaded(tmp_path, child).publish
    assert (publish.visibility, publish.keep_last, publish.tags) == ("public", 5, ("a", "b"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("visibility: shred", "Did you mean 'shared'?"),
        ("members: [abc]", "Glance knows members of shared images only."),
        ("name: 'x {profil}'", "Did you mean 'profile'?"),
        ("name: 'x {profile'", "a brace without its other half"),
        ("name: '{profile!r}'", "has the field 'profile'"),
        ("name: ''", "is not a line of printable text"),
        (f"name: {'x' * 300}", "is longer than 255 characters"),
        ("name: '\U0001f600'", "has characters that Glance refuses"),
        ("image_description: '\U0001f600'", "has characters that Glance refuses"),
        ("keep_last: -1", "keep_last"),
        ("provided_until: 2026-13-01", "is none of none, notice, YYYY-MM-DD"),
        ("uuid_validity: last-0", "is none of none, last-N, notice, forever, YYYY-MM-DD"),
        ("maintained_until: soon", "is not a date: write YYYY-MM-DD"),
        ("image_source: ftp://x", "write an http:// or https:// address, or private"),
        ("license_included: true\nlicense_required: true", "the licences are included already"),
        ("keep_last: 2\nuuid_validity: last-3", "is more than 'keep_last' and 'keep_days' keep"),
        ("keep_days: 2\nuuid_validity: forever", "is more than 'keep_last' and 'keep_days' keep"),
        ("replace_frequency: dayly", "Did you mean 'daily'?"),
        ("os_purpose: costum", "Did you mean 'custom'?"),
        ("os_purpose: oldgeneric", "is not one of generic, minimal, k8snode, gpu, network or"),
        ("os_purpose: generic", "a generic image of debian-12 is the vendor's (SCS-0104)"),
        ("os_purpose: generic\nimage_source: https://x.example", "images/cloud/bookworm/…"),
        ("tagz: [a]", "Did you mean 'tags'?"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        section(tmp_path, text)
    assert message in str(error.value)
    assert "mine.yaml:" in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "keep_last: 3\nuuid_validity: last-3",
        "uuid_validity: forever",
        "provided_until: 2030-01-01",
        "visibility: shared\nmembers: [abc]",
        "license_included: false\nlicense_required: true",
    ],
)
def test_what_fits_together_is_taken(text: str, tmp_path: Path) -> None:
    assert section(tmp_path, text)


VENDORS = "https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-generic-amd64.qcow2"


@pytest.mark.parametrize(
    ("distribution", "source"), [("debian-12", VENDORS), ("rocky-9", "private")]
)
def test_an_image_may_be_called_generic_where_the_standard_lets_it(
    distribution: str, source: str, tmp_path: Path
) -> None:
    publish = f"publish: {{os_purpose: generic, image_source: '{source}'}}"
    profile = loaded(tmp_path, f"distribution: {distribution}\n{publish}\n")
    assert profile.publish.os_purpose == "generic"


def test_an_image_that_is_built_here_is_no_generic_one_unless_it_is_said() -> None:
    assert Publication().os_purpose == "custom"


def test_a_purpose_is_not_judged_by_a_distribution_that_is_wrong(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "distribution: debian-99\npublish: {os_purpose: generic}\n")
    assert "'debian-99' is not one of" in problem


def test_a_date_has_one_form(tmp_path: Path) -> None:
    publish = section(tmp_path, "maintained_until: '20270630'\nprovided_until: '20270630'")
    assert (publish.maintained_until, publish.provided_until) == ("2027-06-30", "2027-06-30")
