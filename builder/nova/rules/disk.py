"""Disks: their controllers and their encryption."""

from builder.nova.request import Request
from builder.nova.rules.rule import Agreement, Dependence, Rule


def _is_encrypted(request: Request) -> bool:
    return request.either_is_on("hw:ephemeral_encryption")


_ENCRYPT = "Claim hw_ephemeral_encryption=yes as well."

DISK: tuple[Rule, ...] = (
    Dependence(
        "hw_disk_bus",
        lambda request: (
            request.image("hw_disk_bus") != "scsi" or bool(request.image("hw_scsi_model"))
        ),
        "without hw_scsi_model the guest gets no virtio-scsi controller",
        "Claim hw_scsi_model=virtio-scsi as well.",
    ),
    Dependence(
        "hw_scsi_model",
        lambda request: request.image("hw_disk_bus") == "scsi",
        "without hw_disk_bus=scsi the guest gets a controller with no disk on it",
        "Claim hw_disk_bus=scsi as well.",
    ),
    Agreement("hw:ephemeral_encryption"),
    Agreement("hw:ephemeral_encryption_format", boolean=False, when=_is_encrypted),
    Dependence(
        "hw_ephemeral_encryption_format",
        _is_encrypted,
        "without hw_ephemeral_encryption no disk is encrypted",
        _ENCRYPT,
    ),
)
