"""Whether a cloud answers, and what it lets these credentials do with images."""

from collections.abc import Iterator, Mapping

from builder.doctor.finding import Finding, good, lacking, warning
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.rights import VISIBILITIES, may_make

_ASK = "Ask the cloud's operators for the right, or say another visibility in the profile's section"


def reached(cloud: str, wanted: str) -> Iterator[Finding]:
    """Log in, and ask for rights; ``wanted`` is the visibility that images are to have.

    Raises ``InputError`` where there is no such cloud, ``CloudError`` where it does not answer.
    """
    glance = Glance(cloud)
    subject = f"cloud: {cloud}"
    endpoint, project = glance.endpoint, glance.project
    told = f"{endpoint} answers, project {project or '-'}"
    rights = may_make(glance)
    facts: dict[str, object] = {"endpoint": endpoint, "project": project, "rights": rights}
    if glance.unverified:
        yield warning(
            subject,
            "Its entry in clouds.yaml has 'verify: false': anybody on the way can read the login.",
            "Name its authority's certificate with 'cacert'.",
        )
    seen = f"{told}; {_sentence(rights)}"
    allowed = rights["private" if wanted == "shared" else wanted]
    if allowed is None:
        yield warning(
            subject,
            f"{seen} It cannot be asked where no image is seen, or properties are demanded.",
            "The first publication will show it.",
            **facts,
        )
    elif allowed:
        yield good(subject, seen, **facts)
    else:
        yield lacking(subject, f"{seen} They are to be {wanted}.", f"{_ASK} 'publish'.", **facts)


def _sentence(rights: Mapping[str, bool | None]) -> str:
    """Which images may be made, by their visibility."""
    words = {True: "allowed", False: "forbidden", None: "unknown"}
    by_answer = {
        word: [name for name in VISIBILITIES if rights[name] is answer]
        for answer, word in words.items()
    }
    told = (f"{word} {', '.join(names)}" for word, names in by_answer.items() if names)
    return f"images: {'; '.join(told)}."
