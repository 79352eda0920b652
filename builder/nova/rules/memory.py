"""Memory: the size of its pages, whether it is locked, its encryption, its addresses."""

from collections.abc import Iterator

from builder.nova.request import Request
from builder.nova.rules.rule import Agreement, Dependence, NovaConflict, Precedence, Rule, refused

ANY_SIZE = ("any", "large")
"""What a flavor must say, so that its images may choose a size."""
DEFAULT_MODEL = "amd-sev"
STATELESS = frozenset({"amd-sev-snp", "intel-tdx"})
"""Models whose firmware must be stateless."""


def _page_size(request: Request) -> Iterator[NovaConflict]:
    """``_get_numa_pagesize_constraint``: even the flavor's own size is refused on an image."""
    of_flavor = request.flavor("hw:mem_page_size")
    if request.image("hw_mem_page_size") is not None and of_flavor not in ANY_SIZE:
        yield refused(
            "hw_mem_page_size",
            "with a flavor whose hw:mem_page_size is neither any nor large Nova refuses it",
            "Give the flavor hw:mem_page_size=any, or leave the size to it.",
            "MemoryPageSizeForbidden",
        )


def _locked_without_page_size(request: Request) -> Iterator[NovaConflict]:
    """``get_locked_memory_constraint``."""
    if request.either("hw:mem_page_size") is not None:
        return
    for name in ("hw:locked_memory", "hw_locked_memory"):
        if request.is_on(name):
            yield refused(
                name,
                "without hw:mem_page_size Nova refuses to lock memory",
                "Give the flavor hw:mem_page_size as well.",
                "LockMemoryForbidden",
            )


def _is_encrypted(request: Request) -> bool:
    return request.either_is_on("hw:mem_encryption")


def _encryption(request: Request) -> Iterator[NovaConflict]:
    """``get_mem_encryption_constraint``, and what each model needs."""
    if not _is_encrypted(request):
        return
    of_image = request.is_on("hw_mem_encryption")
    name = "hw_mem_encryption" if of_image else "hw:mem_encryption"
    model = (
        request.image("hw_mem_encryption_model")
        or request.flavor("hw:mem_encryption_model")
        or DEFAULT_MODEL
    )
    uefi = request.image("hw_firmware_type") == "uefi"
    if not uefi:
        yield refused(
            name,
            "without hw_firmware_type=uefi Nova refuses it",
            "Add the feature uefi.",
            "FlavorImageConflict",
        )
    if "q35" not in request.machine_type:
        yield refused(
            name,
            "without hw_machine_type=q35 Nova refuses it",
            "Add the feature uefi.",
            "InvalidMachineType",
        )
    if model in STATELESS and not (uefi and request.is_on("hw_firmware_stateless")):
        yield refused(
            name,
            f"{model} needs stateless firmware",
            "Claim hw_firmware_stateless=yes as well.",
            "StatelessFirmwareRequired",
        )
    if model == "intel-tdx" and request.image("hw_video_model") != "none":
        yield refused(
            name,
            f"{model} allows no graphics adapter",
            "Claim hw_video_model=none as well.",
            "InvalidVideoMode",
        )


MEMORY: tuple[Rule, ...] = (
    _page_size,
    Agreement("hw:locked_memory", exception="FlavorImageLockedMemoryConflict"),
    _locked_without_page_size,
    Agreement("hw:mem_encryption"),
    Agreement("hw:mem_encryption_model", boolean=False, when=_is_encrypted),
    Dependence(
        "hw_mem_encryption_model",
        _is_encrypted,
        "without hw_mem_encryption no memory is encrypted",
        "Claim hw_mem_encryption=yes as well.",
    ),
    _encryption,
    Agreement("hw:maxphysaddr_mode", boolean=False),
    Precedence("hw:maxphysaddr_bits", "hw_maxphysaddr_bits"),
    Dependence(
        "hw_maxphysaddr_bits",
        lambda request: request.either("hw:maxphysaddr_mode") is not None,
        "without hw_maxphysaddr_mode Nova ignores it",
        "Claim hw_maxphysaddr_mode=emulate as well.",
    ),
)
