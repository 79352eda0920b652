"""The previous image comes back under the public name; nothing is uploaded."""

from builder.errors import CloudError
from builder.progress import Progress
from builder.publish.glance import Glance
from builder.publish.image import ACTIVE, CloudImage
from builder.publish.release import Terms, current, holders, previous, switch
from builder.publish.survey import name_of, survey


def rollback(glance: Glance, profile: str, progress: Progress) -> CloudImage:
    """Let the previous image of a profile answer to its public name, and return it.

    A rollback that was killed is completed, a publication that was killed is taken back. Raises
    ``BuilderError`` where there is no previous image, ``CloudError`` where it cannot be used.
    """
    progress.phase(f"{glance}: looking")
    name = name_of(glance, profile)
    seen = survey(glance, profile, name)
    target = previous(seen.images, profile, name)
    if target.status != ACTIVE:
        raise CloudError(
            f"Image {target.id} of build {target.build} cannot come back: it is {target.status}.",
            hint=f"Reactivate it: openstack image set --activate {target.id}",
        )
    present = current(seen.images, name)
    protected = present.protected if present else False
    terms = Terms(name, target.visibility, protected)
    progress.phase(f"{glance}: rolling back")
    for change in switch(seen.images, target, terms, now=seen.now):
        progress.event(f"{glance}: {change.reason}")
        glance.change(change)
    after = survey(glance, profile, name).images
    back = current(after, name)
    if back is None or back.id != target.id or len(holders(after, name)) > 1:
        raise CloudError(
            f"'{name}' in cloud '{glance}' is not image {target.id} after the rollback.",
            hint="Somebody else changes images of this name. Run the same command again.",
        )
    return back
