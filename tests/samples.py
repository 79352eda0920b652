"""Plans, manifests and evidence as tests of a finished build need them."""

from datetime import UTC, datetime
from typing import Any, Literal

from builder.feature import Outcome
from builder.features.registry import shipped
from builder.plan.merge import make_plan
from builder.plan.model import Plan, to_json
from builder.profile.load import load
from builder.store.manifest import Manifest
from builder.store.sections import Evidence, ImageFile, Observed, Package
from builder.store.verdict import expected

SHA256 = "a" * 64
OTHER_SHA256 = "b" * 64
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def plan(profile: str = "pinned-scsi") -> Plan:
    return make_plan(load(profile, shipped()), shipped())


def evidence(
    check: str,
    outcome: Outcome = Outcome.PASSED,
    *,
    boot: str | None = None,
    seen: str = "it is so",
    sha256: str = SHA256,
    kind: Literal["inspection", "probe"] | None = None,
) -> Evidence:
    return Evidence(
        check=check,
        kind=kind or ("inspection" if boot is None else "probe"),
        title=f"{check} holds",
        outcome=outcome,
        seen=seen,
        image_sha256=sha256,
        boot=boot,
        at=WHEN,
        seconds=0.5,
    )


def observed(
    check: str,
    *properties: str,
    outcome: Outcome = Outcome.PASSED,
    cloud: str = "prod",
    seen: str = "a server shows it",
    sha256: str = SHA256,
    refutes: bool = False,
) -> Observed:
    return Observed(
        check=check,
        title=f"{check} holds",
        properties=properties,
        refutes=refutes,
        outcome=outcome,
        seen=seen,
        cloud=cloud,
        endpoint=f"http://{cloud}",
        image="an-id",
        flavor="pinned-1",
        image_sha256=sha256,
        at=WHEN,
    )


def complete(of: Plan) -> tuple[Evidence, ...]:
    """Evidence of every result that the plan asks for, all passed."""
    return tuple(evidence(check.check, boot=check.boot) for check in expected(of))


def manifest(of: Plan | None = None, **fields: Any) -> Manifest:
    return Manifest(
        **{
            "build": "20260102T030405Z-3f9c2a",
            "inputs": "c" * 64,
            "created": WHEN,
            "plan": to_json(of or plan("base")),
            "image": ImageFile(
                name="image.qcow2",
                format="qcow2",
                size=300 << 20,
                virtual_size=2 << 30,
                sha256=SHA256,
                sha512="d" * 128,
            ),
            "tools": {"qemu-img": "qemu-img version 7.2"},
            "keyrings": {"/usr/share/keyrings/debian-archive-keyring.gpg": "5" * 64},
            "packages": (
                Package(name="zstd", version="1.5.4", architecture="amd64", installed_size=1800),
            ),
            "timings": {"bootstrap": 40.1, "convert": 6.0},
            "hooks": {"root.d/08-debootstrap": 24.8},
            **fields,
        }
    )
