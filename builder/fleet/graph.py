"""The steps of a fleet's images and what each waits for. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from builder.fleet.model import Image


class Kind(StrEnum):
    """What a step does, in the order of an image's way."""

    BUILD = "build"
    PROOF = "proof"
    STAGING = "staging"
    """It is published in the cloud where it is proven."""
    CLOUD_PROOF = "cloud proof"
    PRODUCTION = "production"


_TITLES = {Kind.BUILD: "build", Kind.PROOF: "proof", Kind.CLOUD_PROOF: "proof"}


@dataclass(frozen=True)
class Step:
    """One thing that is done for one image."""

    image: str
    kind: Kind
    cloud: str = ""
    """Where, if it is not here."""
    needs: tuple[str, ...] = ()
    """The ids of the steps that it waits for: none begins when one of them has failed."""

    @property
    def id(self) -> str:
        """Unlike that of any other step of a fleet."""
        return f"{self.image}/{self.title}"

    @property
    def title(self) -> str:
        """What it does, without the image; a way has each cloud once."""
        work = _TITLES.get(self.kind, "publish")
        return f"{work} in {self.cloud}" if self.cloud else work


def steps(images: Iterable[Image]) -> tuple[Step, ...]:
    """Every step, those of one image together and each behind what it needs."""
    return tuple(step for image in images for step in _of_image(image))


def _of_image(image: Image) -> Iterator[Step]:
    name, way = image.name, image.way
    build = Step(name, Kind.BUILD)
    last = Step(name, Kind.PROOF, needs=(build.id,))
    yield build
    yield last
    if way.staging:
        staged = Step(name, Kind.STAGING, way.staging, (last.id,))
        last = Step(name, Kind.CLOUD_PROOF, way.staging, (staged.id,))
        yield staged
        yield last
    for cloud in way.production:
        yield Step(name, Kind.PRODUCTION, cloud, (last.id,))
