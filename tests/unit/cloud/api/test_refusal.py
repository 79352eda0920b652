"""What a service of OpenStack says where it refuses something, and what helps."""

from typing import Any

import pytest

from builder.cloud.api.refusal import remedy, words_of


@pytest.mark.parametrize(
    ("status", "words", "helps"),
    [
        (401, "", "credentials"),
        (403, "Policy does not allow it", "administrator's"),
        (403, "Quota exceeded for cores: Requested 1, but already used 0 of 0", "Free quota"),
        (404, "", "again"),
        (406, "", "older"),
        (409, "", "again"),
        (503, "", "busy"),
        (500, "Unexpected API Error", "log of that service"),
        (504, "", "log of that service"),
        (400, "Invalid input", "words above"),
        (413, "", "words above"),
    ],
)
def test_a_status_has_its_remedy(status: int, words: str, helps: str) -> None:
    assert helps in remedy(status, words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"forbidden": {"code": 403, "message": "Policy\ndoes not"}}, "Policy does not"),
        ({"errors": [{"status": 400, "detail": "No such trait(s)"}]}, "No such trait(s)"),
        ({"NeutronError": {"type": "x", "message": "Not here", "detail": ""}}, "Not here"),
        ({"forbidden": "no"}, "no reason was given"),
        ({}, "no reason was given"),
        (None, "no reason was given"),
        ("<html>Bad Gateway</html>", "'<html>Bad Gateway</html>'"),
        ([7], "a list"),
    ],
)
def test_the_reason_is_found_in_whatever_form_it_comes(answer: Any, words: str) -> None:
    assert words_of(answer) == words
