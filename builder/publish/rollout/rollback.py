"""The previous image comes back under the public name; nothing is uploaded."""

from pathlib import Path

from builder.errors import CloudError
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.history import current, images_named, previous, visible_replaced
from builder.publish.cloud.image import ACTIVE, CloudImage
from builder.publish.cloud.survey import name_of, survey
from builder.publish.rollout.apply import carry_out
from builder.publish.rollout.draft import require_nobody_at_work
from builder.publish.rollout.switch import TargetState, switch
from builder.terminal.progress import Progress


def rollback(glance: Glance, profile: str, progress: Progress, *, home: Path) -> CloudImage:
    """Let the previous image of a profile answer to its public name, and return it.

    A rollback that was killed is completed, a publication that was killed is taken back. Raises
    ``CloudError`` where there is no previous image, where it cannot be used, and where a publisher
    is at work; ``home`` is where those of this machine see each other.
    """
    progress.phase(f"{glance}: looking")
    name = name_of(glance, profile)
    seen = survey(glance, profile, name)
    require_nobody_at_work(glance, seen.images, home, now=seen.now)
    target = previous(seen.images, profile, name)
    if target.status != ACTIVE:
        raise CloudError(
            f"Image {target.id} of build {target.build} cannot come back: it is {target.status}.",
            hint=f"Reactivate it: openstack image set --activate {target.id}",
        )
    present = current(seen.images, name)
    protected = present.protected if present else False
    terms = TargetState(name, target.visibility, protected, withdrawing=True)
    progress.phase(f"{glance}: rolling back")
    carry_out(glance, switch(seen.images, target, terms, now=seen.now), target, progress)
    after = survey(glance, profile, name).images
    having = images_named(after, name)
    if (
        [image.id for image in having if not image.hidden] != [target.id]
        or len(having) > 1
        or visible_replaced(after, name, target.id)
    ):
        raise CloudError(
            f"'{name}' in cloud '{glance}' is not image {target.id} after the rollback.",
            hint="Somebody else changes images of this name. Run the same command again.",
        )
    return having[0]
