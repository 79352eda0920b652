"""Files with everything in them that trackers publish: most of it must not disturb.

The fields are those of Debian's ``tracker_service.py``, of osv.dev's export for Debian, and of
Ubuntu's security notices, in November 2026; what stands in them is made up.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from image_sources import image
from samples import SHA256, WHEN

from builder.distribution import DISTRIBUTIONS
from builder.sbom.facts import Software
from builder.security.inventory import Inventory, inventory
from builder.security.tracker_file import Tracker, read


def of_release(version: str, **more: Any) -> dict[str, Any]:
    return {
        "repositories": {"bookworm": version, "bookworm-security": version},
        "urgency": "not yet assigned",
        **more,
    }


DEBIAN = {
    "openssl": {
        "CVE-2026-1": {
            "description": 'A "hole" in \\ of é',
            "debianbug": 1099999,
            "scope": "remote",
            "releases": {
                "bookworm": of_release("3.0.11-1", status="resolved", fixed_version="3.0.16-1"),
                "sid": of_release("3.5.0-1", status="resolved", fixed_version="3.5.0-1"),
            },
        },
        "CVE-2026-2": {
            "releases": {
                "bookworm": of_release(
                    "3.0.11-1",
                    status="open",
                    nodsa="Minor issue; can be fixed in a point release",
                    nodsa_reason="postponed",
                    next_point_update=True,
                )
            }
        },
        "CVE-2026-3": {
            "scope": "local",
            "releases": {
                "bookworm": of_release("3.0.11-1", status="resolved", fixed_version="0")
                | {"urgency": "unimportant"},
                "bullseye": of_release("1.1.1w-0", status="open") | {"urgency": "end-of-life"},
            },
        },
        "TEMP-0000000-0A1B2C": {
            "releases": {"bookworm": of_release("3.0.11-1", status="undetermined")}
        },
    }
}


def affected(ecosystem: str, name: str, *events: dict[str, str], **more: Any) -> dict[str, Any]:
    return {
        "package": {
            "ecosystem": ecosystem,
            "name": name,
            "purl": f"pkg:deb/debian/{name}?arch=source",
        },
        "ranges": [{"type": "ECOSYSTEM", "events": [*events]}],
        "database_specific": {"source": "https://osv.example/x.json"},
        **more,
    }


FROM_0 = {"introduced": "0"}
COMMON = {
    "schema_version": "1.9.0",
    "published": "0001-01-01T00:00:00Z",
    "modified": "2026-01-01T11:00:05.986201214Z",
    "details": "A hole.",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}, {"type": "Ubuntu", "score": "low"}],
    "references": [{"type": "ADVISORY", "url": "https://tracker.example/CVE-2026-1"}],
}
OSV = [
    {
        **COMMON,
        "id": "DEBIAN-CVE-2026-1",
        "upstream": ["CVE-2026-1"],
        "affected": [
            affected(
                "Debian:12",
                "openssl",
                FROM_0,
                versions=["3.0.9-1", "3.0.11-1"],
                ecosystem_specific={"urgency": "not yet assigned"},
            ),
            affected("Debian:13", "openssl", FROM_0, {"fixed": "3.5.0-1"}),
            {
                "package": {"ecosystem": "Debian:12", "name": "vim"},
                "ranges": [{"type": "GIT", "repo": "https://git.example", "events": [FROM_0]}],
            },
        ],
    },
    {
        **COMMON,
        "id": "DSA-9999-1",
        "upstream": ["CVE-2026-1", "DEBIAN-CVE-2026-1"],
        "affected": [affected("Debian:12", "openssl", FROM_0, {"fixed": "3.0.16-1"})],
    },
]
FOR_PAY = {"availability": "Available with Ubuntu Pro", "binaries": []}
UBUNTU = [
    {
        **COMMON,
        "id": "UBUNTU-CVE-2026-1",
        "aliases": [],
        "upstream": ["CVE-2026-1"],
        "related": ["USN-9999-1"],
        "affected": [
            affected(
                "Ubuntu:Pro:24.04:LTS",
                "vim",
                FROM_0,
                {"fixed": "2:9.1-2+esm1"},
                ecosystem_specific=FOR_PAY,
            ),
            affected(
                "Ubuntu:24.04:LTS",
                "openssl",
                FROM_0,
                {"fixed": "3.0.13-1"},
                versions=["3.0.10-1", "3.0.11-1"],
                ecosystem_specific={
                    "availability": "No subscription required",
                    "binaries": [{"binary_name": "libssl3", "binary_version": "3.0.13-1"}],
                },
            ),
        ],
    },
    {
        **COMMON,
        "id": "USN-9999-1",
        "upstream": ["UBUNTU-CVE-2026-1"],
        "related": [],
        "affected": [affected("Ubuntu:24.04:LTS", "openssl", FROM_0, {"fixed": "3.0.13-1"})],
    },
]


ROCKY = [
    {
        **COMMON,
        "id": "RLSA-2026:1",
        "upstream": ["CVE-2026-1"],
        "affected": [
            affected("Rocky Linux:8", "openssl", FROM_0, {"fixed": "1:1.1.1k-14.el8_6"}),
            affected("Rocky Linux:9", "openssl", FROM_0, {"fixed": "1:3.5.1-7.el9_7.1"}),
            affected("Rocky Linux:9", "vim", FROM_0, {"fixed": "2:8.2.2637-20.el9_1"}),
            affected("Rocky Linux:9", "zlib", FROM_0, {"fixed": "0:1.2.11-41.el9"}),
        ],
    }
]
SUSE = [
    {
        **COMMON,
        "id": "openSUSE-SU-2026:1-1",
        "related": ["CVE-2026-1"],
        "upstream": ["CVE-2026-1"],
        "affected": [
            affected("openSUSE:Leap 15.6", "zlib", FROM_0, {"fixed": "1.2.13-150500.4.6.1"}),
            affected("openSUSE:Tumbleweed", "zlib", FROM_0),
        ],
    }
]


def rpm_image(distribution: str, *packages: Software) -> Inventory:
    return inventory(packages, DISTRIBUTIONS[distribution], SHA256)


def told(path: Path, data: object, distribution: str = "debian-12") -> tuple[Tracker, list[str]]:
    path.write_text(json.dumps(data, separators=(",", ":")))
    tracker = read(path, image(distribution), now=WHEN)
    return tracker, [f"{finding.name} {finding.told}" for finding in tracker.findings]


def test_debians_tracker(tmp_path: Path) -> None:
    tracker, findings = told(tmp_path / "tracker.json", DEBIAN)
    assert (tracker.kind, tracker.known) == ("Debian security tracker", 4)
    assert findings == [
        "CVE-2026-1 3.0.11-1, fixed in 3.0.16-1",
        "CVE-2026-2 3.0.11-1, no fix, postponed",
        "TEMP-0000000-0A1B2C 3.0.11-1, no fix, undetermined",
    ]


@pytest.mark.parametrize(
    ("data", "distribution", "expected"),
    [
        (OSV, "debian-12", "CVE-2026-1 3.0.11-1, no fix"),
        (UBUNTU, "ubuntu-24.04", "CVE-2026-1 3.0.11-1, fixed in 3.0.13-1"),
    ],
)
def test_osv_of_debian_and_of_ubuntu(
    data: object, distribution: str, expected: str, tmp_path: Path
) -> None:
    tracker, findings = told(tmp_path / "osv.json", data, distribution)
    assert (tracker.kind, tracker.known) == ("OSV", 2)
    assert f"{tracker.of:%Y-%m-%d %H:%M}" == "2026-01-01 11:00"
    assert findings == [expected]


def test_osv_of_rocky_linux_has_an_epoch_that_a_source_s_file_does_not_tell(tmp_path: Path) -> None:
    rocky = rpm_image(
        "rocky-9",
        Software("openssl-libs", "1:3.5.1-4.el9_7", "", 0, "openssl", "3.5.1-4.el9_7"),
        Software("vim-minimal", "2:8.2.2637-22.el9_6", "", 0, "vim", "8.2.2637-22.el9_6"),
        Software("zlib", "1.2.11-40.el9", "", 0, "zlib", "1.2.11-40.el9"),
    )
    path = tmp_path / "osv.json"
    path.write_text(json.dumps(ROCKY))
    tracker = read(path, rocky, now=WHEN)
    assert tracker.known == 1
    assert [f"{finding.source.name} {finding.told}" for finding in tracker.findings] == [
        "openssl 1:3.5.1-4.el9_7, fixed in 1:3.5.1-7.el9_7.1",
        "zlib 1.2.11-40.el9, fixed in 0:1.2.11-41.el9",
    ]
    assert {finding.name for finding in tracker.findings} == {"RLSA-2026:1"}
    assert tracker.findings[0].covers == {"CVE-2026-1"}


@pytest.mark.parametrize(("version", "count"), [("1.2.13-150500.4.3.1", 1), ("1.2.13-160000.1", 0)])
def test_osv_of_opensuse(version: str, count: int, tmp_path: Path) -> None:
    suse = rpm_image("opensuse-15.6", Software("libz1", version, "", 0, "zlib", version))
    path = tmp_path / "osv.json"
    path.write_text(json.dumps(SUSE))
    assert len(read(path, suse, now=WHEN).findings) == count
