"""What is said of a publication, by whichever verb."""

from builder.cli.cloud_options import Answer
from builder.publish.candidate.prepare import Ready
from builder.publish.cloud.glance import Glance
from builder.publish.publish import Result


def published_answer(glance: Glance, build: Ready, result: Result) -> Answer:
    """What a publication came to in one cloud."""
    wanted, image = build.wanted, result.image
    how = "is published" if result.changed else "is published already; nothing was changed"
    text = f"{glance}: '{wanted.name}' {how}: {image.id} of build {wanted.build}"
    data = {
        "cloud": glance.cloud,
        "image": image.id,
        "name": wanted.name,
        "build": wanted.build,
        "changed": result.changed,
        "kept": list(result.kept),
        "properties": dict(wanted.properties),
    }
    return Answer([text, *(f"  {reason}" for reason in result.kept)], data)
