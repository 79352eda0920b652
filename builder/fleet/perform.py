"""A step is done on this machine. It begins with what is there: what is done is not done again."""

import json
import platform
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from builder.due.judgement import NOT_DUE
from builder.errors import BuilderError, HostError, InterruptedByUser
from builder.fleet import commands
from builder.fleet.commands import Command
from builder.fleet.graph import Kind
from builder.fleet.job import Job, Outcome, Result
from builder.fleet.session import PROGRAM, Ended, run_session
from builder.fleet.state import Latest, Standing, State, latest, state_of
from builder.host.files import replace_text
from builder.host.locking import locked
from builder.plan.model import Plan
from builder.plan.of_profile import plan_of
from builder.store.build_directory import REPORT
from builder.store.verdict import verdict_of

SESSIONS = ".fleet"
"""Where each image has its profile and its logs, below the directory of builds."""

_POLL = 1.0
_TOLD = 5
_TRACE = 12
_INTERNAL = 70


@dataclass(frozen=True)
class Place:
    """Where steps are done, and by which program."""

    dist: Path
    program: tuple[str, ...] = PROGRAM


@dataclass(frozen=True)
class Turn:
    """What a step is given when it begins."""

    cpus: Sequence[int]
    """The host's CPUs that it may use; without any it needs no CPU of its own."""
    cancelled: threading.Event
    tell: Callable[[str], None]
    """Told each phase."""


def perform(job: Job, place: Place, turn: Turn) -> Outcome:
    """Do a step, unless it is done; whatever goes wrong is in the outcome.

    Raises ``InterruptedByUser`` where it is cancelled.
    """
    began, start = datetime.now(UTC), time.monotonic()
    try:
        outcome = _performed(job, place, turn)
    except InterruptedByUser:
        raise
    except BuilderError as error:
        outcome = _failed(job, error, error.exit_code)
    except OSError as error:
        cause = HostError(
            f"{job.step.title} could not go on: {error.strerror or error}.",
            details=[str(error.filename or place.dist)],
            hint="Make room, or make it writable; then run the same command again.",
        )
        outcome = _failed(job, cause, cause.exit_code)
    seconds = round(time.monotonic() - start, 1)
    return replace(outcome, began=began, seconds=seconds, host=platform.node())


def defect(job: Job, error: Exception) -> Outcome:
    """The outcome of a step in which this program itself was wrong."""
    trace = "".join(traceback.format_exception(error)).splitlines()
    told = BuilderError(
        f"This is an internal error of guest-image: {type(error).__name__}: {error}",
        details=trace[-_TRACE:],
        hint="Please attach this to your report.",
    )
    return _failed(job, told, _INTERNAL)


def _performed(job: Job, place: Place, turn: Turn) -> Outcome:
    directory = (place.dist / SESSIONS / job.step.image).absolute()
    directory.mkdir(parents=True, exist_ok=True)
    with _claimed(directory, turn):
        profile = directory / f"{job.step.image}.yaml"
        replace_text(profile, json.dumps(job.document, indent=1, ensure_ascii=False) + "\n")
        plan = plan_of(str(profile))
        before = _Seen.of(job, plan, place)
        if before.state.standing is Standing.DONE:
            return Outcome(job.step, Result.KEPT, before.state.reason)

        def session(command: Command) -> Ended:
            return run_session(
                command, directory,
                cpus=turn.cpus, cancelled=turn.cancelled, tell=turn.tell, program=place.program,
            )  # fmt: skip

        if job.step.kind is Kind.BUILD and before.state.standing is Standing.ASKED:
            asked = session(commands.due(profile, place.dist.absolute()))
            if asked.status == NOT_DUE:
                return Outcome(job.step, Result.KEPT, before.state.reason, log=str(asked.log))
            if asked.status:
                return _failed(job, asked.failure, asked.status, asked.log)
        log = Path()
        for command in _commands(job, profile, before, place):
            ended = session(command)
            log = ended.log
            if ended.status:
                why = _why(ended, _Seen.of(job, plan, place))
                return _failed(job, why, ended.status, log)
        return _ended(job, before, _Seen.of(job, plan, place), log)


@dataclass(frozen=True)
class _Seen:
    """How a step stands, and the build by which that is known."""

    state: State
    build: Latest | None

    @classmethod
    def of(cls, job: Job, plan: Plan, place: Place) -> "_Seen":
        build = latest(job.step.image, place.dist)
        return cls(state_of(job.step, plan, build, now=datetime.now(UTC)), build)


def _commands(job: Job, profile: Path, seen: _Seen, place: Place) -> Iterator[Command]:
    dist = place.dist.absolute()
    if job.step.kind is Kind.BUILD:
        yield commands.build(profile, dist)
    elif seen.build is not None:
        yield from commands.of_build(job, seen.build.directory, dist, _unmade(seen.build))
    else:
        raise HostError(
            f"The build of {job.step.image} is not there any more.",
            hint="Somebody has removed it meanwhile. Run the same command again.",
        )


def _unmade(build: Latest) -> tuple[str, ...]:
    """The checks that a proof which was broken off has not made.

    One in which something failed is made anew: its evidence is to be of one proof.
    """
    verdict = verdict_of(build.manifest)
    if verdict.problems or not build.manifest.valid_evidence():
        return ()
    return tuple(dict.fromkeys(expected.check for expected in verdict.missing))


def _ended(job: Job, before: _Seen, after: _Seen, log: Path) -> Outcome:
    """What a step came to whose verbs have all done their part."""
    if after.state.standing is Standing.DUE:
        error = BuilderError(
            f"It ended well, and is still due: {after.state.reason}.",
            hint=f"What it did is told in {log}.",
        )
        return _failed(job, error, error.exit_code, log)
    records = [seen.build.manifest.published if seen.build else () for seen in (before, after)]
    kept = job.step.kind in {Kind.STAGING, Kind.PRODUCTION} and records[0] == records[1]
    result = Result.KEPT if kept else Result.DONE
    return Outcome(job.step, result, after.state.reason, log=str(log))


def _why(ended: Ended, seen: _Seen) -> BuilderError:
    """Why a verb failed: the error that it told, or else what its evidence says."""
    if ended.error is not None or ended.status < 0 or seen.build is None:
        return ended.failure
    problems = verdict_of(seen.build.manifest).problems
    told = [f"{result.check}: {result.outcome}: {result.seen}" for result in problems]
    return BuilderError(
        f"{seen.state.reason}.",
        details=told[:_TOLD],
        hint=f"All that was seen is in {seen.build.directory / REPORT}.",
    )


def _failed(job: Job, error: BuilderError, status: int, log: Path | None = None) -> Outcome:
    return Outcome(
        job.step,
        Result.FAILED,
        error.message,
        details=(*error.details, *([error.hint] if error.hint else [])),
        log=str(log or ""),
        exit_code=status if status > 0 else _INTERNAL,
    )


@contextmanager
def _claimed(directory: Path, turn: Turn) -> Iterator[None]:
    """Let no other fleet work at this image. Raises ``InterruptedByUser``."""
    with ExitStack() as stack:
        while True:
            if turn.cancelled.is_set():
                raise InterruptedByUser("Interrupted.")
            try:
                stack.enter_context(locked(directory, limit=0))
                break
            except HostError as error:
                if error.__cause__ is not None:  # no locks here at all; else somebody has it
                    raise
            turn.tell("waiting for another fleet that works at this image")
            turn.cancelled.wait(_POLL)
        yield
