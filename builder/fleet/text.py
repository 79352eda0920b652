"""A fleet as people and programs read it: its graph, and what of it is due."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from builder.fleet.graph import Step
from builder.fleet.model import Fleet
from builder.fleet.state import Standing, State
from builder.terminal.output import BAD, DOUBT, GOOD, STRONG, Part, line, table
from builder.words import counted

_STYLES = {
    Standing.DONE: GOOD,
    Standing.DUE: BAD,
    Standing.ASKED: DOUBT,
    Standing.WAITS: "",
}

_WORDS = {
    Standing.DONE: "done",
    Standing.DUE: "due",
    Standing.ASKED: "to be asked",
    Standing.WAITS: "waiting",
}


def plan_text(fleet: Fleet, steps: Sequence[Step], states: Mapping[str, State]) -> Iterator[Part]:
    """Each image with its steps, in their order, and how many of them are due."""
    for image in fleet.images:
        profile = image.profile
        told = ", ".join([profile.distribution.name, profile.disk.format, *profile.features])
        yield line(f"{image.name}  {told}", STRONG)
        rows = []
        for step in steps:
            if step.image == image.name:
                state = states[step.id]
                rows.append((step.title, line(state.standing, _STYLES[state.standing]), str(state)))
        yield from table(rows)
    yield line("")
    yield line(_summary(fleet, states.values()))


def _summary(fleet: Fleet, states: Iterable[State]) -> str:
    counts = Counter(state.standing for state in states)
    images, steps = counted(len(fleet.images), "image"), counted(counts.total(), "step")
    told = ", ".join(
        f"{counts[standing]} {_WORDS[standing]}" for standing in Standing if counts[standing]
    )
    return f"{images}, {steps}: {told}."


def plan_json(
    fleet: Fleet, steps: Sequence[Step], states: Mapping[str, State]
) -> Mapping[str, object]:
    """The same for programs: the graph by ids."""
    return {
        "images": [
            {
                "name": image.name,
                "distribution": image.profile.distribution.name,
                "format": image.profile.disk.format,
                "features": list(image.profile.features),
                "plan": image.plan.digest,
            }
            for image in fleet.images
        ],
        "steps": [
            {
                "id": step.id,
                "image": step.image,
                "kind": step.kind,
                "cloud": step.cloud or None,
                "needs": list(step.needs),
                "standing": states[step.id].standing,
                "reason": str(states[step.id]),
            }
            for step in steps
        ],
    }
