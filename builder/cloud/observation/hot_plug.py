"""What must come of a volume that is plugged into a running guest, and out of it. Pure."""

from builder.cloud.observation.guest_report import Attached, Disk
from builder.cloud.observation.hardware import controller
from builder.cloud.observation.observation import observation
from builder.cloud.observation.sight import Sight
from builder.feature import CheckFailed, CheckSkipped


@observation("a volume that is plugged in is the next disk on the bus that the image asks for",
             "hw_disk_bus", "hw_scsi_model")  # fmt: skip
def volume_is_on_bus(sight: Sight) -> str:
    """Nova plugs volumes in on the bus of the image, as it does the disks of the first boot."""
    letters, driver = controller(sight)
    sight.done("attach")
    volume = _volume(sight)
    before = [disk for disk in sight.boot().all(Disk) if disk.name.startswith(letters)]
    expected = f"{letters}{chr(ord('a') + len(before))}"
    if (volume.name, volume.driver) != (expected, driver):
        raise CheckFailed(
            f"the volume is /dev/{volume.name} (driver {volume.driver}), not {expected} on {driver}"
        )
    return f"the volume was plugged in as /dev/{volume.name} (driver {driver})"


@observation("what the guest discards reaches the volume")
def volume_discards(sight: Sight) -> str:
    """Cinder says of its storage whether it takes discards; no property asks for it."""
    sight.done("attach")
    volume = _volume(sight)
    if not volume.discards:
        raise CheckSkipped(f"/dev/{volume.name} takes no discards")
    if not volume.cleared:
        raise CheckSkipped(
            f"what was discarded on /dev/{volume.name} can still be read: the storage does not"
            " take discards, or Cinder does not say so (report_discard_supported)"
        )
    return f"what was written to /dev/{volume.name} and discarded reads as zeros"


@observation("a volume can be unplugged while the guest runs")
def volume_is_released(sight: Sight) -> str:
    """A guest that does not answer keeps it, and Nova gives up."""
    return sight.done("detach")


def _volume(sight: Sight) -> Attached:
    volume = sight.boot().last(Attached)
    if volume is None:
        raise CheckSkipped("the guest has told of no volume")
    return volume
