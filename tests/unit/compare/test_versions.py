import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.compare.versions import order

VERSIONS = st.from_regex(r"([0-2]:)?[0-9][0-9a-z.+~]{0,4}(-[0-9a-z.+~]{1,3})?", fullmatch=True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("9.18.33-1", "9.18.33-2"),
        ("9.9", "9.10"),
        ("2:1.0", "3:0.1"),
        ("9.18", "1:9.2"),
        ("1.0~rc1-1", "1.0-1"),
        ("3.0.15-1~deb12u1", "3.0.15-1~deb12u2"),
        ("3.0.15-1~deb12u9", "3.0.15-1"),
        ("1.0-1", "1.0-1+b2"),
    ],
)
def test_debs_are_ordered_by_epoch_upstream_version_and_revision(old: str, new: str) -> None:
    assert order(old, new, "deb") == 1
    assert order(new, old, "deb") == -1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("5.14.0-503.el9", "5.14.0-1503.el9"),
        ("32:9.16-1.el9", "33:9.11-1.el9"),
        ("9.18-1.el9", "1:1.0-1.el9"),
        ("1.0~rc1-1", "1.0-1"),
        ("1.0-1", "1.0^20260101git-1"),
        ("1.0^20260101git-1", "1.0.1-1"),
        ("1.0-1.el9", "1.0-1.el9_2"),
        ("fc-1", "1-1"),
    ],
)
def test_rpms_are_ordered_by_epoch_version_and_release(old: str, new: str) -> None:
    assert order(old, new, "rpm") == 1
    assert order(new, old, "rpm") == -1


def test_a_version_that_is_written_otherwise_is_neither_later_nor_earlier() -> None:
    assert order("1.0", "0:1.0", "deb") == 0
    assert order("1.0-1", "0:1.0-1", "rpm") == 0


@pytest.mark.parametrize("package_format", ["deb", "rpm"])
@pytest.mark.parametrize("version", ["x:1", f"{'9' * 5000}:1"])
def test_nothing_orders_what_is_no_version(version: str, package_format: str) -> None:
    assert order(version, "1.0-1", package_format) is None  # type: ignore[arg-type]


def test_nothing_orders_versions_of_an_unknown_format() -> None:
    assert order("1", "2", None) is None


@pytest.mark.program("dpkg")
@settings(max_examples=30)
@given(VERSIONS, VERSIONS)
def test_debs_are_ordered_as_dpkg_orders_them(old: str, new: str) -> None:
    def dpkg(relation: str) -> bool:
        called = subprocess.run(
            ["dpkg", "--compare-versions", new, relation, old],
            check=False,
            stderr=subprocess.DEVNULL,
        )
        return called.returncode == 0

    assert order(old, new, "deb") == int(dpkg("gt")) - int(dpkg("lt"))
