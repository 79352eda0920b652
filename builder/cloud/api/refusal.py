"""What a service of OpenStack says where it refuses something, and what helps. Pure."""

from typing import Any

from builder.publish.cloud.remedies import CONFLICT, FORBIDDEN, INTERNAL, UNAUTHORIZED, UNAVAILABLE
from builder.words import one_line, shown

NOT_FOUND, NOT_ACCEPTABLE = 404, 406
TOO_LARGE = 413
"""Cinder's answer where a quota is used up."""
WORDS_LIMIT = 500
"""Characters of a service's words that are shown."""

_REMEDIES = {
    UNAUTHORIZED: "Check the credentials in clouds.yaml or OS_*.",
    FORBIDDEN: "Ask the cloud's operators for the right to do this, or use an administrator's"
    " credentials.",
    NOT_FOUND: "It has gone meanwhile, or the address in clouds.yaml is not that service's: run the"
    " same command again.",
    NOT_ACCEPTABLE: "The cloud's service is older than what this needs: ask its operators.",
    CONFLICT: "Somebody else has changed it, or uses it: run the same command again.",
    UNAVAILABLE: "The cloud is busy. Run the same command again later.",
}
_NO_WORDS = "no reason was given"
_BROKEN = "The cloud's operators find the cause in the log of that service."
_OTHERWISE = "The cloud's words above say what must be changed; its operators know more."


def remedy(status: int, words: str) -> str:
    """What helps. ``words`` are the service's own."""
    if "quota" in words.lower():
        return "Free quota of servers, vCPUs, memory or volumes in this project, or have it raised."
    return _REMEDIES.get(status, _BROKEN if status >= INTERNAL else _OTHERWISE)


def content_of(response: Any) -> Any:  # Any: requests' answer, and JSON
    """What an answer says; of one that is no JSON, such as a proxy's page of HTML, its words."""
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError:
        return response.content[:WORDS_LIMIT].decode(errors="replace")


def words_of(answer: Any) -> str:
    """The reason in a refusal: Nova's ``{"badRequest": {"message": …}}``, Placement's errors."""
    match answer:
        case {"errors": [{"detail": str(text)}, *_]}:
            return one_line(text)[:WORDS_LIMIT]
        case dict():
            parts = [part for part in answer.values() if isinstance(part, dict)]
            texts = [part["message"] for part in parts if isinstance(part.get("message"), str)]
            return one_line(texts[0])[:WORDS_LIMIT] if texts else _NO_WORDS
        case None:
            return _NO_WORDS
        case _:
            return shown(answer)
