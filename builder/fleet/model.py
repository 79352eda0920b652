"""The file ``images.yaml``: which images there are, and the way that each goes.

Its rules are those of a profile: everything that is wrong is told at once, at its place, and a key
without a value means its default.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

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

from builder.plan.model import Plan
from builder.profile.model import DistributionName, Profile
from builder.words import enumeration, shown


def _cloud(name: str) -> str:
    if not name.strip() or not name.isprintable() or name.startswith("-"):
        raise PydanticCustomError(
            "form", "{reason}", {"reason": "cannot be the name of a cloud of clouds.yaml"}
        )
    return name


CloudName = Annotated[
    str, AfterValidator(_cloud), WithJsonSchema({"type": "string", "pattern": "^[^-]"})
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Document(_Model):
    """Images, and the ways and clouds that they name."""

    clouds: dict[str, Any] = Field(  # Any: each is validated as a Cloud
        default_factory=dict,
        description="How servers are made in clouds of clouds.yaml; one that needs nothing of it"
        " need not stand here.",
    )
    ways: dict[str, Any] = Field(  # Any: each is validated as a Way
        default_factory=dict, description="The ways of images, by names of your own."
    )
    images: dict[str, Any] = Field(  # Any: each is validated as an Entry
        description="The images, by their names: those that their builds have."
    )

    @field_validator("images")
    @classmethod
    def at_least_one(cls, images: dict[str, Any]) -> dict[str, Any]:
        """A fleet without images has nothing to do, which nobody wants to say."""
        if not images:
            raise ValueError("there is no image.\nName one, such as a shipped profile: 'base:'.")
        return images


class Cloud(_Model):
    """The servers that prove images in a cloud."""

    flavor: str | None = Field(
        default=None, description="Their flavor; by default one that fits the image."
    )
    network: str | None = Field(
        default=None,
        description="Their network, or 'none'; by default the only one that there is, or none.",
    )


class Way(_Model):
    """Where an image goes when it is built and proven."""

    staging: CloudName | None = Field(
        default=None,
        description="The cloud where it is published first, and proven by a server of it.",
    )
    production: tuple[CloudName, ...] = Field(
        default=(),
        description="The clouds where it is published then: from staging, or without one from"
        " its build.",
    )

    @field_validator("production")
    @classmethod
    def each_once(cls, production: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """Each cloud of a way has one part in it."""
        named = [info.data.get("staging"), *production]
        if twice := [cloud for cloud in dict.fromkeys(production) if named.count(cloud) > 1]:
            verb = "stand" if len(twice) > 1 else "stands"
            raise ValueError(
                f"{enumeration(map(shown, twice), 'and')} {verb} twice in this way.\n"
                "Name each cloud once, as staging or in production."
            )
        return production


class Variants(_Model):
    """An image for each combination of these; what is empty varies nothing."""

    distribution: tuple[DistributionName, ...] = Field(
        default=(), description="In place of the profile's own distribution."
    )
    features: dict[str, Any] = Field(  # Any: the checker of profiles judges each
        default_factory=dict,
        description="Features, each set by a name of your own, that are laid over the profile's.",
    )
    format: tuple[Literal["qcow2", "raw"], ...] = Field(
        default=(), description="In place of the format of the profile's disk."
    )


class Entry(_Model):
    """An image, or one for each of its variants."""

    profile: str | None = Field(
        default=None,
        description="A shipped profile's name, or a path relative to this file; by default the"
        " shipped profile of the image's name.",
    )
    variants: Variants = Variants()
    way: str | None = Field(
        default=None, description="Its way; without one it is built and proven here alone."
    )


@dataclass(frozen=True)
class Image:
    """One image of the matrix."""

    profile: Profile
    plan: Plan
    way: Way

    @property
    def name(self) -> str:
        """The name that its builds have."""
        return self.plan.profile


@dataclass(frozen=True)
class Fleet:
    """What a valid ``images.yaml`` says."""

    images: tuple[Image, ...]
    """In the file's order; variants in that of their axes."""
    clouds: Mapping[str, Cloud]
    """Those that the file says something of."""
