"""The examples of a section ``publish`` keep to the standards that the docs speak of."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from profile_files import loaded
from samples import manifest, plan

from builder.profile.publication import Publication
from builder.publish.conformity import judge_build
from builder.scs.judge import Judged
from builder.scs.shortfall import Level
from builder.store.manifest import write

DOCS = Path(__file__).parents[3] / "docs"


def example(page: str, directory: Path) -> Publication:
    (text,) = re.findall(
        r"^```yaml\n(.*?)^```", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE
    )
    return loaded(directory, text).publish


def judged(directory: Path, publish: Publication) -> Judged:
    write(directory, manifest(plan("pinned-scsi"), created=datetime.now(UTC)))
    return judge_build(directory, publish)


def wrong(result: Judged) -> list[str]:
    return [shortfall.subject for shortfall in result.shortfalls if shortfall.level is Level.MUST]


@pytest.mark.parametrize("page", ["publish.md", "scs.md"])
def test_an_example_of_publishing_keeps_to_what_must_be(page: str, tmp_path: Path) -> None:
    publish = example(page, tmp_path)
    assert publish.visibility == "public"
    assert wrong(judged(tmp_path, publish)) == []


def test_an_example_under_the_vendors_name_would_not(tmp_path: Path) -> None:
    publish = example("publish.md", tmp_path)
    renamed = publish.model_copy(update={"name": "Debian {os_version}"})
    assert wrong(judged(tmp_path, renamed)) == ["name"]
