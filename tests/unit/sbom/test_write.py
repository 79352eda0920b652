"""The documents as files: named in the manifest, and the same each time."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from bills import CONTENTS, SUBJECT
from samples import manifest, plan

from builder.sbom.facts import Contents
from builder.sbom.write import packages_of, subject_of, write_bills


def test_the_manifest_gets_names_and_digests(tmp_path: Path) -> None:
    bills = write_bills(tmp_path, SUBJECT, CONTENTS)
    assert {(bill.format, bill.name) for bill in bills} == {
        ("CycloneDX", "sbom.cdx.json"),
        ("SPDX", "sbom.spdx.json"),
    }
    for bill in bills:
        content = (tmp_path / bill.name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == bill.sha256
        assert content.isascii(), "nothing in it can disturb a terminal"
        assert json.loads(content)


def test_equal_facts_are_equal_bytes_in_whatever_order_and_process(tmp_path: Path) -> None:
    bills = write_bills(tmp_path, SUBJECT, CONTENTS)
    turned = Contents("deb", CONTENTS.packages[::-1], CONTENTS.files[::-1])
    assert write_bills(tmp_path, SUBJECT, turned) == bills
    script = (
        "import sys; from pathlib import Path; from bills import CONTENTS, SUBJECT;"
        "from builder.sbom.write import write_bills;"
        "print(*(bill.sha256 for bill in write_bills(Path(sys.argv[1]), SUBJECT, CONTENTS)))"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", script, tmp_path],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == [bill.sha256 for bill in bills]


def test_the_manifest_has_the_same_packages() -> None:
    names = [package.name for package in packages_of(CONTENTS)]
    assert names == ["libc6:amd64", "libc6:i386", "bsdutils", "vendor-tool"]


def test_it_is_about_the_image_of_the_manifest() -> None:
    build = manifest(plan("pinned-scsi"))
    subject = subject_of(build, build.planned())
    assert (subject.sha256, subject.sha512) == (build.image.sha256, build.image.sha512)
    assert (subject.profile, subject.created) == ("pinned-scsi", build.created)
    assert (subject.os_distro, subject.os_version) == ("debian", "12")
