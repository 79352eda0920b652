"""What a build tells of its publication."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cloud_images import image, wanted_like
from samples import manifest

from builder.manifest import read, write
from builder.publication import Publication
from builder.publish.build import Ready, record
from builder.publish.draft import Origin
from builder.publish.refusal import Admission


def test_manifest_and_report_tell_where_the_image_is_published(tmp_path: Path) -> None:
    write(tmp_path, manifest())
    published = image("8d2f0d3e")
    ready = Ready(
        tmp_path,
        Admission(claims=(), on_inspection=(), dropped=()),
        Publication(),
        wanted_like(published),
        Origin(lambda: iter(())),
    )
    glance: Any = SimpleNamespace(cloud="prod", endpoint="https://glance.example")
    record(ready, glance, published)
    assert [one.image for one in read(tmp_path).published] == ["8d2f0d3e"]
    assert "8d2f0d3e" in (tmp_path / "report.html").read_text()
