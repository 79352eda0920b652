"""Verbs that do nothing but leave in a build directory what the real ones would: in milliseconds.

What a test has prepared (``FAKE_VERBS``, a directory) is a manifest for each image, and the
evidence of its proof. ``calls`` there is what was called; a file ``IMAGE.VERB.fails``, ``.hangs``,
``.dies``, ``.quietly``, ``.writes`` or ``.says`` changes what a verb does.
"""

import fcntl
import json
import os
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HOME = Path(os.environ["FAKE_VERBS"])
HANG = 60


def note(*words: str) -> None:
    with (HOME / "calls").open("a") as calls:
        fcntl.flock(calls, fcntl.LOCK_EX)
        calls.write(" ".join(words) + "\n")


def say(event: str, message: str, **fields: Any) -> None:
    print(json.dumps({"time": "now", "event": event, "message": message, **fields}), flush=True)


def change(directory: Path, **fields: Any) -> None:
    path = directory / "manifest.json"
    manifest = json.loads(path.read_text())
    for name, value in fields.items():
        manifest[name] = [*manifest.get(name, ()), *value]
    partial = directory / "partial"
    partial.write_text(json.dumps(manifest))
    partial.replace(path)


def build(image: str, dist: Path) -> None:
    manifest = json.loads((HOME / f"{image}.json").read_text())
    now = datetime.now(UTC)
    manifest["created"] = now.isoformat()
    manifest["build"] = f"{now:%Y%m%dT%H%M%SZ}-{os.getpid():06x}"
    directory = dist / image / manifest["build"]
    directory.mkdir(parents=True)
    (directory / manifest["image"]["name"]).write_bytes(b"an image")
    (directory / "manifest.json").write_text(json.dumps(manifest))
    latest = dist / image / "latest"
    latest.unlink(missing_ok=True)
    latest.symlink_to(directory.name)


def records(image: str, name: str, cloud: str) -> list[dict[str, Any]]:
    return [{**json.loads((HOME / f"{image}.{name}.json").read_text()), "cloud": cloud}]


def option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1] if name in words else ""


def hindered(named: str, verb: str, image: str) -> int | None:
    """The exit code of a verb that a test keeps from its work."""
    if (HOME / f"{named}.dies").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    if (HOME / f"{named}.quietly").exists():
        return 1
    if (HOME / f"{named}.hangs").exists():
        time.sleep(HANG)
    time.sleep(float(os.environ.get("FAKE_SECONDS", "0")))
    writes = HOME / f"{named}.writes"
    if writes.exists() and not has_room(Path(sys.argv[sys.argv.index("--output") + 1]), writes):
        say("error", f"{verb} of {image} failed.", details=["No space left on device."])
        return 3
    fails = HOME / f"{named}.fails"
    if not fails.exists():
        return None
    say("error", f"{verb} of {image} failed.", details=["because"], hint="Do it better.")
    return int(fails.read_text())


def has_room(directory: Path, size: Path) -> bool:
    """Write so many bytes, and remove them as a verb does that fails."""
    with tempfile.TemporaryFile(dir=directory) as file:
        try:
            os.posix_fallocate(file.fileno(), 0, int(size.read_text()))
        except OSError:
            return False
    return True


def work(verb: str, image: str, dist: Path, cloud: str) -> None:
    directory = (dist / image / "latest").resolve()
    match verb:
        case "build":
            build(image, dist)
        case "prove":
            change(directory, evidence=json.loads((HOME / f"{image}.evidence.json").read_text()))
        case "publish" | "promote":
            manifest = json.loads((directory / "manifest.json").read_text())
            if cloud not in [record["cloud"] for record in manifest["published"]]:
                change(directory, published=records(image, "published", cloud))
        case "cloud-prove":
            change(directory, observations=records(image, "observed", cloud))


def main(words: list[str]) -> int:
    if words[:2] == ["cloud", "prove"]:
        words = ["cloud-prove", *words[2:]]
    verb, subject, *_ = words
    path = Path(subject)
    image = path.stem if path.suffix == ".yaml" else path.parent.name or subject
    cloud = option(words, "--cloud") or option(words, "--to")
    named = f"{image}.{verb}{f'-{cloud}' if cloud else ''}"
    cpus = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    probes = ",".join(words[at + 1] for at, word in enumerate(words) if word == "--probe")
    note("begin", named, str(os.getpid()), cpus, probes)
    say("phase", f"{verb} at work")
    status = hindered(named, verb, image)
    if status is not None:
        return status
    if verb == "due":
        return int((HOME / f"{named}.says").read_text())
    work(verb, image, Path(option(words, "--output")), cloud)
    note("end", named, str(os.getpid()), cpus)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
