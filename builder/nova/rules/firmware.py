"""What starts a guest, and what it measures: firmware, secure boot, TPM."""

from collections.abc import Iterator

from builder.nova.request import Request
from builder.nova.rules.rule import Agreement, Dependence, NovaConflict, Rule, refused


def is_uefi(request: Request) -> bool:
    """Whether UEFI starts the guest: the default on AArch64."""
    return request.image("hw_firmware_type") == "uefi" or (
        request.emulated_architecture == "aarch64" and request.image("hw_firmware_type") is None
    )


def _secure_boot_without_q35(request: Request) -> Iterator[NovaConflict]:
    """``_check_secure_boot_support`` of the libvirt driver."""
    bound = is_uefi(request) and request.emulated_architecture == "x86_64"
    if not bound or "q35" in request.machine_type:
        return
    for name in ("os_secure_boot", "os:secure_boot"):
        if request.value(name) == "required":
            yield refused(
                name,
                "without hw_machine_type=q35 Nova refuses it",
                "Add the feature uefi.",
                "SecureBootNotSupported",
            )


def _has_tpm(request: Request) -> bool:
    return request.either("hw:tpm_version") is not None


def _crb_of_old_tpm(request: Request) -> Iterator[NovaConflict]:
    """``get_vtpm_constraint``; model and version may come from image and flavor."""
    old = request.either("hw:tpm_version") not in (None, "2.0")
    if old and request.either("hw:tpm_model") == "tpm-crb":
        of_image = request.image("hw_tpm_model") is not None
        yield refused(
            "hw_tpm_model" if of_image else "hw:tpm_model",
            "Nova refuses tpm-crb with a TPM 1.2",
            "Claim hw_tpm_version=2.0, or hw_tpm_model=tpm-tis.",
            "Invalid",
        )


_NO_TPM = "without hw_tpm_version Nova gives no TPM"
_NOT_UEFI = "without hw_firmware_type=uefi Nova ignores it"
_ADD_UEFI = "Add the feature uefi."
_ADD_VERSION = "Claim hw_tpm_version=2.0 as well."

FIRMWARE: tuple[Rule, ...] = (
    Agreement("os:secure_boot", boolean=False),
    Dependence("os_secure_boot", is_uefi, _NOT_UEFI, _ADD_UEFI),
    Dependence("os:secure_boot", is_uefi, _NOT_UEFI, _ADD_UEFI),
    _secure_boot_without_q35,
    Dependence(
        "hw_firmware_stateless",
        lambda request: request.image("hw_firmware_type") == "uefi",
        _NOT_UEFI,
        _ADD_UEFI,
        boolean=True,
    ),
    Agreement("hw:tpm_version", boolean=False),
    Agreement("hw:tpm_model", boolean=False, when=_has_tpm),
    Dependence("hw_tpm_model", _has_tpm, _NO_TPM, _ADD_VERSION),
    Dependence("hw:tpm_model", _has_tpm, _NO_TPM, _ADD_VERSION),
    _crb_of_old_tpm,
)
