"""What Nova does through the guest agent, and with a signature."""

from collections.abc import Iterator

from builder.nova.properties import SIGNATURE
from builder.nova.request import Request
from builder.nova.rules.rule import Dependence, NovaConflict, Rule, refused


def _has_agent(request: Request) -> bool:
    return request.is_on("hw_qemu_guest_agent")


def _half_signature(request: Request) -> Iterator[NovaConflict]:
    signature = [name for name in SIGNATURE if request.image(name) is not None]
    if 0 < len(signature) < len(SIGNATURE):
        yield refused(
            signature[0],
            "a signature is refused of which a property is missing, at the upload and at the boot",
            f"Give all of {', '.join(SIGNATURE)}, or none.",
            "SignatureVerificationError",
        )


IMAGE: tuple[Rule, ...] = (
    Dependence(
        "os_admin_user",
        _has_agent,
        "without hw_qemu_guest_agent=yes Nova has no channel to set a password through",
        "Add the feature guest-agent.",
    ),
    Dependence(
        "os_require_quiesce",
        _has_agent,
        "without hw_qemu_guest_agent=yes Nova has no channel to freeze file systems through",
        "Add the feature guest-agent.",
        boolean=True,
    ),
    _half_signature,
)
