"""What this machine is: whose rights, which accelerator, how much memory and space."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from builder.build import space_needs
from builder.build.requirements import (
    MEMORY,
    available_memory,
    require_plain,
    works_in_memory,
)
from builder.build.sandbox import Sandbox
from builder.doctor.finding import Finding, good, lacking, refused, warning
from builder.errors import InputError
from builder.host import accelerator, user_namespace
from builder.host.paths import cache_directory
from builder.host.room import GIB, Room, existing
from builder.host.scratch import scratch
from builder.proof.requirements import scratch_room

_WITHOUT_ROOT = "plan, inspect, prove, adopt, report, diff and all that speaks to a cloud"
_SLOWER = "Proofs take about four times as long."


def rights() -> Iterator[Finding]:
    """Root, and what root may do. Raises ``HostError`` where no build can have a sandbox."""
    user = os.geteuid()
    if user != 0:
        yield _rights_of_an_ordinary_user(user)
        return
    with scratch("doctor") as directory, Sandbox(directory, in_memory=works_in_memory()):
        yield good("rights", "Root, who may make the namespaces that builds work in.", user=user)


def _rights_of_an_ordinary_user(user: int) -> Finding:
    obstacles = user_namespace.obstacles()
    if not obstacles:
        return good("rights", "Not root: builds work in a user namespace of yours.", user=user)
    reasons, remedies = zip(*obstacles, strict=True)
    return lacking(
        "rights",
        f"Not root, and no user namespace to build in. {' '.join(reasons)} What works all the same:"
        f" {_WITHOUT_ROOT}.",
        f"{' '.join(filter(None, remedies))} Or run builds as root (sudo).".strip(),
        user=user,
    )


def acceleration() -> Iterator[Finding]:
    """How the guests of a proof will run."""
    found, opens = accelerator.detect(), accelerator.opens(accelerator.KVM)
    facts = {"accelerator": found.name, "kvm_opens": opens}
    if found.name == "kvm":
        yield good("accelerator", f"KVM: {found.reason}.", **facts)
    elif opens:
        yield warning(
            "accelerator",
            f"Emulation: {found.reason}. {accelerator.KVM} opens all the same, as a paravirtual one"
            " does, on which an ordinary kernel hangs; so it is not used.",
            f"{_SLOWER} Give this machine nested virtualisation; or try 'prove --accel kvm'.",
            **facts,
        )
    else:
        yield warning(
            "accelerator",
            f"Emulation: {found.reason}.",
            f"{_SLOWER} KVM needs a processor with virtualisation (switched on in the firmware, or"
            f" nested in a virtual machine), and a {accelerator.KVM} that opens (its module; root"
            " or the group kvm).",
            **facts,
        )


def memory() -> Iterator[Finding]:
    """Whether builds can work in it."""
    available = available_memory()
    told = f"{available / GIB:.1f} GiB are available"
    if available >= MEMORY:
        yield good("memory", f"{told}: builds work in memory.", available=available)
    else:
        yield warning(
            "memory",
            f"{told}: builds work on the disk, which takes up to twice as long.",
            f"From {MEMORY / GIB:.0f} GiB on they work in memory.",
            available=available,
        )


def space(dist: Path) -> Iterator[Finding]:
    """Room, and the right to write, where builds and proofs put their files."""
    in_memory = works_in_memory()
    output = space_needs.output(dist.absolute(), in_memory=in_memory)
    yield _place("output", dist, output, "--output")
    yield _place(
        "cache", cache_directory(), space_needs.packages(cache_directory()), "GUEST_IMAGE_CACHE"
    )
    yield _place("temporary", Path(tempfile.gettempdir()), scratch_room(), "TMPDIR")


def _place(name: str, directory: Path, room: Room, option: str) -> Finding:
    subject = f"space: {name}"
    directory = directory.absolute()
    try:
        if option != "TMPDIR":
            require_plain(directory, option)
    except InputError as error:
        return refused(subject, error)
    facts: dict[str, object] = {
        "directory": str(directory),
        "free": room.free,
        "needed": room.needed,
    }
    if not os.access(existing(directory), os.W_OK | os.X_OK):
        return lacking(
            subject,
            f"{directory} cannot be written.",
            f"Choose another directory with {option}, or become who may write there.",
            **facts,
        )
    if not room.suffices:
        remedy = f"Make room, or choose another directory with {option}."
        return lacking(subject, f"{room}.", remedy, **facts)
    return good(subject, f"{room}.", **facts)
