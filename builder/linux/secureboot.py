"""Who signed the programs that UEFI starts, as Secure Boot judges it.

Sources: UEFI 2.10, 32.5 (programs carry Authenticode signatures, whose dates do not count), and
shim's ``cert.S`` and ``shim.c``: the authorities that a shim trusts besides the firmware's are in
its section ``.vendor_cert``, as one certificate or as an EFI signature list.
"""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.feature import CheckFailed

if TYPE_CHECKING:
    from lief import PE

_REMEDY = "install the distribution's own signed package"

MICROSOFT = {
    "48e99b991f57fc52f76149599bff0a58c47154229b9f8d603ac40d3500248507": "UEFI CA 2011",
    "f6124e34125bee3fe6d79a574eaa7b91c0e7bd9d929c1a321178efd611dad901": "UEFI CA 2023",
}
"""Microsoft's authorities for the boot loaders of others, by their certificates' SHA-256."""

_VENDOR_SECTION = ".vendor_cert"
_VENDOR_TABLE = struct.Struct("<4I")  # sizes, then offsets, of what is trusted and what is revoked
_DER_SEQUENCE = b"\x30\x82"
_LIST = struct.Struct("<16s3I")  # EFI_SIGNATURE_LIST: type, its size, a header's, one entry's
_X509 = bytes.fromhex("a159c0a5e494a74a87b5ab155c2bf072")  # EFI_CERT_X509_GUID
_OWNER_SIZE = 16


@dataclass(frozen=True)
class Authority:
    """A certificate that may vouch for the signers of programs, in DER."""

    certificate: bytes


@dataclass(frozen=True)
class Program:
    """A program for UEFI: the authorities among its signatures' certificates, and its signers."""

    path: str
    data: bytes

    def microsoft_authorities(self) -> tuple[str, ...]:
        """The names of Microsoft's authorities that vouch for it; every one of them suffices.

        Raises ``CheckFailed`` where none does.
        """
        binary = self._signed()
        carried = [
            Authority(bytes(certificate.raw))
            for signature in binary.signatures
            for certificate in signature.certificates
        ]
        names = [
            name
            for authority in carried
            if (name := MICROSOFT.get(hashlib.sha256(authority.certificate).hexdigest()))
            and _signers(binary, [authority])
        ]
        if not names:
            raise CheckFailed(
                f"{self.path} is not signed under an authority of Microsoft's, which firmware "
                f"trusts, but by {_names(binary)}; {_REMEDY}"
            )
        return tuple(names)

    def signer(self, authorities: Sequence[Authority]) -> str:
        """The common name of a signer that one of the authorities vouches for.

        Raises ``CheckFailed`` where there is none.
        """
        binary = self._signed()
        signers = _signers(binary, authorities)
        if not signers:
            raise CheckFailed(
                f"{self.path} is signed by {_names(binary)}, whom its shim does not trust; "
                f"{_REMEDY}"
            )
        return signers[0]

    def vendor_authorities(self) -> tuple[Authority, ...]:
        """The authorities that this program, a shim, trusts besides the firmware's.

        Raises ``CheckFailed`` where it is not a shim, or one that trusts nobody.
        """
        binary = self._parsed()  # named, because LIEF's iterators do not keep it alive
        for section in binary.sections:
            name = section.coff_string.string if section.coff_string else section.name
            if name == _VENDOR_SECTION:
                content = bytes(section.content)
                size, _, offset, _ = _VENDOR_TABLE.unpack_from(content)
                found = tuple(_certificates(content[offset : offset + size]))
                if found:
                    return found
        raise CheckFailed(f"{self.path} is not a shim: it carries no authority of its distribution")

    def _parsed(self) -> "PE.Binary":
        import lief  # noqa: PLC0415 - takes a second, and a plan needs none of it

        lief.logging.disable()  # it writes to the terminal what it finds odd
        binary = lief.PE.parse(self.data)
        if binary is None:
            raise CheckFailed(f"{self.path} is not a program for UEFI")
        return binary

    def _signed(self) -> "PE.Binary":
        """Parse the program, whose every signature must be of these very bytes."""
        from lief import PE  # noqa: PLC0415

        binary = self._parsed()
        if not list(binary.signatures):
            raise CheckFailed(f"{self.path} is not signed; {_REMEDY}")
        for signature in binary.signatures:
            checks = PE.Signature.VERIFICATION_CHECKS.SKIP_CERT_TIME
            found = binary.verify_signature(signature, checks)
            if found != PE.Signature.VERIFICATION_FLAGS.OK:
                raise CheckFailed(
                    f"{self.path} has been changed since it was signed ({found.name}); {_REMEDY}"
                )
        return binary


def _signers(binary: "PE.Binary", authorities: Sequence[Authority]) -> list[str]:
    from lief import PE  # noqa: PLC0415

    trusted = [
        certificate
        for authority in authorities
        for certificate in PE.x509.parse(list(authority.certificate))
    ]
    flags = PE.x509.VERIFICATION_FLAGS
    dates = flags.BADCERT_EXPIRED.value | flags.BADCERT_FUTURE.value
    return [
        _common_name(signer.cert)
        for signature in binary.signatures
        for signer in signature.signers
        if signer.cert is not None
        and any(not signer.cert.is_trusted_by([authority]).value & ~dates for authority in trusted)
    ]


def _names(binary: "PE.Binary") -> str:
    signers = [signer for signature in binary.signatures for signer in signature.signers]
    return " and ".join(_common_name(signer.cert) for signer in signers if signer.cert is not None)


def _common_name(certificate: "PE.x509") -> str:
    return str(certificate.subject).rpartition("CN=")[2]


def _certificates(trusted: bytes) -> Iterator[Authority]:
    if trusted.startswith(_DER_SEQUENCE):
        yield Authority(trusted)
        return
    while len(trusted) > _LIST.size:
        kind, size, header, entry = _LIST.unpack_from(trusted)
        if not _LIST.size < size <= len(trusted) or not entry:
            return
        if kind == _X509:
            for start in range(_LIST.size + header, size, entry):
                yield Authority(trusted[start + _OWNER_SIZE : start + entry])
        trusted = trusted[size:]
