"""What Nova makes of image properties and flavor extra specs, as far as it can be known here.

Sources: Nova's ``nova/virt/libvirt/driver.py``, ``blockinfo.py``, ``nova/virt/hardware.py`` and
``nova/objects/image_meta.py``.
"""

from collections.abc import Iterator, Mapping

from builder.feature import Conflict
from builder.nova import topology
from builder.nova.properties import SIGNATURE, is_true


def nova_conflicts(properties: Mapping[str, str], flavor: Mapping[str, str]) -> list[Conflict]:
    """What Nova would refuse or silently ignore of these image properties and extra specs."""
    image = properties.get
    extra = flavor.get
    agent = is_true(image("hw_qemu_guest_agent"))
    # "mixed" has dedicated CPUs too: nova/virt/hardware.py, get_cpu_thread_policy_constraint.
    dedicated = not {"dedicated", "mixed"}.isdisjoint(
        (extra("hw:cpu_policy"), image("hw_cpu_policy"))
    )
    signature = [name for name in SIGNATURE if name in properties]
    rules = (
        (
            image("hw_disk_bus") == "scsi" and image("hw_scsi_model") is None,
            "hw_disk_bus",
            "without hw_scsi_model the guest gets no virtio-scsi controller",
            "Claim hw_scsi_model=virtio-scsi as well.",
        ),
        (
            image("hw_scsi_model") is not None and image("hw_disk_bus") != "scsi",
            "hw_scsi_model",
            "without hw_disk_bus=scsi the guest gets a controller with no disk on it",
            "Claim hw_disk_bus=scsi as well.",
        ),
        (
            image("os_admin_user") is not None and not agent,
            "os_admin_user",
            "without hw_qemu_guest_agent=yes Nova has no channel to set a password through",
            "Add the feature guest-agent.",
        ),
        (
            is_true(image("os_require_quiesce")) and not agent,
            "os_require_quiesce",
            "without hw_qemu_guest_agent=yes Nova has no channel to freeze file systems through",
            "Add the feature guest-agent.",
        ),
        (
            image("os_secure_boot") is not None and image("hw_firmware_type") != "uefi",
            "os_secure_boot",
            "without hw_firmware_type=uefi Nova ignores it",
            "Add the feature uefi.",
        ),
        (
            image("os_secure_boot") == "required"
            and image("hw_firmware_type") == "uefi"
            and "q35" not in (image("hw_machine_type") or ""),
            "os_secure_boot",
            "without hw_machine_type=q35 Nova refuses it (SecureBootNotSupported)",
            "Add the feature uefi.",
        ),
        (
            image("hw_tpm_model") is not None and image("hw_tpm_version") is None,
            "hw_tpm_model",
            "without hw_tpm_version Nova gives no TPM",
            "Claim hw_tpm_version=2.0 as well.",
        ),
        (
            image("hw_tpm_model") == "tpm-crb" and image("hw_tpm_version") == "1.2",
            "hw_tpm_model",
            "Nova refuses tpm-crb with a TPM 1.2",
            "Claim hw_tpm_version=2.0, or hw_tpm_model=tpm-tis.",
        ),
        (
            image("hw_rng_model") is not None
            and extra("hw_rng:allowed") is not None
            and not is_true(extra("hw_rng:allowed")),
            "hw_rng_model",
            "with hw_rng:allowed=False in the flavor the guest gets no random number generator",
            "Allow it in the flavor.",
        ),
        (
            image("hw_cpu_policy") == "dedicated" and extra("hw:cpu_policy") == "shared",
            "hw_cpu_policy",
            "with a flavor that shares CPUs Nova refuses it (ImageCPUPinningForbidden)",
            "Leave the policy to the flavor.",
        ),
        (
            extra("hw:cpu_thread_policy") is not None and not dedicated,
            "hw:cpu_thread_policy",
            "without dedicated CPUs Nova refuses a thread policy",
            "Ask for hw:cpu_policy=dedicated as well.",
        ),
        (
            image("hw_cpu_thread_policy") is not None and not dedicated,
            "hw_cpu_thread_policy",
            "without dedicated CPUs Nova refuses a thread policy",
            "Ask for hw:cpu_policy=dedicated as well.",
        ),
        (
            is_true(image("hw_vif_multiqueue_enabled"))
            and {image("hw_cpu_sockets"), image("hw_cpu_cores"), image("hw_cpu_threads")} == {"1"},
            "hw_vif_multiqueue_enabled",
            "a guest with one vCPU gets one queue",
            "Ask for more sockets, cores or threads.",
        ),
        (
            None not in (image("hw_vif_multiqueue_enabled"), extra("hw:vif_multiqueue_enabled"))
            and is_true(image("hw_vif_multiqueue_enabled"))
            != is_true(extra("hw:vif_multiqueue_enabled")),
            "hw_vif_multiqueue_enabled",
            "it contradicts the flavor's hw:vif_multiqueue_enabled (FlavorImageConflict)",
            "Give both the same value.",
        ),
        (
            is_true(image("hw_vif_multiqueue_enabled"))
            and image("hw_vif_model") not in (None, "virtio"),
            "hw_vif_multiqueue_enabled",
            "a NIC of another model than virtio has one queue only, and Nova says nothing",
            "Leave hw_vif_model away, or make it virtio.",
        ),
        (
            0 < len(signature) < len(SIGNATURE),
            signature[0] if signature else "",
            "a signature is refused of which a property is missing, at the upload and at the boot",
            f"Give all of {', '.join(SIGNATURE)}, or none.",
        ),
        (
            image("hw_watchdog_action") is not None
            and extra("hw:watchdog_action") not in (None, image("hw_watchdog_action")),
            "hw:watchdog_action",
            "the image's hw_watchdog_action beats it",
            "Leave the action to the image.",
        ),
    )
    found = [Conflict(name, reason, remedy) for applies, name, reason, remedy in rules if applies]
    return [*found, *_topology_conflicts(properties, flavor)]


def _topology_conflicts(
    properties: Mapping[str, str], flavor: Mapping[str, str]
) -> Iterator[Conflict]:
    """``get_cpu_topology_constraints`` refuses what exceeds a limit, and passes over the rest."""
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
