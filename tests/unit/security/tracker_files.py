"""Files of known vulnerabilities, as trackers write them."""

import json
from pathlib import Path
from typing import Any

LACKED = "CVE-2026-100"


def debian(path: Path, **more: Any) -> Path:
    """Debian's: openssl has a vulnerability with a repair, vim one without."""
    resolved = {"status": "resolved", "fixed_version": "3.0.11-1+deb12u1", "urgency": "high"}
    data = {
        "apache2": {"CVE-2026-1": {"releases": {"bookworm": {"status": "open"}}}},
        "openssl": {
            LACKED: {"description": "a hole", "releases": {"bookworm": resolved}},
            "CVE-2026-200": {
                "releases": {"bookworm": {"status": "open", "urgency": "unimportant"}}
            },
        },
        "vim": {"CVE-2026-300": {"releases": {"bookworm": {"status": "open", "urgency": "low"}}}},
        **more,
    }
    path.write_text(json.dumps(data))
    return path


def osv_entry(number: int, modified: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    package = {"ecosystem": "Debian:12", "name": "openssl"}
    events = [{"introduced": "0"}, {"fixed": "3.0.11-1+deb12u1"}]
    return {
        "schema_version": "1.7.0",
        "id": f"DEBIAN-CVE-2026-{number}",
        "modified": modified,
        "affected": [{"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]}],
    }
