"""What Nova makes of image properties and flavor extra specs, as far as it can be known here.

Each rule is a function that yields what it has against them.

Sources: Nova's ``nova/virt/libvirt/driver.py``, ``blockinfo.py``, ``nova/virt/hardware.py`` and
``nova/objects/image_meta.py``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from builder.feature import Conflict
from builder.nova import topology
from builder.nova.properties import SIGNATURE
from builder.nova.request import Request


def nova_conflicts(properties: Mapping[str, str], flavor: Mapping[str, str]) -> list[Conflict]:
    """What Nova would refuse or silently ignore of these image properties and extra specs."""
    request = Request(properties, flavor)
    return [conflict for rule in RULES for conflict in rule(request)]


def _bus_without_controller(request: Request) -> Iterator[Conflict]:
    if request.image("hw_disk_bus") == "scsi" and request.image("hw_scsi_model") is None:
        yield Conflict(
            "hw_disk_bus",
            "without hw_scsi_model the guest gets no virtio-scsi controller",
            "Claim hw_scsi_model=virtio-scsi as well.",
        )


def _controller_without_bus(request: Request) -> Iterator[Conflict]:
    if request.image("hw_scsi_model") is not None and request.image("hw_disk_bus") != "scsi":
        yield Conflict(
            "hw_scsi_model",
            "without hw_disk_bus=scsi the guest gets a controller with no disk on it",
            "Claim hw_disk_bus=scsi as well.",
        )


def _password_without_agent(request: Request) -> Iterator[Conflict]:
    if request.image("os_admin_user") is not None and not request.is_on("hw_qemu_guest_agent"):
        yield Conflict(
            "os_admin_user",
            "without hw_qemu_guest_agent=yes Nova has no channel to set a password through",
            "Add the feature guest-agent.",
        )


def _quiesce_without_agent(request: Request) -> Iterator[Conflict]:
    if request.is_on("os_require_quiesce") and not request.is_on("hw_qemu_guest_agent"):
        yield Conflict(
            "os_require_quiesce",
            "without hw_qemu_guest_agent=yes Nova has no channel to freeze file systems through",
            "Add the feature guest-agent.",
        )


def _secure_boot_without_uefi(request: Request) -> Iterator[Conflict]:
    asked = request.image("os_secure_boot") is not None
    if asked and request.image("hw_firmware_type") != "uefi":
        yield Conflict(
            "os_secure_boot",
            "without hw_firmware_type=uefi Nova ignores it",
            "Add the feature uefi.",
        )


def _secure_boot_without_q35(request: Request) -> Iterator[Conflict]:
    required = request.image("os_secure_boot") == "required"
    by_uefi = request.image("hw_firmware_type") == "uefi"
    if required and by_uefi and "q35" not in (request.image("hw_machine_type") or ""):
        yield Conflict(
            "os_secure_boot",
            "without hw_machine_type=q35 Nova refuses it (SecureBootNotSupported)",
            "Add the feature uefi.",
        )


def _tpm_without_version(request: Request) -> Iterator[Conflict]:
    if request.image("hw_tpm_model") is not None and request.image("hw_tpm_version") is None:
        yield Conflict(
            "hw_tpm_model",
            "without hw_tpm_version Nova gives no TPM",
            "Claim hw_tpm_version=2.0 as well.",
        )


def _crb_of_old_tpm(request: Request) -> Iterator[Conflict]:
    crb = request.image("hw_tpm_model") == "tpm-crb"
    if crb and request.image("hw_tpm_version") == "1.2":
        yield Conflict(
            "hw_tpm_model",
            "Nova refuses tpm-crb with a TPM 1.2",
            "Claim hw_tpm_version=2.0, or hw_tpm_model=tpm-tis.",
        )


def _forbidden_rng(request: Request) -> Iterator[Conflict]:
    asked = request.image("hw_rng_model") is not None
    if asked and not request.is_on("hw_rng:allowed", default=True):
        yield Conflict(
            "hw_rng_model",
            "with hw_rng:allowed=False in the flavor the guest gets no random number generator",
            "Allow it in the flavor.",
        )


def _dedicated_on_shared(request: Request) -> Iterator[Conflict]:
    dedicated = request.image("hw_cpu_policy") == "dedicated"
    if dedicated and request.flavor("hw:cpu_policy") == "shared":
        yield Conflict(
            "hw_cpu_policy",
            "with a flavor that shares CPUs Nova refuses it (ImageCPUPinningForbidden)",
            "Leave the policy to the flavor.",
        )


def _threads_without_dedicated(request: Request) -> Iterator[Conflict]:
    """``get_cpu_thread_policy_constraint``: "mixed" has dedicated CPUs too."""
    policies = {request.flavor("hw:cpu_policy"), request.image("hw_cpu_policy")}
    if policies & {"dedicated", "mixed"}:
        return
    of_flavor = request.flavor("hw:cpu_thread_policy")
    of_image = request.image("hw_cpu_thread_policy")
    for name, policy in (("hw:cpu_thread_policy", of_flavor), ("hw_cpu_thread_policy", of_image)):
        if policy is not None:
            yield Conflict(
                name,
                "without dedicated CPUs Nova refuses a thread policy",
                "Ask for hw:cpu_policy=dedicated as well.",
            )


def _queues_of_one_vcpu(request: Request) -> Iterator[Conflict]:
    parts = {request.image(f"hw_cpu_{part}") for part in topology.PARTS}
    if request.is_on("hw_vif_multiqueue_enabled") and parts == {"1"}:
        yield Conflict(
            "hw_vif_multiqueue_enabled",
            "a guest with one vCPU gets one queue",
            "Ask for more sockets, cores or threads.",
        )


def _queues_of_another_model(request: Request) -> Iterator[Conflict]:
    virtio = request.image("hw_vif_model") in (None, "virtio")
    if request.is_on("hw_vif_multiqueue_enabled") and not virtio:
        yield Conflict(
            "hw_vif_multiqueue_enabled",
            "a NIC of another model than virtio has one queue only, and Nova says nothing",
            "Leave hw_vif_model away, or make it virtio.",
        )


AGREED = ("vif_multiqueue_enabled", "virtio_packed_ring")
"""What an image and a flavor may both ask for, if they ask for the same."""


def _image_against_flavor(request: Request) -> Iterator[Conflict]:
    for name in AGREED:
        of_image, of_flavor = f"hw_{name}", f"hw:{name}"
        both = request.image(of_image) is not None and request.flavor(of_flavor) is not None
        if both and request.is_on(of_image) != request.is_on(of_flavor):
            yield Conflict(
                of_image,
                f"it contradicts the flavor's {of_flavor} (FlavorImageConflict)",
                "Give both the same value.",
            )


def _more_ports_than_flavor(request: Request) -> Iterator[Conflict]:
    of_image = topology.number(request.image("hw_serial_port_count"))
    of_flavor = topology.number(request.flavor("hw:serial_port_count"))
    if of_flavor and of_image > of_flavor:
        yield Conflict(
            "hw_serial_port_count",
            f"the flavor allows {of_flavor} only (ImageSerialPortNumberExceedFlavorValue)",
            "Ask for as many in hw:serial_port_count.",
        )


def _half_signature(request: Request) -> Iterator[Conflict]:
    signature = [name for name in SIGNATURE if request.image(name) is not None]
    if 0 < len(signature) < len(SIGNATURE):
        yield Conflict(
            signature[0],
            "a signature is refused of which a property is missing, at the upload and at the boot",
            f"Give all of {', '.join(SIGNATURE)}, or none.",
        )


def _two_watchdog_actions(request: Request) -> Iterator[Conflict]:
    action = request.image("hw_watchdog_action")
    if action is not None and request.flavor("hw:watchdog_action") not in (None, action):
        yield Conflict(
            "hw:watchdog_action",
            "the image's hw_watchdog_action beats it",
            "Leave the action to the image.",
        )


def _topology(request: Request) -> Iterator[Conflict]:
    """``get_cpu_topology_constraints`` refuses what exceeds a limit, and passes over the rest."""
    properties, flavor = request.properties, request.extra_specs
    wish = topology.wished(properties, "hw_cpu_")
    limits = zip(
        topology.wished(properties, "hw_cpu_max_"),
        topology.wished(flavor, "hw:cpu_max_"),
        strict=True,
    )
    vcpus = topology.number(flavor.get("vcpus"))
    given = topology.best(wish, vcpus) if vcpus else None
    for part, wanted, (of_image, of_flavor) in zip(topology.PARTS, wish, limits, strict=True):
        limit = of_image or of_flavor
        if limit and wanted > limit:
            yield Conflict(
                f"hw_cpu_{part}",
                f"Nova refuses more than the limit of {limit} (ImageVCPUTopologyRangeExceeded)",
                "Ask for fewer, or raise the limit.",
            )
        if f"hw:cpu_{part}" in flavor and any(wish):
            yield Conflict(
                f"hw:cpu_{part}",
                "Nova passes over the flavor's topology where the image has any of its own",
                "Leave the topology to the image.",
            )
        if wanted and given and getattr(given, part) != wanted:
            yield Conflict(
                f"hw_cpu_{part}",
                f"of {vcpus} vCPUs Nova makes {given.sockets} sockets with {given.cores} cores of "
                f"{given.threads} threads, and says nothing",
                "Give the flavor as many vCPUs as the topology has.",
            )


RULES: tuple[Callable[[Request], Iterable[Conflict]], ...] = (
    _bus_without_controller,
    _controller_without_bus,
    _password_without_agent,
    _quiesce_without_agent,
    _secure_boot_without_uefi,
    _secure_boot_without_q35,
    _tpm_without_version,
    _crb_of_old_tpm,
    _forbidden_rng,
    _dedicated_on_shared,
    _threads_without_dedicated,
    _queues_of_one_vcpu,
    _queues_of_another_model,
    _image_against_flavor,
    _more_ports_than_flavor,
    _half_signature,
    _two_watchdog_actions,
    _topology,
)
