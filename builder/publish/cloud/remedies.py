"""What helps against a refusal of a cloud, by its status and its own words. Pure.

Sources of the words: Glance 33's ``common/exception.py``, ``api/v2/images.py``, ``api/v2/
image_data.py``, ``quota/__init__.py``; messages of jsonschema, requests and OpenSSL. "Run the same
command again" stands only where a repetition can help.
"""

import re

UNAUTHORIZED, FORBIDDEN, CONFLICT, TOO_LARGE, UNSUPPORTED = 401, 403, 409, 413, 415
PROXY, TOO_LATE, TOO_MANY = 407, 408, 429
INTERNAL, UNAVAILABLE = 500, 503

AGAIN = "Nothing visible was changed by this step. Run the same command again."
ADDRESS = "Check the network and the cloud's addresses in clouds.yaml."

_FORMAT = (
    "The cloud does not take this format of disk: publish another one (--as raw, often), set"
    " disk.format in the profile, or ask its operators ([image_format] disk_formats of Glance)."
)
_QUOTA = "Free quota of images in this project, or have it raised; then run the same command again."
_BUSY = "The cloud is busy, or its store is full. Run the same command again later."
_PROXY = (
    "The proxy between here and the cloud wants a login: give it in HTTPS_PROXY, or name the "
    "cloud's host in NO_PROXY."
)
_BY_WORDS = (
    (
        r"disk_format|not one of \[.*qcow2|[Dd]isk format",
        _FORMAT,
    ),
    (
        r"number of allowed image properties",
        (
            "The cloud takes fewer properties of one image: leave some of publish.properties "
            "away, or ask its operators for more (image_property_quota of Glance)."
        ),
    ),
    (
        r"number of allowed image tags",
        (
            "The cloud takes fewer tags of one image: leave some of publish.tags away, or ask its "
            "operators for more (image_tag_quota of Glance)."
        ),
    ),
    (
        r"number of allowed image members",
        (
            "The cloud shares one image with fewer projects: shorten publish.members, or ask its "
            "operators for more (image_member_quota of Glance)."
        ),
    ),
    (r"storage quota", _QUOTA),
    (r"storage media", _BUSY),
    (
        r"size.{0,40}(exceed|larger|maximum)|larger than|image is too large|image_size_cap",
        (
            "The cloud takes no image of this size, however much room there is: make a smaller "
            "one (fewer packages, qcow2 instead of raw), or ask its operators (image_size_cap of "
            "Glance)."
        ),
    ),
    (
        r"[Pp]roperty '?[\w:.-]+'? is protected|is (reserved|read-only)",
        (
            "Only some may set this property in this cloud: leave it out of publish.properties, "
            "or ask its operators for the role (property protections of Glance)."
        ),
    ),
    (
        r"publicize_image|communitize_image|[Vv]isibility",
        (
            "To make an image public is often the administrators' alone: say another visibility "
            "in the profile's section 'publish', or ask the cloud's operators for the right."
        ),
    ),
    (
        r"is a required property",
        "The cloud's operators demand this property: add it to publish.properties.",
    ),
    (
        r"CA certificate|invalid path|cacert",
        "'cacert' in clouds.yaml names a file that is not there: correct the path.",
    ),
    (
        r"certificate (?:has expired|is not yet valid)",
        (
            "Its certificate is of another time: see that this host's clock is right ('date'); if "
            "it is, the cloud's operators renew it."
        ),
    ),
    (
        r"[Hh]ostname mismatch|hostname '.*' doesn't match|certificate is not valid for",
        "Its certificate is for another name: correct the host in clouds.yaml's addresses.",
    ),
    (
        r"certificate verify failed|CERTIFICATE_VERIFY_FAILED",
        ("Its certificate is not known here: name the authority's file in clouds.yaml ('cacert')."),
    ),
    (
        r"WRONG_VERSION_NUMBER|wrong version number|record layer failure",
        "It speaks no TLS there: an address in clouds.yaml begins with https://, and it is http://.",
    ),
    (r"407 Proxy Authentication Required", _PROXY),
    (
        r"No scheme supplied|Invalid URL|No connection adapters",
        "An address in clouds.yaml is not whole: it begins with https:// or http://.",
    ),
)
_BY_STATUS = {
    UNAUTHORIZED: "Check the credentials in clouds.yaml or OS_*; then run the same command again.",
    FORBIDDEN: "Ask the cloud's operators for the right to do this, or use another project.",
    CONFLICT: "See what is there with guest-image list; then run the same command again.",
    PROXY: _PROXY,
    TOO_LATE: _BUSY,
    TOO_LARGE: _QUOTA,
    UNSUPPORTED: _FORMAT,
    INTERNAL: "The cloud's operators find the cause in Glance's log.",
    TOO_MANY: _BUSY,
    UNAVAILABLE: _BUSY,
}
_CLIENTS_FAULT = range(400, 500)


def remedy(status: int, words: str) -> str:
    """What to do next. ``status`` is HTTP's, 0 without one; ``words`` are the cloud's own."""
    for pattern, hint in _BY_WORDS:
        if re.search(pattern, words[:10_000]):
            return hint
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status in _CLIENTS_FAULT:
        return "The cloud understood, and refused: its words above say what must be changed."
    return AGAIN
