"""A volume is plugged into the running guest, and out of it again."""

import time
from collections.abc import Collection

from builder.cloud.api.model import Volume
from builder.cloud.api.refusal import TOO_LARGE
from builder.cloud.observation.guest_report import Attached, Detached
from builder.cloud.observation.hardware import CONTROLLERS
from builder.cloud.proof.leftovers import end_volume
from builder.cloud.proof.steps.subject import Subject
from builder.cloud.server.servers import BUILD, NAME, PROOF
from builder.errors import CloudError
from builder.feature import CheckFailed, CheckSkipped

GIB = 1
"""The volume's size: the least that there is."""


def attach(subject: Subject) -> str:
    """Make a volume, let Nova plug it in, and the guest see it."""
    boot = subject.guest.require("first")
    bus = subject.properties.get("hw_disk_bus", "virtio")
    if bus not in CONTROLLERS:
        raise CheckSkipped(f"whether a disk on {bus} can be plugged in is not known here")
    if not subject.volumes.supported():
        raise CheckSkipped("the cloud has no volumes: its catalogue names no block storage")
    _make(subject)
    start = time.monotonic()
    subject.volumes.attach(subject.id, subject.volume)
    found = _left(subject, {"reserved", "attaching"}, "attached")
    if found.status != "in-use":
        raise _broken(subject, found, f"attach volume {found.id} to server {subject.id}")
    seen = subject.guest.wait_told(
        "the guest to see the volume",
        lambda: subject.guest.told(boot, Attached),
        subject.limits.volume,
    )
    if seen.bytes != GIB << 30:
        raise CheckFailed(f"the guest sees /dev/{seen.name} of {seen.bytes} bytes, not {GIB} GiB")
    return (
        f"a volume of {GIB} GiB is /dev/{seen.name} {time.monotonic() - start:.0f} s after it was"
        " attached"
    )


def detach(subject: Subject) -> str:
    """Let Nova unplug the volume, the guest see it go, and delete it."""
    boot, volume = subject.guest.require("first"), subject.volume
    if subject.guest.told(boot, Attached) is None:
        raise CheckSkipped("the guest has seen no volume")
    subject.volumes.detach(subject.id, volume)
    found = _left(subject, {"detaching"}, "detached")
    if found.status == "in-use":
        raise CheckFailed("the guest does not let the volume go: Nova has given up to detach it")
    if found.status != "available":
        raise _broken(subject, found, f"detach volume {found.id} from server {subject.id}")
    subject.guest.wait_told(
        "the guest to see the volume go",
        lambda: subject.guest.told(boot, Detached),
        subject.limits.volume,
    )
    reason = end_volume(subject.volumes, volume)
    if reason:
        raise CloudError(reason, hint="Ask the cloud's operators.")
    subject.proof.forget(volume=volume)
    return "unplugged while the guest runs, and deleted"


def _make(subject: Subject) -> None:
    proof, build = subject.proof.id, subject.setting.build
    name = f"{NAME}-{build}-{proof[:8]}"
    metadata = {PROOF: proof, BUILD: build}
    try:
        subject.volume = subject.volumes.create(name, gib=GIB, metadata=metadata).id
    except CloudError as error:
        if error.status == TOO_LARGE:
            words = " ".join(error.details)
            raise CheckSkipped(f"the project has no quota left for a volume: {words}") from error
        raise
    subject.proof.note(volume=subject.volume)
    volume = _left(subject, {"creating"}, "made")
    if volume.status != "available":
        raise _broken(subject, volume, f"make volume {volume.id}")


def _left(subject: Subject, statuses: Collection[str], done: str) -> Volume:
    """The volume as soon as it has none of these statuses any more."""

    def other() -> Volume | None:
        found = subject.volumes.require(subject.volume)
        return None if found.status in statuses else found

    what = f"volume {subject.volume} to be {done}"
    return subject.guest.wait(what, other, subject.limits.volume)


def _broken(subject: Subject, volume: Volume, what: str) -> CloudError:
    return CloudError(
        f"Cloud '{subject.volumes}' could not {what}: it is {volume.status}.",
        hint="The logs of nova-compute and cinder-volume say why: ask its operators.",
    )
