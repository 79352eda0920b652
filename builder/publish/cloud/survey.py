"""What a cloud has of a profile and of its public name."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from builder.errors import CloudError
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.history import ours
from builder.publish.cloud.image import PROFILE, CloudImage


@dataclass(frozen=True)
class Survey:
    """The project's images of a profile and of a public name, at one time of the cloud's clock."""

    images: tuple[CloudImage, ...]
    now: datetime

    @property
    def drafts(self) -> list[CloudImage]:
        """Images that were never published."""
        return [image for image in self.images if image.draft]

    def answering(self, name: str) -> str:
        """Who has the public name, as a text that changes when that changes."""
        having = [image for image in self.images if image.name == name and not image.draft]
        return ",".join(sorted(image.id for image in having if not image.hidden)) or ",".join(
            sorted(image.id for image in having)
        )


def survey(glance: Glance, profile: str, name: str) -> Survey:
    """Look. Raises ``CloudError`` where another project's public image has the name."""
    project = glance.project
    found = {
        image.id: image
        for image in (*glance.images(name=name), *glance.images(**{PROFILE: profile}))
    }.values()
    own = tuple(result for result in found if not project or result.owner == project)
    _refuse_strangers([result for result in found if result not in own], name, glance)
    return Survey(own, glance.now())


def name_of(glance: Glance, profile: str) -> str:
    """The public name that a profile has in a cloud, as its newest image says.

    Raises ``CloudError`` where nothing of the profile was published.
    """
    project = glance.project
    own = [
        image
        for image in glance.images(**{PROFILE: profile})
        if not project or image.owner == project
    ]
    newest = next((image for image in ours(own, profile) if image.public_name), None)
    if newest is None:
        raise CloudError(
            f"Cloud '{glance}' has no published image of {profile}.",
            hint=f"See what is there: guest-image list --cloud {glance}",
        )
    return newest.public_name


def published(glance: Glance) -> list[CloudImage]:
    """Every image of the project that this program has made, drafts too."""
    return [image for image in owned(glance) if image.profile]


def owned(glance: Glance) -> list[CloudImage]:
    """Every image of the project, whoever has made it."""
    project = glance.project
    return glance.images(owner=project) if project else glance.images()


def _refuse_strangers(others: Iterable[CloudImage], name: str, glance: Glance) -> None:
    rivals = [image for image in others if image.name == name and image.visibility == "public"]
    visible = [image for image in rivals if not image.hidden]
    if visible:
        raise CloudError(
            f"Cloud '{glance}' has a public image '{name}' of another project.",
            details=[f"{image.id} of project {image.owner}" for image in visible],
            hint="Choose another 'name' in the profile's section 'publish', or publish as that"
            " project.",
        )
