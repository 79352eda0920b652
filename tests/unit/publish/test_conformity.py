"""A build judged by the standards of SCS, and a generic image that would be a second one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cloud_images import NAME, day, image, wanted_like
from samples import complete, manifest, plan

from builder.errors import CloudError, InputError
from builder.profile.publication import Publication
from builder.publish.cloud.image import CloudImage, Wanted
from builder.publish.cloud.survey import Survey
from builder.publish.conformity import judge_build, refuse_second_generic
from builder.scs.judge import Judged
from builder.scs.shortfall import Level
from builder.store.manifest import write

WHAT = {
    "os_purpose": "generic",
    "os_distro": "debian",
    "os_version": "12",
    "architecture": "x86_64",
}


def judged(directory: Path, profile: str = "pinned-scsi", **settings: Any) -> Judged:
    of = plan(profile)
    write(directory, manifest(of, evidence=complete(of)))
    return judge_build(directory, Publication(**settings) if settings else None)


def musts(result: Judged) -> set[str]:
    return {shortfall.subject for shortfall in result.shortfalls if shortfall.level is Level.MUST}


def test_a_build_is_judged_as_it_would_be_published(tmp_path: Path) -> None:
    result = judged(tmp_path, replace_frequency="never")
    assert (result.image.name, result.image.build) == (NAME, "20260102T030405Z-3f9c2a")
    assert (result.image.id, result.image.visibility) == ("", "private")
    assert musts(result) == set()
    assert result.conforms


def test_a_build_without_proof_is_judged_with_its_claims(tmp_path: Path) -> None:
    write(tmp_path, manifest(plan("pinned-scsi")))
    assert judge_build(tmp_path).image.properties["hw_disk_bus"] == "scsi"


@pytest.mark.parametrize(
    ("profile", "settings", "subjects"),
    [
        ("base", {"replace_frequency": "never"}, {"hw_disk_bus"}),
        ("pinned-scsi", {"replace_frequency": "daily"}, {"replace_frequency"}),
        ("pinned-scsi", {"os_purpose": "generic"}, {"image_source"}),
        ("pinned-scsi", {"name": "Debian 12", "visibility": "public"}, {"name"}),
        ("pinned-scsi", {"l1_support_contact": "call us"}, {"l1_support_contact"}),
    ],
)
def test_a_build_that_falls_short_is_told_so(
    profile: str, settings: dict[str, Any], subjects: set[str], tmp_path: Path
) -> None:
    result = judged(tmp_path, profile, **settings)
    assert musts(result) == subjects
    assert not result.conforms


def test_what_is_no_build_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        judge_build(tmp_path)


# ---- a second generic image

NEW = image("new", 2, properties=WHAT)


def refuse(*generics: CloudImage, having: tuple[CloudImage, ...] = (), **fields: Any) -> None:
    wanted: Wanted = wanted_like(NEW, **fields)
    refuse_second_generic("prod", Survey(having, day(3)), generics, wanted)


OTHER = image("other", 1, name="Debian 12", owner="them", properties=WHAT)


def test_a_second_generic_image_is_refused_with_the_first() -> None:
    with pytest.raises(CloudError, match="it has a generic image") as error:
        refuse(OTHER)
    assert "other is called 'Debian 12'." in error.value.details
    assert "os_purpose=oldgeneric" in error.value.hint


@pytest.mark.parametrize(
    "fields",
    [
        {"visibility": "private"},
        {"properties": {**WHAT, "os_purpose": "custom"}},
        {"properties": {**WHAT, "os_version": "13"}},
    ],
)
def test_one_that_users_do_not_find_as_the_same_is_none(fields: dict[str, Any]) -> None:
    refuse(OTHER, **fields)


def test_what_the_publication_replaces_or_is_itself_is_none() -> None:
    replaced = replace(OTHER, id="old", name=NAME)
    refuse(replaced, having=(replaced,))
    refuse(NEW, having=(NEW,))
    refuse(replace(OTHER, hidden=True))
    with pytest.raises(CloudError):
        refuse(replaced)  # of another project, which keeps it
