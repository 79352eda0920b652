"""Carries out the changes by which a name goes to another image."""

import contextlib
from collections.abc import Iterable

from builder.errors import CloudError
from builder.publish.cloud.change import Change
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.image import CloudImage
from builder.publish.cloud.remedies import UNAUTHORIZED
from builder.terminal.progress import Progress

_REFUSALS = frozenset(range(400, 500)) - {UNAUTHORIZED}
"""Statuses by which a cloud has decided: the same request would fail again."""


def carry_out(
    glance: Glance, changes: Iterable[Change], target: CloudImage, progress: Progress
) -> None:
    """Make the changes in their order.

    Raises ``CloudError``. Where the cloud refuses to give the target the name, the image that had
    it is visible again; after other failures the next run completes what was begun.
    """
    undo: list[Change] = []
    for change in changes:
        progress.event(f"{glance}: {change.reason}")
        try:
            glance.change(change)
        except CloudError as error:
            if change.image == target.id and error.status in _REFUSALS:
                for reversal in reversed(undo):
                    progress.event(f"{glance}: {reversal.reason}")
                    with contextlib.suppress(CloudError):
                        glance.change(reversal)
            raise
        if change.undo is not None:
            undo.append(change.undo)
