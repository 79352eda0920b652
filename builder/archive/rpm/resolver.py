"""Asks libsolv, the resolver of dnf and zypper, what a new image would have.

What the repositories' indexes say is parsed here, and only in a child of limited memory and time.
"""

import threading

from pydantic import TypeAdapter, ValidationError

from builder.archive.rpm.answer import Resolution
from builder.archive.rpm.libsolv import load_libsolv
from builder.archive.rpm.solving import Question, solved
from builder.errors import HostError
from builder.host.confined import ChildEnded, Send, limit_memory, limit_time, run_confined

MEMORY_LIMIT = 3 << 30
"""Bytes. openSUSE's sixty thousand packages take some hundred million."""
TIME_LIMIT = 90
"""Seconds of computing."""
LIMIT = 180.0
"""Seconds until it must have ended, on a machine that is busy."""

_FORM = TypeAdapter(Resolution)


def resolve(question: Question) -> Resolution:
    """What libsolv says.

    Raises ``HostError`` where it is not installed, or where the indexes cannot be read.
    """
    solv = load_libsolv()
    said: list[str] = []

    def work(send: Send, _: threading.Event) -> None:
        limit_memory(MEMORY_LIMIT)
        limit_time(TIME_LIMIT)
        send(_FORM.dump_json(solved(solv, question)).decode())

    try:
        run_confined(work, said.append, limit=LIMIT, cancelled=threading.Event())
        resolution = _FORM.validate_json("".join(said))
    except ChildEnded as error:
        resolution = Resolution(unreadable=f"the resolver was ended: {error}")
    except ValidationError:
        resolution = Resolution(unreadable="the resolver's answer has another form")
    if resolution.unreadable:
        raise HostError(
            "The package indexes cannot be read, though they are what the mirror's lists say.",
            details=[resolution.unreadable],
            hint="So it is unknown what is new. Name another mirror, or tell the one who runs it.",
        )
    return resolution
