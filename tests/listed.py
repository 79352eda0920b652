"""Build directories as a catalogue finds them: manifest, image, bills and report on a disk."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from reports import record
from samples import WHEN, complete, manifest, plan

from builder.catalogue.entry import Entry, entry_of
from builder.plan.model import Plan
from builder.profile.publication import Publication
from builder.report.html import html
from builder.store import manifest as store
from builder.store.build_directory import CHECKSUMS, REPORT
from builder.store.manifest import Manifest
from builder.store.sections import BootRecord, Package, SbomFile
from builder.store.verdict import verdict_of

BILLS = {"CycloneDX": "sbom.cdx.json", "SPDX": "sbom.spdx.json"}
PINNED, BASE = plan("pinned-scsi"), plan("base")


def published_as(name: str, of: Plan = PINNED, **settings: object) -> Plan:
    """A plan whose images have another public name."""
    return replace(of, publish=Publication(name=name, **settings))


def build_name(when: datetime) -> str:
    return f"{when:%Y%m%dT%H%M%SZ}-3f9c2a"


def contents(build: str) -> dict[str, bytes]:
    """The files that the manifest knows the digests of."""
    return {
        "image.qcow2": f"the image of {build}".encode(),
        **{name: f'{{"{kind} of {build}": 0}}'.encode() for kind, name in BILLS.items()},
    }


def proven_build(
    of: Plan = PINNED, days: int = 0, packages: int = 3, seconds: Sequence[float] = (24, 30)
) -> Manifest:
    """A proven build, so many days after the first one."""
    when = WHEN + timedelta(days=days)
    name = build_name(when)
    digests = {file: hashlib.sha256(data).hexdigest() for file, data in contents(name).items()}
    sha256 = digests["image.qcow2"]
    bare = manifest(of)
    image = {
        "sha256": sha256,
        "sha512": hashlib.sha512(contents(name)["image.qcow2"]).hexdigest(),
        "size": len(contents(name)["image.qcow2"]),
    }
    evidence = [result.model_copy(update={"image_sha256": sha256}) for result in complete(of)]
    boots: list[BootRecord] = [
        record(boot.name, sha256).model_copy(update={"until_ssh": until})
        for boot, until in zip(of.boots, [*seconds] * len(of.boots), strict=False)
    ]
    return bare.model_copy(
        update={
            "build": name,
            "created": when,
            "image": bare.image.model_copy(update=image),
            "packages": tuple(
                Package(name=f"p{number}", version="1.2", architecture="amd64", installed_size=9)
                for number in range(packages)
            ),
            "sbom": tuple(
                SbomFile(format=kind, name=file, sha256=digests[file])
                for kind, file in BILLS.items()
            ),
        }
    ).with_evidence(evidence, boots)


def store_build(dist: Path, build: Manifest, report: str = "") -> Path:
    """Write a build directory as a build and its proof leave it."""
    directory = dist / build.planned().profile / build.build
    directory.mkdir(parents=True)
    for name, data in contents(build.build).items():
        (directory / name).write_bytes(data)
    (directory / CHECKSUMS).write_text(f"{build.image.sha256}  {build.image.name}\n")
    (directory / "build.log").write_text("who built it, and where")
    (directory / REPORT).write_text(report or html(build, consoles={}, build_log=""))
    store.write(directory, build)
    return directory


def entry(build: Manifest, directory: Path = Path("dist")) -> Entry:
    """What a catalogue tells of it."""
    sizes = {name: len(data) for name, data in contents(build.build).items()}
    beside = (REPORT, CHECKSUMS, store.FILE_NAME)
    return entry_of(directory, build, verdict_of(build), sizes=sizes, beside=beside)
