"""What the element guest-hygiene removes."""

import os
import subprocess
from pathlib import Path

from element_files import OURS

from builder.linux import hygiene, identities


def test_the_element_removes_what_the_inspections_forbid(tmp_path: Path) -> None:
    """All but apt's downloads: there the package cache lies, which is no part of the image."""
    patterns = {*identities.IDENTITIES, *hygiene.LEFTOVERS} - {"/var/cache/apt/archives/*.deb"}
    for pattern in (*patterns, "/var/log/x", "/etc/machine-id", "/run/x"):
        path = tmp_path / pattern.replace("*", "a_b-proxy_lease_key").lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("something")
    script = OURS / "guest-hygiene/cleanup.d/99-guest-hygiene"
    environment = {"TARGET_ROOT": str(tmp_path), "PATH": os.defpath}
    subprocess.run([script], env=environment, check=True)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size] == []
