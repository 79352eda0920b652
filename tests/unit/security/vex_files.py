"""VEX documents with one statement, of the kinds that are understood."""

from typing import Any


def open_vex(**statement: Any) -> dict[str, Any]:
    said = {
        "vulnerability": {"name": "CVE-2026-100"},
        "products": [{"@id": "pkg:deb/debian/openssl"}],
        "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
        "status_notes": "expires 2026-12-31",
        **statement,
    }
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.org/vex/1",
        "author": "tests",
        "timestamp": "2026-01-01T00:00:00Z",
        "version": 1,
        "statements": [said],
    }


def cyclonedx(
    state: str = "not_affected",
    *,
    ref: str = "pkg:deb/debian/openssl@3.0.11-1?arch=amd64",
    expires: str | None = "2026-12-31",
) -> dict[str, Any]:
    name = "guest-image:expires"
    properties = [] if expires is None else [{"name": name, "value": expires}]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": "2026-01-01T00:00:00Z"},
        "vulnerabilities": [
            {
                "id": "CVE-2026-100",
                "analysis": {"state": state, "justification": "code_not_reachable"},
                "affects": [{"ref": ref}],
                "properties": properties,
            }
        ],
    }
