"""Every observation that a proof makes of a server."""

from builder.cloud.observation import hardware, hot_plug, life
from builder.cloud.observation.observation import Observation

OBSERVATIONS: tuple[Observation, ...] = (
    life.server_is_active,
    life.guest_tells,
    life.console_is_clean,
    hardware.system_is_as_claimed,
    hardware.second_disk_is_on_bus,
    hot_plug.volume_is_on_bus,
    hardware.root_is_on_bus,
    hardware.root_discards,
    hot_plug.volume_discards,
    hot_plug.volume_is_released,
    hardware.rng_is_virtio,
    hardware.firmware_is_as_asked,
    hardware.secure_boot_is_on,
    hardware.tpm_is_there,
    hardware.serial_ports_are_there,
    hardware.queues_equal_vcpus,
    hardware.rings_are_packed,
    hardware.topology_is_as_asked,
    hardware.vcpus_are_pinned,
    life.password_is_set,
    life.root_grows_live,
    life.rescue_keeps_hardware,
    life.rebuild_keeps_hardware,
    hardware.watchdog_is_there,
    life.watchdog_acts,
    life.deleted_server_is_restored,
)
"""In the order in which they are shown; of those of one property the last is the strongest."""
