"""Builds of a few megabytes with complete evidence, as if they had been built and proven."""

import json
import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from builder.feature import Outcome
from builder.features.registry import shipped
from builder.plan.merge import make_plan
from builder.plan.model import Plan, to_json
from builder.profile.load import load
from builder.sbom.facts import Contents, Software
from builder.sbom.write import packages_of, subject_of, write_bills
from builder.store.disk_files import image_file
from builder.store.manifest import Manifest, write
from builder.store.sections import Evidence
from builder.store.verdict import expected

MIB = 1024 * 1024

CONTENTS = Contents("deb", (Software("zstd", "1", "amd64", installed_size=1800),), ())


def small_image(path: Path, size: int = 2 * MIB) -> None:
    """Make a qcow2 of about ``size`` bytes that cannot be compressed."""
    raw = path.with_suffix(".raw")
    raw.write_bytes(os.urandom(size))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, path], check=True)
    raw.unlink()


def small_build(
    dist: Path,
    *,
    profile: str = "pinned-scsi",
    age: timedelta = timedelta(0),
    size: int = 2 * MIB,
    image: Path | None = None,
    publish: dict[str, Any] | None = None,
    features: Mapping[str, Any] | None = None,
) -> Path:
    """A build directory below ``dist``, of a shipped profile with sections of one's own."""
    extended = dist / f"{profile}.yaml"
    dist.mkdir(parents=True, exist_ok=True)
    extended.write_text(
        json.dumps({"extends": profile, "publish": publish or {}, "features": features or {}}),
        encoding="utf-8",
    )
    plan = make_plan(load(str(extended), shipped()), shipped())
    return small_build_of(plan, dist, created=datetime.now(UTC) - age, size=size, image=image)


def small_build_of(
    plan: Plan,
    dist: Path,
    *,
    created: datetime,
    size: int = 2 * MIB,
    image: Path | None = None,
    **fields: Any,
) -> Path:
    """A build directory below ``dist``; ``fields`` of its manifest are others than usual."""
    created = created.replace(microsecond=0)
    name = f"{created:%Y%m%dT%H%M%SZ}-{os.urandom(3).hex()}"
    directory = dist / plan.profile / name
    directory.mkdir(parents=True)
    path = directory / "image.qcow2"
    if image is None:
        small_image(path, size)
    else:
        path.hardlink_to(image)
    file = image_file(path, "qcow2", size)
    usual: dict[str, Any] = {
        "build": name,
        "inputs": "c" * 64,
        "created": created,
        "plan": to_json(plan),
        "image": file,
        "tools": {},
        "packages": packages_of(CONTENTS),
        "timings": {},
        "hooks": {},
        "evidence": tuple(
            Evidence(
                check=check.check,
                kind="inspection" if check.boot is None else "probe",
                title=check.check,
                outcome=Outcome.PASSED,
                seen="it is so",
                image_sha256=file.sha256,
                boot=check.boot,
                at=created,
                seconds=0.1,
            )
            for check in expected(plan)
        ),
    }
    build = Manifest(**{**usual, **fields})
    bills = write_bills(directory, subject_of(build, plan), CONTENTS)
    write(directory, build.model_copy(update={"sbom": bills}))
    return directory
