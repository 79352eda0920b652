"""What apt is told for the time of a build."""

from builder.build.apt_settings import apt_settings
from builder.build.recompressed_packages import APT_SETTING
from builder.store.sections import Package


def package(name: str, version: str, architecture: str) -> Package:
    return Package(name=name, version=version, architecture=architecture, installed_size=1)


def test_a_usual_build_tells_apt_where_quick_packages_are() -> None:
    assert apt_settings((), snapshot=False) == {"apt.conf": APT_SETTING}


def test_the_sources_of_a_snapshot_have_no_age() -> None:
    assert apt_settings((), snapshot=True) == {
        "apt.conf": f'{APT_SETTING}Acquire::Check-Valid-Until "false";\n'
    }


def test_pinned_packages_are_taken_in_their_versions_even_where_a_later_one_is_there() -> None:
    pins = (
        package("libc6:amd64", "2.36-9+deb12u1", "amd64"),
        package("adduser", "1:3.134~rc1", "all"),
    )
    assert (
        apt_settings(pins, snapshot=False)["preferences"]
        == """\
Package: libc6:amd64
Pin: version 2.36-9+deb12u1
Pin-Priority: 1001

Package: adduser
Pin: version 1:3.134~rc1
Pin-Priority: 1001
"""
    )
