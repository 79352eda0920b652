"""Properties for people and for standards, which Nova does not read: SCS-0102."""

from collections.abc import Mapping

from builder.nova.kind import (
    BUILD_DATE,
    DATE,
    NUMBER,
    TEXT,
    TRUE_OR_FALSE,
    WORD,
    choice,
    date_or,
    matching,
)
from builder.nova.vocabulary.property import Property

STANDARD: Mapping[str, Property] = {
    "hotfix_hours": Property(NUMBER, "How soon after a critical bug a new image comes."),
    "image_build_date": Property(BUILD_DATE, "When the image was built, in UTC."),
    "image_description": Property(TEXT, "What the image is."),
    "image_original_user": Property(TEXT, "The user whom cloud-init makes."),
    "image_source": Property(
        matching(r"private|https?://\S+", "an address, or private"), "Where the image is from."
    ),
    "l1_support_contact": Property(TEXT, "Who helps first."),
    "license_included": Property(TRUE_OR_FALSE, "Whether the price has the licence in it."),
    "license_required": Property(TRUE_OR_FALSE, "Whether a licence is needed."),
    "maintained_until": Property(DATE, "How long the distribution is maintained."),
    "os_purpose": Property(
        choice("generic", "oldgeneric", "minimal", "k8snode", "gpu", "network", "custom"),
        "What the image is for; of `generic` ones of a distribution users find one.",
    ),
    "os_version": Property(WORD, "The version of the distribution."),
    "patchlevel": Property(TEXT, "Up to what the image is patched."),
    "provided_until": Property(
        date_or(r"none|notice", "none, notice or a date YYYY-MM-DD"),
        "How long the image is renewed.",
    ),
    "replace_frequency": Property(
        choice("yearly", "quarterly", "monthly", "weekly", "daily", "critical_bug", "never"),
        "How often a new image takes its place.",
    ),
    "subscription_included": Property(TRUE_OR_FALSE, "Whether the price has a subscription in it."),
    "subscription_required": Property(TRUE_OR_FALSE, "Whether a subscription is needed."),
    "uuid_validity": Property(
        date_or(
            r"none|notice|forever|last-[1-9][0-9]*",
            "none, last-N, notice, forever or a date YYYY-MM-DD",
        ),
        "How long a replaced image stays reachable by its id.",
    ),
}
