"""An image's facts, for bills of materials."""

from datetime import UTC, datetime

from builder.sbom.facts import Contents, LooseFile, Software, Subject

SUBJECT = Subject(
    profile="base",
    version="20261122T101500Z-3f9c2a",
    created=datetime(2026, 11, 22, 10, 15, tzinfo=UTC),
    file="image.qcow2",
    sha256="5" * 64,
    sha512="6" * 128,
    os_distro="debian",
    os_version="12",
    program_version="0.1.0",
)

PACKAGES = (
    Software(
        name="libc6:amd64",
        version="2.36-9+deb12u10",
        architecture="amd64",
        source="glibc",
        source_version="2.36-9+deb12u10",
        supplier="GNU Libc Maintainers <debian-glibc@example.org>",
        licences=("GFDL-1.3", "LGPL-2.1+", "public-domain"),
    ),
    Software(
        name="libc6:i386",
        version="2.36-9+deb12u10",
        architecture="i386",
        source="glibc",
        source_version="2.36-9+deb12u10",
        supplier="GNU Libc Maintainers <debian-glibc@example.org>",
    ),
    Software(
        name="bsdutils",
        version="1:2.38.1-5",
        architecture="amd64",
        source="util-linux",
        source_version="2.38.1-5",
        supplier="Chris Hofstaedtler <zeha@example.org>",
        licences=("GPL-2+", "LGPL-3+ or GPL-2+"),
    ),
    Software(
        name="vendor-tool",
        version="1.0",
        architecture="all",
        source="vendor-tool",
        source_version="1.0",
        supplier="Vendor Inc <https://example.org/tool>",
        licences=("Read the (long) text",),
    ),
)

FILES = (
    LooseFile("/etc/machine-id", "a" * 40, "b" * 64),
    LooseFile("/usr/lib/caf\\xe9 \u202e", "c" * 40, "d" * 64),
    LooseFile("/usr/lib/caf-xe9-", "c" * 40, "d" * 64),
)

CONTENTS = Contents("deb", PACKAGES, FILES)

RPMS = Contents(
    "rpm",
    (
        Software(
            name="bind",
            version="32:9.16.23-1.el9",
            architecture="x86_64",
            source="bind",
            source_version="9.16.23-1.el9",
            supplier="Rocky Enterprise Software Foundation",
            licences=("MPLv2.0",),
        ),
        Software(name="kernel", version="5.14.0-1.el9", architecture="x86_64", supplier="Rocky"),
        Software(name="kernel", version="5.14.0-2.el9", architecture="x86_64", supplier="Rocky"),
    ),
    FILES,
)
