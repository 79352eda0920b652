import io
from datetime import timedelta
from pathlib import Path

import pytest

from builder.due.due import EvidencePolicy, judge
from builder.due.judgement import Judgement
from builder.errors import HostError
from builder.publish.candidate.admission import Waivers
from builder.terminal.progress import Progress


def judged(dist: Path) -> Judgement:
    return judge(
        "base", dist, (), EvidencePolicy(Waivers(), timedelta(days=30)), Progress(io.StringIO())
    )


def test_what_was_never_built_is_due(tmp_path: Path) -> None:
    judgement = judged(tmp_path)
    assert (judgement.due, judgement.build) == (True, "")
    assert [reason.old for reason in judgement.reasons] == ["never built"]
    (tmp_path / "base").write_text("a file")
    assert judged(tmp_path) == judgement


def test_a_manifest_that_no_version_can_read_is_due(tmp_path: Path) -> None:
    latest = tmp_path / "base/latest"
    latest.mkdir(parents=True)
    (latest / "manifest.json").write_text("{}")
    judgement = judged(tmp_path)
    assert (judgement.due, judgement.build) == (True, "latest")
    assert "not a manifest that this version can read" in judgement.reasons[0].note


def test_builds_that_nobody_may_look_at_leave_it_unknown(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base/latest").symlink_to("latest")
    with pytest.raises(HostError, match="Whether base was ever built is unknown"):
        judged(tmp_path)
