"""A child that does not keep to what it was asked for."""

import threading

import pytest

from builder.host import confined


def test_a_child_that_says_too_much_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "MESSAGE_LIMIT", 1 << 20)
    with pytest.raises(confined.ChildEnded, match="it said too much"):
        confined.run_confined(
            lambda send, _: send("x" * (2 << 20)),
            lambda _: None,
            limit=30,
            cancelled=threading.Event(),
        )
