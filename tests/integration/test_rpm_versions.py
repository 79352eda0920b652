"""libsolv's order of versions, which decides what is an update, against rpm's own."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.archive.rpm.libsolv import load_libsolv
from builder.archive.rpm.solving import Order

pytestmark = [pytest.mark.integration, pytest.mark.program("rpm")]

parts = st.text(alphabet="0129ab.~^_+", min_size=1, max_size=6)
versions = st.builds(
    lambda epoch, version, release: f"{epoch}{version}-{release}",
    st.sampled_from(["", "1:", "2:", "10:"]), parts, parts,
)  # fmt: skip


def newer_by_rpm(first: str, second: str) -> bool:
    """Whether the first version is newer, by rpm's own function for Lua."""
    asked = f"%{{lua:print(rpm.vercmp('{first}', '{second}'))}}"
    done = subprocess.run(["rpm", "--eval", asked], capture_output=True, text=True, check=True)
    return done.stdout.strip() == "1"


@settings(max_examples=300, deadline=None)
@given(versions, versions)
def test_libsolv_orders_versions_as_rpm_does(first: str, second: str) -> None:
    assert Order(load_libsolv()).newer(first, second) == newer_by_rpm(first, second)


@pytest.mark.parametrize(
    ("older", "later"),
    [
        ("1.0~rc1-1", "1.0-1"),
        ("1.0-1", "1.0^git1-1"),
        ("1.0^git1-1", "1.0.1-1"),
        ("9-1", "1:0-1"),
        ("1.9-1", "1.10-1"),
        ("1-1.el9", "1-1.el9_4"),
        ("1-1.el9_4", "1-2.el9"),
    ],
)
def test_the_well_known_cases_are_in_order(older: str, later: str) -> None:
    newer = Order(load_libsolv()).newer
    assert (newer(later, older), newer(older, later)) == (True, False)
    assert (newer_by_rpm(later, older), newer_by_rpm(older, later)) == (True, False)
