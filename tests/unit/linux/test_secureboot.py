"""Who signed a program for UEFI, and who vouches for its signer."""

import pytest
from signed import Identity, identity, program, shim, sign, signature_list

from builder.feature import CheckFailed
from builder.linux.secureboot import Authority, Program

pytestmark = pytest.mark.program("sbsign")


@pytest.fixture(scope="module")
def vendor() -> Identity:
    return identity("Vendor CA")


@pytest.fixture(scope="module")
def signer(vendor: Identity) -> Identity:
    return identity("Vendor Signer", vendor)


def test_an_authority_vouches_for_those_whose_certificates_it_has_signed(
    vendor: Identity, signer: Identity
) -> None:
    signed = Program("/program", sign(program(), signer))
    assert signed.signer([Authority(vendor.der)]) == "Vendor Signer"
    namesake = identity("Vendor CA")
    with pytest.raises(CheckFailed, match="whom its shim does not trust"):
        signed.signer([Authority(namesake.der)])


def test_one_of_several_signatures_suffices(vendor: Identity, signer: Identity) -> None:
    other = identity("Somebody", identity("Somebody's CA"))
    signed = Program("/program", sign(program(), other, signer))
    assert signed.signer([Authority(vendor.der)]) == "Vendor Signer"


def test_firmware_knows_no_dates_so_an_expired_signer_is_as_good(vendor: Identity) -> None:
    expired = identity("Former Signer", vendor, expired=True)
    signed = Program("/program", sign(program(), expired))
    assert signed.signer([Authority(vendor.der)]) == "Former Signer"


def test_a_shim_s_authority_is_a_certificate_or_a_list_of_them(vendor: Identity) -> None:
    other = identity("Other CA")
    assert Program("/shim", shim(vendor.der)).vendor_authorities() == (Authority(vendor.der),)
    lists = signature_list(other.der, vendor.der)
    found = Program("/shim", shim(lists)).vendor_authorities()
    assert found == (Authority(other.der), Authority(vendor.der))


@pytest.mark.parametrize("damage", [b"", b"\0" * 100, signature_list(b"x" * 50)[:60]])
def test_a_shim_with_a_damaged_list_trusts_nobody(damage: bytes) -> None:
    with pytest.raises(CheckFailed, match="carries no authority"):
        Program("/shim", shim(damage)).vendor_authorities()
