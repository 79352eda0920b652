from datetime import UTC, datetime
from pathlib import Path

import pytest

from builder.archive.kept_answer import KeptAnswer, keep_answer, read_answer
from builder.archive.update import Step, Update

WHEN = datetime(2026, 3, 1, 2, 3, 4, tzinfo=UTC)
UPDATES = (
    Update(Step("install", "openssl", "1", "2", "amd64", is_security=True), WHEN, dated=True),
    Update(Step("remove", "zstd", "1", "", "amd64")),
)


def test_an_answer_comes_back_as_it_was(tmp_path: Path) -> None:
    keep_answer(tmp_path / "answer.json", "key", UPDATES)
    assert read_answer(tmp_path / "answer.json") == KeptAnswer("key", UPDATES)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": "key", "updates": [{"step": {}}]}'])
def test_what_cannot_be_read_is_no_answer(tmp_path: Path, text: str) -> None:
    path = tmp_path / "answer.json"
    assert read_answer(path) == KeptAnswer()
    path.write_text(text)
    assert read_answer(path) == KeptAnswer()
