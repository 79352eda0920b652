"""What differs inside of a file that two images have, by diffoscope, which knows what files are."""

import shutil
from pathlib import Path

from builder.compare.reproduction import FileDifference
from builder.errors import BuilderError, InterruptedByUser
from builder.feature import Filesystem
from builder.host.process import run_unchecked
from builder.host.scratch import scratch
from builder.proof.inspection import INSPECTION, Look, examine
from builder.proof.prove import require_image
from builder.store.manifest import Manifest
from builder.terminal.progress import Progress

PROGRAM = "diffoscope"
TIME_LIMIT = 300.0
REPORT_LIMIT = 16 << 10
"""Characters of what is told: the beginning of it says what kind of thing differs."""
_BY_HAND = "Keep the new build with --keep, and compare the file yourself."
_DIFFERENT = 1
"""diffoscope's exit code; 0 is for equal files, all others are failures."""


def file_difference(
    old: tuple[Path, Manifest], new: tuple[Path, Manifest], path: str, progress: Progress
) -> FileDifference | None:
    """How a file differs between two builds' images; None where there is no diffoscope.

    That something could not be read is told in the text: the comparison stands without it.
    """
    if shutil.which(PROGRAM) is None:
        return None
    try:
        with scratch("difference") as place:
            for name, build in (("old", old), ("new", new)):
                (place / name).mkdir()
                _copy(*build, path, place / name / Path(path).name, progress)
            progress.phase(PROGRAM)
            return FileDifference(path, told(place, Path(path).name))
    except InterruptedByUser:
        raise
    except BuilderError as error:
        return FileDifference(path, error.message)


def told(place: Path, name: str) -> str:
    """What diffoscope says of two files of a name, in the directories ``old`` and ``new``.

    Raises ``BuilderError`` where it fails or is at it for too long.
    """
    options = ("--no-progress", f"--max-text-report-size={REPORT_LIMIT}", "--text=-")
    files = (Path("old", name), Path("new", name))
    try:
        done = run_unchecked([PROGRAM, *options, *files], timeout=TIME_LIMIT, cwd=place)
    except TimeoutError as error:
        raise BuilderError(f"Could not compare {name}: {error}.", hint=_BY_HAND) from error
    if done.status not in {0, _DIFFERENT}:
        raise BuilderError(
            f"Could not compare {name}: {PROGRAM} ended with exit code {done.status}.",
            details=done.stderr.splitlines()[-1:],
            hint=_BY_HAND,
        )
    # It ends after the part with which that is reached, which may be long.
    return done.stdout[:REPORT_LIMIT]


def _copy(directory: Path, build: Manifest, path: str, target: Path, progress: Progress) -> None:
    """Copy a file out of a build's image. Raises as ``examine`` does."""

    def at(disk: Filesystem) -> None:
        target.write_bytes(disk.read_bytes(path))

    image = require_image(directory, build, progress)
    progress.phase(INSPECTION)
    look = Look(at, type(None), lambda _: ())
    examine(image, build.image.format, look, build.image.sha256, progress)
