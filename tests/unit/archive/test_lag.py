"""Which security updates packages lack, by dpkg's order of versions."""

from datetime import timedelta

import pytest
from samples import WHEN

from builder.archive.dates import Since
from builder.archive.lag import Missing, missing, newest, unknown_packages
from builder.store.sections import Package

DAY = timedelta(days=1)


def package(name: str, version: str, architecture: str = "amd64") -> Package:
    return Package(name=name, version=version, architecture=architecture, installed_size=1)


def lacking(installed: str, *fixed: str) -> list[tuple[str, str]]:
    listed = [f"Package: vim\nVersion: {version}\nArchitecture: amd64" for version in fixed]
    found = missing([package("vim", installed)], newest(listed), {})
    return [(update.installed, update.fixed) for update in found]


def test_an_earlier_version_lacks_the_update() -> None:
    assert lacking("9.0-1", "9.0-1+deb12u1") == [("9.0-1", "9.0-1+deb12u1")]


@pytest.mark.parametrize("installed", ["9.0-1+deb12u1", "9.0-2", "1:1.0"])
def test_the_same_or_a_later_version_lacks_nothing(installed: str) -> None:
    assert lacking(installed, "9.0-1+deb12u1") == []


def test_an_epoch_orders_versions() -> None:
    assert lacking("9.0-1", "2:0.1-1") == [("9.0-1", "2:0.1-1")]
    assert lacking("2:0.1-1", "9.0-1") == []


def test_the_newest_of_several_versions_of_an_index_counts() -> None:
    assert lacking("1.9", "1.10", "1.11", "1.2") == [("1.9", "1.11")]


def test_what_no_security_update_is_of_lacks_nothing() -> None:
    assert [*missing([package("zstd", "1")], {"vim": "2"}, {})] == []


def test_a_name_with_an_architecture_is_the_same_package() -> None:
    (update,) = missing([package("libc6:amd64", "2.36-9")], {"libc6": "2.36-9+deb12u1"}, {})
    assert update.package == "libc6"


def test_an_update_is_lacking_since_the_first_that_is_later_than_what_is_installed() -> None:
    dates = {
        ("vim", "0.9"): Since(WHEN - 90 * DAY, dated=True),
        ("vim", "1.1"): Since(WHEN - 20 * DAY, dated=True),
        ("vim", "1.2"): Since(WHEN - DAY, dated=True),
        ("zstd", "2"): Since(WHEN - 80 * DAY, dated=True),
    }
    (update,) = missing([package("vim", "1.0")], {"vim": "1.2"}, dates)
    assert update.since == dates["vim", "1.1"]
    assert update.told(WHEN).startswith("vim 1.0 -> 1.2: there for 20 days, since 2025-12-13")
    (update,) = missing([package("vim", "1.1")], {"vim": "1.2"}, dates)
    assert update.since == dates["vim", "1.2"]


def of_age(span: timedelta, *, dated: bool = True) -> Missing:
    return Missing("vim", "1", "2", Since(WHEN - span, dated=dated))


def test_an_update_is_older_than_a_limit_or_not_or_nobody_knows() -> None:
    assert of_age(8 * DAY).older_than(7 * DAY, WHEN) is True
    assert of_age(6 * DAY).older_than(7 * DAY, WHEN) is False
    assert of_age(8 * DAY, dated=False).older_than(7 * DAY, WHEN) is True
    assert of_age(6 * DAY, dated=False).older_than(7 * DAY, WHEN) is None
    assert Missing("vim", "1", "2").older_than(7 * DAY, WHEN) is None
    assert "6 days or more" in of_age(6 * DAY, dated=False).note(WHEN)
    assert Missing("vim", "1", "2").note(WHEN) == "of unknown age"


def test_what_no_index_tells_of_is_unknown() -> None:
    packages = [package("a", "1"), package("b", "1", "all")]
    assert [*unknown_packages(packages, "amd64")] == []
    assert [*unknown_packages([*packages, package("c", "1", "i386")], "amd64")] == [
        "Packages of i386 were not asked for: the sources are of amd64."
    ]
    assert [*unknown_packages([package("d", "nonsense")], "amd64")] == [
        "d nonsense is not a version of a Debian package."
    ]
