"""What trackers call the sources of installed packages."""

import pytest
from image_sources import OPENSSL, image

from builder.distribution import DISTRIBUTIONS
from builder.sbom.facts import Software
from builder.security.inventory import inventory, tracked_source


def test_packages_of_one_source_are_one() -> None:
    assert image().sources["openssl"] == (OPENSSL,)


@pytest.mark.parametrize(
    ("package", "tracked"),
    [
        (
            Software("linux-image-amd64", "6.1.176-1", "", 0, "linux-signed-amd64", "6.1.176+1"),
            ("linux", "6.1.176-1"),
        ),
        (
            Software("linux-image-6.8.0-90-generic", "6.8.0-90.91", "", 0, "linux-signed", "6.8.0"),
            ("linux", "6.8.0-90.91"),
        ),
        (
            Software("linux-image-6.8.0-1021-aws", "6.8.0-1021.23", "", 0, "linux-signed-aws", "6"),
            ("linux-aws", "6.8.0-1021.23"),
        ),
        (
            Software("linux-image-6.8.0-40", "6.8.0-40.40~22.04.1", "", 0, "linux-signed-hwe-6.8"),
            ("linux-hwe-6.8", "6.8.0-40.40~22.04.1"),
        ),
        (
            Software(
                "grub-efi-amd64-signed", "1.202+2.12-1ubuntu7", "", 0, "grub2-signed", "1.202"
            ),
            ("grub2-signed", "1.202"),
        ),
        (
            Software("grub-efi-amd64-signed", "1+2.06+13+deb12u2", ""),
            ("grub2", "2.06-13+deb12u2"),
        ),
        (Software("shim-helpers-amd64-signed", "1+16.1+2~deb12u1", ""), ("shim", "16.1-2~deb12u1")),
        (Software("zlib1g", "1:1.3-1+b1", "", 0, "zlib", "1:1.3-1"), ("zlib", "1:1.3-1")),
        (Software("zstd", "1.5", ""), ("zstd", "1.5")),
    ],
)
def test_signed_packages_are_of_the_sources_that_trackers_know(
    package: Software, tracked: tuple[str, str]
) -> None:
    assert tracked_source(package) == tracked


def test_two_kernels_are_two_versions_of_their_source() -> None:
    kernels = [Software(f"linux-image-{v}", v, "", 0, "linux-signed-amd64", v) for v in "21"]
    found = inventory(kernels, DISTRIBUTIONS["debian-12"], "").sources["linux"]
    assert [source.version for source in found] == ["1", "2"]
