"""Builds whose reports are looked at, as text and in a browser."""

from samples import SHA256, WHEN, complete, evidence, manifest, plan

from builder.feature import Outcome
from builder.store.manifest import Manifest
from builder.store.sections import Adopted, BootRecord, Package, Published, UnprovenClaim

PLAN = plan("pinned-scsi")
HOSTILE = '</pre><script>alert(1)</script><img src=x onerror=alert(2)>" onclick="alert(3)'


def record(name: str = "bios", sha256: str = SHA256) -> BootRecord:
    return BootRecord(
        name=name, accelerator="tcg", until_ssh=70, probes=12, image_sha256=sha256, at=WHEN
    )


def proven() -> Manifest:
    return manifest(PLAN).with_evidence(complete(PLAN), [record(boot.name) for boot in PLAN.boots])


def publication(text: str = "debian-12") -> Published:
    return Published(
        cloud="prod",
        endpoint="https://glance.example",
        project="p" * 32,
        image="8d2f0d3e-0000-4000-8000-000000000000",
        name=text,
        visibility="shared",
        members=(text,),
        protected=True,
        tags=(text,),
        min_disk=2,
        min_ram=512,
        properties={text: text},
        on_inspection=("hw_watchdog_action",),
        dropped=("os_admin_user",),
        unchecked=("console/login",),
        at=WHEN,
    )


def hostile() -> Manifest:
    """A build in which everything that comes from a guest or a mirror attacks the reader."""
    results = [
        evidence(check.check, outcome, boot=check.boot, seen=HOSTILE)
        for check, outcome in zip(complete(PLAN), [*Outcome] * 99, strict=False)
    ]
    lacks = UnprovenClaim(property=HOSTILE, value=HOSTILE, owner=HOSTILE, reason=HOSTILE, checks=())
    packages = (Package(name=HOSTILE, version=HOSTILE, architecture=HOSTILE, installed_size=9),)
    return manifest(
        PLAN,
        packages=packages,
        unpackaged={HOSTILE: 1 << 20},
        hooks={HOSTILE: 1.0},
        tools={HOSTILE: HOSTILE},
        published=(publication(HOSTILE),),
        adopted=Adopted(source=HOSTILE, lacking=(lacks,), limits=(HOSTILE,)),
    ).with_evidence(results, [record(boot.name) for boot in PLAN.boots])
