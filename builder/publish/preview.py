"""What a publication would do, as a difference to what the cloud has. Pure."""

from builder.publish.difference import mapping_differences, property_differences
from builder.publish.image import CloudImage, Wanted
from builder.publish.publish import Retention, find, planned_changes
from builder.publish.release import holders, superfluous
from builder.publish.survey import Survey

MIB = 1024 * 1024


def preview(seen: Survey, wanted: Wanted, retention: Retention) -> list[str]:
    """Lines that begin with ``+`` (made), ``~`` (changed) or ``-`` (deleted); none: no change."""
    known = find(seen.images, wanted)
    before = next(iter(_answering(seen, wanted.name)), None)
    lines = [f"- unfinished upload {one.id} of build {one.build}" for one in seen.drafts]
    if known is None:
        lines += _new(wanted, before)
        replaced = holders(seen.images, wanted.name)
        lines += [f"~ {one.id}: hidden, and renamed with its build date" for one in replaced]
    else:
        lines += [f"~ {change.reason}" for change in planned_changes(seen, known, wanted)]
        lines += [f"  {one}" for one in property_differences(known, wanted)]
    superseded = superfluous(
        seen.images,
        wanted.profile,
        wanted.name,
        keep_last=retention.keep_last,
        keep_days=retention.keep_days,
        now=seen.now,
    )
    return lines + [f"- {one.id} of build {one.build}, as retention says" for one in superseded]


def _answering(seen: Survey, name: str) -> list[CloudImage]:
    having = holders(seen.images, name)
    return [one for one in having if not one.hidden] or having


def _new(wanted: Wanted, before: CloudImage | None) -> list[str]:
    now = {**before.properties, **_attributes_of(before)} if before else {}
    should = {
        **wanted.properties,
        "visibility": wanted.visibility,
        "protected": str(wanted.protected).lower(),
        "min_disk": str(wanted.min_disk),
        "min_ram": str(wanted.min_ram),
        "tags": ", ".join(sorted(wanted.tags)),
        "members": ", ".join(wanted.members),
    }
    differences = mapping_differences(now, {key: value for key, value in should.items() if value})
    instead = f" instead of {before.id}" if before else ""
    return [
        f"+ image '{wanted.name}' of build {wanted.build}, {wanted.size / MIB:.0f} MiB{instead}",
        *(f"  {one}" for one in differences),
    ]


def _attributes_of(image: CloudImage) -> dict[str, str]:
    return {
        "visibility": image.visibility,
        "protected": str(image.protected).lower(),
        "min_disk": str(image.min_disk),
        "min_ram": str(image.min_ram),
        "tags": ", ".join(sorted(image.tags)),
    }
