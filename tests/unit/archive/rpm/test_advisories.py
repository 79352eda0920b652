import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.archive.rpm import advisories
from builder.archive.rpm.advisories import Fix, moment_of, security_fixes, version_of

# As Rocky Linux and openSUSE write them, shortened.
UPDATES = b"""<?xml version="1.0" encoding="UTF-8"?>
<updates>
  <update from="releng" status="final" type="security" version="2">
    <id>RLSA-2024:1</id>
    <title>Important: openssl security update</title>
    <issued date="2024-05-06 03:04:05"/>
    <updated date="2024-06-07 01:02:03"/>
    <description>Text with &lt;marks&gt; and more.</description>
    <pkglist><collection short="x"><name>x</name>
      <package name="openssl" version="3.0.7" release="28.el9" epoch="1" arch="x86_64" src="o.rpm">
        <filename>openssl-3.0.7-28.el9.x86_64.rpm</filename>
      </package>
      <package name="openssl-libs" version="3.0.7" release="28.el9" epoch="0" arch="i686"/>
    </collection></pkglist>
  </update>
  <update type="bugfix"><issued date="1714964645"/>
    <pkglist><collection>
      <package name="tool" version="2" release="1" arch="noarch"/>
    </collection></pkglist>
  </update>
  <update type="security"><issued date="soon"/>
    <pkglist><collection>
      <package name="zlib" version="2" release="1" arch="noarch"/>
    </collection></pkglist>
  </update>
</updates>
"""


def test_the_fixes_of_security_advisories_are_found_with_their_days() -> None:
    issued = datetime(2024, 5, 6, 3, 4, 5, tzinfo=UTC)
    assert list(security_fixes(io.BytesIO(UPDATES))) == [
        Fix("openssl", "1:3.0.7-28.el9", "x86_64", issued),
        Fix("openssl-libs", "3.0.7-28.el9", "i686", issued),
        Fix("zlib", "2-1", "noarch", None),
    ]


@pytest.mark.parametrize(
    ("document", "why"),
    [(b"", "not XML"), (UPDATES[:-20], "not XML"), (b"<html></html>", "<html>")],
)
def test_what_is_no_index_of_updates_is_refused(document: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        list(security_fixes(io.BytesIO(document)))


def test_an_index_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisories, "ADVISORY_LIMIT", 2)
    with pytest.raises(ValueError, match="more than 2 packages"):
        list(security_fixes(io.BytesIO(UPDATES)))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-05-06 03:04:05", datetime(2024, 5, 6, 3, 4, 5, tzinfo=UTC)),
        ("2024-05-06T05:04:05+02:00", datetime(2024, 5, 6, 3, 4, 5, tzinfo=UTC)),
        ("2024-05-06", datetime(2024, 5, 6, tzinfo=UTC)),
        ("1714964645", datetime(2024, 5, 6, 3, 4, 5, tzinfo=UTC)),
        ("99999999999999", None),
        ("99999999999", datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)),
        ("", None),
        ("yesterday", None),
    ],
)
def test_dates_are_read_as_advisories_write_them(text: str, moment: datetime | None) -> None:
    assert moment_of(text) == moment


@given(st.text())
def test_no_date_disturbs_the_reading(text: str) -> None:
    moment = moment_of(text)
    assert moment is None or moment.tzinfo is not None


def test_an_epoch_of_zero_is_none() -> None:
    assert version_of("0", "1", "2") == version_of("", "1", "2") == "1-2"
    assert version_of("3", "1", "2") == "3:1-2"
