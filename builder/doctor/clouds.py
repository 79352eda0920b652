"""Whether a cloud answers, and what it lets these credentials do with images."""

from collections.abc import Iterator

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
    if rights is None:
        yield warning(
            subject,
            f"{told}. What may be made there is not known: these credentials see no image, by whose"
            " id it could be asked.",
            "The first publication will show it.",
            **facts,
        )
        return
    may = [name for name in VISIBILITIES if rights[name]]
    not_may = [name for name in VISIBILITIES if not rights[name]]
    seen = f"{told}; images may be made {', '.join(may) or 'not at all'}"
    seen += f", not {', '.join(not_may)}." if may and not_may else "."
    needed = "private" if wanted == "shared" else wanted
    if not rights[needed]:
        yield lacking(subject, f"{seen} They are to be {wanted}.", f"{_ASK} 'publish'.", **facts)
    else:
        yield good(subject, seen, **facts)
