"""Licences' names become expressions that SPDX knows, and lose nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from license_expression import get_spdx_licensing

from builder.sbom.licences import licence_of

LICENSING = get_spdx_licensing()


@pytest.mark.parametrize(
    ("names", "expression"),
    [
        (["Expat"], "MIT"),
        (["GPL-2+"], "GPL-2.0-or-later"),
        (["GPL-2.0+"], "GPL-2.0-or-later"),
        (["GPL-3"], "GPL-3.0-only"),
        (["LGPL-2.1"], "LGPL-2.1-only"),
        (["GFDL-NIV-1.3+"], "GFDL-1.3-no-invariants-or-later"),
        (["LGPLv2+"], "LGPL-2.0-or-later"),
        (["BSD-3-clause"], "BSD-3-Clause"),
        (["Apache-2"], "Apache-2.0"),
        (["ASL 2.0"], "Apache-2.0"),
        (["CC-BY-SA-4"], "CC-BY-SA-4.0"),
        (["GPL-2"], "GPL-2.0-only"),
        (["apache-2.0 with LLVM-exception"], "Apache-2.0 WITH LLVM-exception"),
        (["Apache-2.0 with LLVM exception"], "Apache-2.0 WITH LLVM-exception"),
        (["GPL-1+ or Artistic"], "GPL-1.0-or-later OR Artistic-1.0"),
        (["GPLv2+ and MIT"], "GPL-2.0-or-later AND MIT"),
        (["GPL-2 or MIT, and ISC"], "(GPL-2.0-only OR MIT) AND ISC"),
        (["MIT", "GPL-1+ or Artistic"], "(GPL-1.0-or-later OR Artistic-1.0) AND MIT"),
        (["MIT", "Expat", " MIT "], "MIT"),
        (["public-domain"], "LicenseRef-public-domain"),
        (["LGPL-1"], "LicenseRef-LGPL-1"),
        (["MIT and (ISC or Zlib)"], "LicenseRef-MIT-and-ISC-or-Zlib"),
        (["LicenseRef-scancode-ams-fonts"], "LicenseRef-scancode-ams-fonts"),
        (["***"], "LicenseRef-unnamed"),
    ],
)
def test_a_name_is_told_as_spdx_knows_it(names: list[str], expression: str) -> None:
    licence = licence_of(names)
    assert licence is not None
    assert licence.expression == expression


def test_a_name_that_spdx_does_not_know_is_kept() -> None:
    licence = licence_of(["GPL-3+ with Autoconf exception", "MIT"])
    assert licence is not None
    assert licence.references == {
        "LicenseRef-GPL-3-with-Autoconf-exception": "GPL-3+ with Autoconf exception"
    }


def test_without_a_name_there_is_no_licence() -> None:
    assert licence_of([]) is None
    assert licence_of(["", "  "]) is None


@given(st.lists(st.text(max_size=80), min_size=1, max_size=5))
def test_whatever_stands_there_is_a_valid_expression(names: list[str]) -> None:
    licence = licence_of(names)
    if licence is not None:
        unknown = LICENSING.unknown_license_keys(LICENSING.parse(licence.expression))
        assert set(unknown) <= set(licence.references)
