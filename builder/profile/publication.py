"""What a profile says of its publication: name, readers, retention, and promises to users.

The words of the promises are those of the SCS standard 0102 (image metadata), version 2.
"""

import re
import string
from datetime import date
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from builder.words import did_you_mean, enumeration, shown

NAME_FIELDS = ("profile", "distribution", "os_distro", "os_version", "architecture")
"""What may stand in braces in the public name."""

_LAST = re.compile(r"last-([1-9][0-9]*)")
_TEXT_LIMIT = 255
"""Glance's limit of a name and of a tag."""

_LAST_CHARACTER = "\uffff"
"""Glance refuses what is 4 bytes in UTF-8."""


def _wrong(reason: str) -> PydanticCustomError:
    return PydanticCustomError("form", "{reason}", {"reason": reason})


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise _wrong("is not a line of printable text")
    if max(text) > _LAST_CHARACTER:
        raise _wrong("has characters that Glance refuses, beyond U+FFFF, as emoji are")
    if len(text) > _TEXT_LIMIT:
        raise _wrong(f"is longer than {_TEXT_LIMIT} characters")
    return text


def _template(text: str) -> str:
    _line(text)
    try:
        fields = [(name, form or conversion) for _, name, form, conversion in
                  string.Formatter().parse(text) if name is not None]  # fmt: skip
    except ValueError as error:
        raise _wrong("has a brace without its other half; a brace itself is written twice") from (
            error
        )
    for name, extra in fields:
        if name not in NAME_FIELDS or extra:
            accepted = enumeration(f"{{{name}}}" for name in NAME_FIELDS)
            question = did_you_mean(name, NAME_FIELDS)
            raise _wrong(f"has the field {shown(name)}; it may have {accepted}. {question}".strip())
    return text


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise _wrong("is not a date: write YYYY-MM-DD") from error


def _until(text: str) -> str:
    return text if text in ("none", "notice") else _day_or(text, "none, notice")


def _validity(text: str) -> str:
    if text in ("none", "notice", "forever") or _LAST.fullmatch(text):
        return text
    return _day_or(text, "none, last-N, notice, forever")


def _day_or(text: str, words: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise _wrong(f"is none of {words}, YYYY-MM-DD") from error


def _address(text: str) -> str:
    if text != "private" and not re.fullmatch(r"https?://\S+", text):
        raise _wrong("is not a source: write an http:// or https:// address, or private")
    return text


_TEXT = WithJsonSchema({"type": "string"})
Line = Annotated[str, AfterValidator(_line), _TEXT]
Day = Annotated[str, AfterValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


class Publication(BaseModel):
    """How images of a profile are published, and what their users are promised."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, AfterValidator(_template), _TEXT] = Field(
        default="{profile}",
        description="The public name; it may have {profile}, {distribution}, {os_distro},"
        " {os_version} and {architecture}.",
    )
    visibility: Literal["private", "shared", "community", "public"] = Field(
        default="private", description="Who sees the image, in Glance's words."
    )
    members: tuple[Line, ...] = Field(
        default=(), description="Ids of the projects that a shared image is shared with."
    )
    protected: bool = Field(
        default=False, description="Whether Glance refuses to delete the current image."
    )
    tags: tuple[Line, ...] = Field(
        default=(), description="Tags of the image, besides those that say what it is."
    )
    keep_last: int | None = Field(
        default=None,
        ge=0,
        description="How many replaced images stay; by default all of them.",
    )
    keep_days: int | None = Field(
        default=None, ge=0, description="How many days a replaced image stays at least."
    )
    min_ram_mib: int | None = Field(
        default=None,
        ge=1,
        description="The least memory of a flavor; by default the least that a proof booted with.",
    )
    hypervisor_type: Literal["qemu", "kvm"] = Field(
        default="qemu", description="Nova's word; a host with KVM runs both."
    )
    os_purpose: Literal["generic", "minimal", "k8snode", "gpu", "network", "custom"] = Field(
        default="custom",
        description="What the image is for. generic is what the distribution's vendor offers; when"
        " it is replaced, it becomes oldgeneric.",
    )
    image_description: Line | None = Field(
        default=None,
        description="Text about the image, or the address of it; by default the profile's"
        " description.",
    )
    image_source: Annotated[str, AfterValidator(_address), _TEXT] = Field(
        default="private", description="Where the image can be downloaded; private: nowhere."
    )
    image_original_user: Line | None = Field(
        default=None, description="Who logs in; by default the distribution's default user."
    )
    replace_frequency: Literal[
        "yearly", "quarterly", "monthly", "weekly", "daily", "critical_bug", "never"
    ] = Field(
        default="critical_bug", description="How often, at least, a newer image takes the name."
    )
    hotfix_hours: int | None = Field(
        default=None,
        ge=0,
        description="Hours within which a critical hole is closed; 0 promises to try.",
    )
    provided_until: Annotated[str, AfterValidator(_until), _TEXT] = Field(
        default="none",
        description="Until when there is an image of this name: a date, none (no promise), notice.",
    )
    uuid_validity: Annotated[str, AfterValidator(_validity), _TEXT] = Field(
        default="none",
        description="How long an image can be had by its id: none, last-N, a date, notice,"
        " forever.",
    )
    patchlevel: Line | None = Field(
        default=None, description="The patch level, where the build's date does not say it."
    )
    maintained_until: Day | None = Field(
        default=None, description="Until when the distribution maintains it."
    )
    l1_support_contact: Line | None = Field(
        default=None, description="Where users of the image find support, as an address."
    )
    license_included: bool | None = Field(
        default=None, description="Whether the flavor's price includes the licences."
    )
    license_required: bool | None = Field(
        default=None, description="Whether a user needs licences of their own."
    )
    subscription_included: bool | None = Field(
        default=None, description="Whether a subscription of updates is included."
    )
    subscription_required: bool | None = Field(
        default=None, description="Whether a user needs a subscription of updates."
    )

    @field_validator("members")
    @classmethod
    def only_shared(cls, members: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """Glance has members of shared images only."""
        if members and info.data.get("visibility") != "shared":
            raise ValueError(
                "Glance knows members of shared images only.\n"
                "Write 'visibility: shared', or remove 'members'."
            )
        return members

    @field_validator("license_required")
    @classmethod
    def one_licence(cls, required: bool | None, info: ValidationInfo) -> bool | None:  # noqa: FBT001 - a validator's form
        """A licence is included or to be brought."""
        if required and info.data.get("license_included"):
            raise ValueError("the licences are included already.\nKeep one of the two.")
        return required

    @field_validator("uuid_validity")
    @classmethod
    def kept_as_promised(cls, validity: str, info: ValidationInfo) -> str:
        """Retention must not break the promise."""
        last, days = info.data.get("keep_last"), info.data.get("keep_days")
        if last is None and days is None:
            return validity
        promise = _LAST.fullmatch(validity)
        if validity in ("forever", "notice") or (promise and (last or 0) < int(promise[1])):
            raise ValueError(
                f"'{validity}' is more than 'keep_last' and 'keep_days' keep.\n"
                "Promise less, or keep more images."
            )
        return validity
