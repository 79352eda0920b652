"""What helps against a refusal, by the words that Glance, its clients and its libraries say."""

import re
from collections.abc import Callable

from builder.publish.cloud import remedies
from builder.publish.cloud.remedies import AGAIN, remedy

SAID = (
    (400, "'qcow2' is not one of [None, 'raw'] Failed validating 'enum' in schema: disk_format"),
    (413, "The limit has been exceeded on the number of allowed image properties."),
    (413, "The limit has been exceeded on the number of allowed image tags."),
    (413, "The limit has been exceeded on the number of allowed image members."),
    (413, "The given image size of 9 bytes is larger than the maximum of 8: image_size_cap"),
    (403, "Property 'hw_disk_bus' is protected"),
    (403, "You are not authorized to complete publicize_image action."),
    (400, "'os_distro' is a required property"),
    (0, "Could not find a suitable TLS CA certificate bundle, invalid path: /missing.pem"),
    (0, "certificate verify failed: unable to get local issuer certificate (_ssl.c:992)"),
    (0, "Invalid URL 'cloud.example/v3': No scheme supplied. Perhaps you meant https://?"),
    (401, "The request you have made requires authentication."),
    (403, "You are not authorized to complete this action."),
    (409, "Image status transition from active to saving is not allowed"),
    (413, "The incoming image is too large: The provided image is too large."),
    (
        413,
        "Image exceeds the storage quota: The size of the data 9 will exceed the limit.",
    ),
    (413, "Resource image_size_total is over limit of 9 due to current usage 8 and delta 2"),
    (413, "Image storage media is full: There is not enough disk space on the image storage media"),
    (413, "Request Entity Too Large"),
    (0, "certificate verify failed: certificate has expired (_ssl.c:992)"),
    (0, "certificate verify failed: Hostname mismatch, certificate is not valid for 'a.example'."),
    (0, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:992)"),
    (0, "Tunnel connection failed: 407 Proxy Authentication Required"),
    (407, "Proxy Authentication Required"),
    (408, "Request Timeout"),
    (429, "Too Many Requests"),
    (415, "Unsupported Media Type"),
    (500, "The server has either erred or is incapable of performing the requested operation."),
    (503, "There is not enough disk space on the image storage media."),
    (404, "No image found with ID 8d2f0d3e"),
    (502, "Bad Gateway"),
)


def test_each_refusal_is_answered_with_what_helps(golden: Callable[[str, str], None]) -> None:
    answers = [f"HTTP {status}: {words}\n    {remedy(status, words)}\n" for status, words in SAID]
    golden("\n".join(answers), "remedies/clouds.txt")


def test_every_remedy_has_words_that_ask_for_it() -> None:
    told = {remedy(status, words) for status, words in SAID}
    by_words = {hint for _, hint in remedies._BY_WORDS}  # noqa: SLF001 - none may be forgotten
    by_status = set(remedies._BY_STATUS.values())  # noqa: SLF001
    assert told >= by_words | by_status | {AGAIN}


def test_a_repetition_is_advised_only_where_it_can_help() -> None:
    advised = {
        status for status, words in SAID if re.search(r"same command", remedy(status, words))
    }
    assert advised == {
        401,  # once the credentials are right
        408,  # a busy cloud
        409,  # once it is clear who else was at work
        413,  # once there is quota
        429,  # a busy cloud
        502,  # what is between may be up again
        503,  # a busy cloud, or a full store
    }
