"""What publishing would change. Pure."""

from builder.publish.cloud.change import Change
from builder.publish.cloud.difference import property_differences, restoring
from builder.publish.cloud.image import CloudImage, Wanted
from builder.publish.cloud.survey import Survey
from builder.publish.rollout.switch import TargetState, switch


def planned_changes(seen: Survey, target: CloudImage, wanted: Wanted) -> list[Change]:
    """What makes the target answer to the public name, with the wanted properties."""
    attributes, remove = restoring(property_differences(target, wanted), wanted)
    terms = TargetState(wanted.name, wanted.visibility, wanted.protected, attributes, remove)
    return switch(seen.images, target, terms, now=seen.now)
