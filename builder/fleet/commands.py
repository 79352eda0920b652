"""The verbs that do a step. Pure.

Each is a program of its own: what it holds in memory, its umask and its open files end with it, and
one that is killed takes no other along.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.fleet.graph import Kind
from builder.fleet.job import Job


@dataclass(frozen=True)
class Command:
    """A verb with its arguments, behind the program's own name."""

    name: str
    """Unlike any other of the image: its log is called so."""
    words: tuple[str, ...]


def due(profile: Path, dist: Path) -> Command:
    """Ask the archive whether a build would differ."""
    return Command("due", ("due", str(profile), "--output", str(dist), "--json"))


def build(profile: Path, dist: Path) -> Command:
    """Build it from scratch."""
    return Command("build", ("build", str(profile), "--output", str(dist)))


def of_build(
    job: Job, directory: Path, dist: Path, unmade: Sequence[str] = ()
) -> Iterator[Command]:
    """What is done with a build that is there: prove it, publish it, prove it in its cloud.

    ``unmade`` are the checks that a proof is to make; without any it makes all.
    """
    kept = ("--output", str(dist))
    cloud, build_name = job.step.cloud, str(directory)
    publish = Command(f"publish-{cloud}", ("publish", build_name, *kept, "--cloud", cloud))
    match job.step.kind:
        case Kind.PROOF:
            probes = (word for check in unmade for word in ("--probe", check))
            yield Command("prove", ("prove", build_name, *kept, *probes))
        case Kind.STAGING:
            yield publish
        case Kind.CLOUD_PROOF:
            servers = {"--flavor": job.cloud.flavor, "--network": job.cloud.network}
            options = (word for name, value in servers.items() if value for word in (name, value))
            words = ("cloud", "prove", build_name, *kept, "--cloud", cloud, *options)
            yield Command(f"cloud-prove-{cloud}", words)
            yield publish  # the image there tells then what was observed
        case Kind.PRODUCTION if job.source:
            words = ("promote", job.step.image, *kept, "--from", job.source, "--to", cloud)
            yield Command(f"promote-{cloud}", words)
        case Kind.PRODUCTION:
            yield publish
        case Kind.BUILD:
            raise AssertionError("a build makes its directory")
