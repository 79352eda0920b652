"""Questions that are asked in parallel, none of which is waited for longer than its limit."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from builder.doctor.finding import Finding, lacking, refused
from builder.errors import BuilderError

LIMIT = 7.0
"""Seconds for all questions: a host whose disk or network hangs is told to, not waited for."""


@dataclass(frozen=True)
class Question:
    """What is asked, and about what."""

    subject: str
    ask: Callable[[], Iterable[Finding]]


class _Asked:
    """A question that is being asked in a thread of its own, which nobody has to wait for."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.findings: Sequence[Finding] = ()
        self.defect: Exception | None = None
        self.thread = threading.Thread(
            target=self._ask, name=f"doctor: {question.subject}", daemon=True
        )
        self.thread.start()

    def _ask(self) -> None:
        try:
            self.findings = self._found()
        except Exception as error:  # noqa: BLE001 - it is raised again in the caller's thread
            self.defect = error

    def _found(self) -> Sequence[Finding]:
        subject = self.question.subject
        try:
            return tuple(self.question.ask())
        except BuilderError as error:
            return (refused(subject, error),)
        except OSError as error:
            return (lacking(subject, f"It could not be found out: {error}.", "Repair what fails."),)

    def answer(self, seconds: float, limit: float) -> Sequence[Finding]:
        """What was found, or that nothing was within the limit, of which so much is left."""
        self.thread.join(seconds)
        if self.thread.is_alive():
            return (
                lacking(
                    self.question.subject,
                    f"There was no answer within {limit:.0f} s.",
                    "It hangs, or what is asked does: a network, a mounted directory.",
                ),
            )
        if self.defect:
            raise self.defect
        return self.findings


def ask_in_parallel(questions: Iterable[Question], limit: float = LIMIT) -> list[Finding]:
    """What all questions find, in their order, after ``limit`` seconds at the latest."""
    end = time.monotonic() + limit
    asked = [_Asked(question) for question in questions]
    return [
        finding
        for each in asked
        for finding in each.answer(max(0.0, end - time.monotonic()), limit)
    ]
