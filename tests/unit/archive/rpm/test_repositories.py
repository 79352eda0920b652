import pytest

from builder.archive.rpm.repositories import archive_of
from builder.distribution import DISTRIBUTIONS
from builder.errors import HostError


def addresses(name: str) -> list[tuple[str, str]]:
    mirror = {"DIB_DISTRIBUTION_MIRROR": "https://mirror.example.org/linux/"}
    archive = archive_of(DISTRIBUTIONS[name], mirror)
    return [(repository.name, repository.address) for repository in archive.repositories]


def test_the_repositories_are_those_of_a_build() -> None:
    start = "https://mirror.example.org/linux"
    assert addresses("rocky-9") == [
        ("baseos", f"{start}/9/BaseOS/x86_64/os"),
        ("appstream", f"{start}/9/AppStream/x86_64/os"),
        ("extras", f"{start}/9/extras/x86_64/os"),
    ]
    assert addresses("opensuse-15.6") == [
        ("update", f"{start}/update/leap/15.6/oss"),
        ("oss", f"{start}/distribution/leap/15.6/repo/oss"),
    ]


def test_every_distribution_of_rpm_packages_has_its_repositories() -> None:
    for name, distribution in DISTRIBUTIONS.items():
        if distribution.package_format == "rpm":
            assert addresses(name)


@pytest.mark.parametrize("name", ["rocky-9", "opensuse-15.6"])
def test_a_mirror_that_nobody_names_leaves_it_unknown(name: str) -> None:
    with pytest.raises(HostError, match=f"Nobody names the mirror of {name}") as error:
        archive_of(DISTRIBUTIONS[name], {})
    assert "mirrors.archive in the profile or with DIB_DISTRIBUTION_MIRROR" in error.value.hint
