"""What every image is: a Linux that boots anywhere, finds its network and lets its user in.

Every promise of an image rests on these: that it boots on whatever firmware the host has, that the
first NIC comes up, that cloud-init lets the user in, that the root grows into its flavor's disk,
that a kernel update still finds a boot loader, and that two guests of one image are not twins with
the same machine id and host keys.
"""

import json
import time

from builder.feature import CheckFailed, Claim, Feature, Guest, probe
from builder.features.foundation_networks import (
    comes_up_without_network,
    nics_are_as_config_drive_says,
    silent_nic_holds_nothing_up,
)
from builder.features.inspections import boot, first_boot, hygiene
from builder.features.inspections.parameters import FoundationParameters
from builder.linux import osrelease, watchdog
from builder.linux.live import output, require_no_failure
from builder.linux.scripts import script

FIRMWARE = "test -d /sys/firmware/efi && echo uefi || echo bios"
RELEASE = '. /etc/os-release && echo "$(uname -s) $ID $VERSION_ID $(uname -m)"'
# 'cloud-init status --wait' loads all of it again and asks four times a second: dear where a guest
# is emulated. result.json is the last that it writes.
CLOUD_INIT = script("cloud-init-result.sh")
ROOT_SIZES = script("root-sizes.sh")
WATCHDOGS = script("watchdog-states.sh")
FAILED_UNITS = """
systemctl is-system-running --wait
systemctl --failed --plain --no-legend
"""
# What starts a guest afterwards has been written since, or nothing does. Paths of UEFI's removable
# medium: UEFI 2.10, 3.5.1.1; the type of the partition: GRUB manual, "BIOS installation".
REMOVE_LOADER = script("remove-boot-loader.sh")
# As an upgrade of GRUB's package does it, where one does.
REINSTALL = script("reinstall-boot-loader.sh")
SINCE_REINSTALL = script("started-since-reinstall.sh")
RECONFIGURE = script("reconfigure-boot-loader.sh")
DEVICE_NAMES = "grep -nE '/dev/(sd|vd|xvd|hd)[a-z]' /boot/grub*/grub.cfg || true"
# What a partition table, an ESP and a file system's own structures may take of a larger disk.
ROOT_SHARE = 0.85
GIB = 1024**3


@probe("the machine's firmware started the guest")
def firmware_is_as_asked(guest: Guest, _: FoundationParameters) -> str:
    """A guest that knows EFI was started by UEFI."""
    seen = output(guest, FIRMWARE)
    if seen != guest.machine.firmware:
        raise CheckFailed(f"the guest was started by {seen}, not by {guest.machine.firmware}")
    return f"started by {seen.upper()}"


@probe("the guest is the release that the image claims")
def release_is_as_claimed(guest: Guest, parameters: FoundationParameters) -> str:
    """Compare os-release and uname with the claims."""
    seen = output(guest, RELEASE)
    system, *names, machine = seen.split()
    facts = dict(zip(("ID", "VERSION_ID"), names, strict=False))
    named = " ".join(filter(None, (parameters.os_distro, parameters.os_version)))
    claimed = f"Linux {named} {parameters.architecture}"
    if (system, machine) != ("Linux", parameters.architecture) or not osrelease.is_of(
        facts, parameters.os_distro, parameters.os_version
    ):
        raise CheckFailed(f"the guest says '{seen}', the image claims '{claimed}'")
    return f"the guest is {seen}"


@probe("cloud-init finishes without an error")
def cloud_init_finishes(guest: Guest, _: FoundationParameters) -> str:
    """Read every stage's errors and recoverable errors, in any of cloud-init's versions."""
    seen = json.loads(output(guest, CLOUD_INIT, timeout=300))["v1"]
    errors = []
    for name, stage in seen.items():
        if isinstance(stage, dict):
            errors += [f"{name}: {error}" for error in stage.get("errors", ())]
            for level, messages in stage.get("recoverable_errors", {}).items():
                errors += [f"{name}: {level}: {message}" for message in messages]
    if errors:
        raise CheckFailed("; ".join(errors))
    source = seen["datasource"] or "no datasource"
    if "ConfigDrive" not in source:
        raise CheckFailed(f"cloud-init used {source}, not the config drive it was given")
    return f"cloud-init finished without error ({source})"


@probe("the first NIC has an address by DHCP")
def nic_has_dhcp_address(guest: Guest, _: FoundationParameters) -> str:
    """An address with a lease is what the kernel calls dynamic."""
    nics = json.loads(output(guest, "ip -json -4 address show"))
    for nic in nics:
        for address in nic["addr_info"]:
            if address.get("dynamic") and nic["operstate"] == "UP":
                return f"{nic['ifname']} has {address['local']}/{address['prefixlen']} by DHCP"
    seen = ", ".join(f"{nic['ifname']} {nic['operstate']}" for nic in nics) or "no NIC"
    raise CheckFailed(f"no NIC has an IPv4 address by DHCP; with an IPv4 address: {seen}")


@probe("the default user logs in with the injected key and becomes root")
def default_user_logs_in(guest: Guest, parameters: FoundationParameters) -> str:
    """The connection itself takes no other key and no password."""
    user, identity = output(guest, 'echo "$SUDO_USER $(id -u)"').split()
    if (user, identity) != (parameters.default_user, "0"):
        raise CheckFailed(f"logged in as {user}, got user id {identity} by sudo")
    return f"{user} logs in by SSH with the injected key and becomes root by sudo"


@probe("the root file system has grown into the larger disk")
def root_has_grown(guest: Guest, _: FoundationParameters) -> str:
    """The machine's disk is larger than the image; nearly all of it must be the root's."""
    root, partition, disk = (int(word) for word in output(guest, ROOT_SIZES).split())
    if root < ROOT_SHARE * disk:
        raise CheckFailed(
            f"the root file system has {root / GIB:.1f} GiB in a partition of "
            f"{partition / GIB:.1f} GiB on a disk of {disk / GIB:.1f} GiB"
        )
    return f"root has {root / GIB:.1f} GiB of a disk of {disk / GIB:.1f} GiB"


@probe("no unit has failed", when="last")
def no_unit_has_failed(guest: Guest, _: FoundationParameters) -> str:
    """Wait until systemd has finished starting, then ask it."""
    state, *failed = output(guest, FAILED_UNITS, timeout=180).splitlines()
    if failed or state != "running":
        names = ", ".join(line.split()[0] for line in failed) or "it names no failed unit"
        raise CheckFailed(f"systemd says '{state}': {names}")
    return "systemd is 'running', no unit has failed"


@probe("no watchdog that nobody has asked for is armed", when="last")
def only_own_watchdog_is_armed(guest: Guest, _: FoundationParameters) -> str:
    """A q35 machine has one beside the hypervisor's, and libvirt may let it reset the guest."""
    watchdogs = [line.split(": ") for line in output(guest, WATCHDOGS).splitlines()]
    armed = [name for name, state in watchdogs if state == "active" and name != watchdog.IDENTITY]
    if armed:
        raise CheckFailed(f"{', '.join(armed)} is armed: it resets a guest that nobody watches")
    return ", ".join(f"{name} is {state}" for name, state in watchdogs) or "there is no watchdog"


@probe("the kernel reports no failure", when="last")
def kernel_reports_no_failure(guest: Guest, _: FoundationParameters) -> str:
    """Read the console, which also has what was said before a crash, and the kernel's buffer."""
    seen = require_no_failure(guest, guest.console() + "\n" + output(guest, "dmesg"))
    return f"{seen} of console and kernel log"


@probe("the kernel reports no failure when it is started again", when="restarted")
def restart_reports_no_failure(guest: Guest, parameters: FoundationParameters) -> str:
    """Look at everything once more: the shutdown and the second start are in it."""
    return kernel_reports_no_failure.function(guest, parameters)


@probe("the boot loader can be reinstalled in the running guest")
def boot_loader_reinstalls(guest: Guest, _: FoundationParameters) -> str:
    """Remove what the firmware starts, and let GRUB's package install it again."""
    output(guest, REMOVE_LOADER)
    output(guest, REINSTALL, timeout=300)
    return f"the boot loader for {guest.machine.firmware.upper()} was removed and is there again"


@probe("the reinstalled boot loader starts the guest", when="restarted")
def reinstalled_boot_loader_starts(guest: Guest, _: FoundationParameters) -> str:
    """There is no other: whatever restarted the guest was written by the reinstallation."""
    files = output(guest, SINCE_REINSTALL)
    if guest.machine.firmware == "uefi":
        return f"UEFI has started the guest by what was installed in EFI/BOOT: {files}"
    return "the BIOS has started the guest by what was installed in the boot sector"


@probe("the boot loader is configured anew in the running guest", once=True, seconds=20)
def boot_loader_reconfigures(guest: Guest, _: FoundationParameters) -> str:
    """Do what an update of the kernel does, and look for device names in what it wrote."""
    output(guest, RECONFIGURE, timeout=300)
    named = output(guest, DEVICE_NAMES)
    if named:
        raise CheckFailed(f"update-grub wrote device names: {named.splitlines()[0]}")
    return "update-grub succeeds and names no device"


REBOOT = "systemd-run --quiet --on-active=2 --timer-property=AccuracySec=100ms systemctl reboot"
"""In a moment: the session that orders it has its answer before it is ended."""

RESTART_LIMIT = 600.0
"""Seconds from the order to reboot to the next login, under emulation beside another guest."""


@probe("the guest comes back when it is rebooted", when="restart", seconds=50)
def guest_reboots(guest: Guest, _: FoundationParameters) -> str:
    """A first boot proves little: now cloud-init has done its work once."""
    start = time.monotonic()
    output(guest, REBOOT)
    guest.wait_for_restart(timeout=RESTART_LIMIT)
    return f"rebooted, and back after {time.monotonic() - start:.0f} s"


def claims(parameters: FoundationParameters) -> tuple[Claim, ...]:
    """Glance's common image properties, from the distribution."""
    return (
        Claim(
            property="os_type",
            value="linux",
            promise="the guest is a Linux",
            proof=(release_is_as_claimed,),
        ),
        Claim(
            property="os_distro",
            value=parameters.os_distro,
            promise=f"the guest's distribution is {parameters.os_distro}",
            proof=(boot.release_on_disk_is_as_claimed, release_is_as_claimed),
        ),
        Claim(
            property="os_version",
            value=parameters.os_version,
            promise=f"the guest is release {parameters.os_version} of its distribution",
            proof=(boot.release_on_disk_is_as_claimed, release_is_as_claimed),
        ),
        Claim(
            property="architecture",
            value=parameters.architecture,
            promise=f"the guest's kernel and programs are built for {parameters.architecture}",
            proof=(boot.programs_are_as_claimed, release_is_as_claimed),
        ),
    )


FEATURE = Feature(
    name="foundation",
    summary="boots with BIOS and UEFI, finds its network, lets its default user in by SSH",
    parameters=FoundationParameters,
    defaults=lambda distribution: {
        "os_distro": distribution.os_distro,
        "os_version": distribution.os_version,
        "architecture": distribution.architecture,
        "default_user": distribution.default_user,
    },
    elements=(
        "guest-foundation",
        "guest-cloud-init",
        "guest-package-sources",
        "guest-resolver",
        "guest-network",
        "guest-initrd",
        "guest-bootloader",
        "guest-hygiene",
    ),
    environment=lambda parameters: {"DIB_CLOUD_USER": parameters.default_user},
    claims=claims,
    inspections=(*boot.INSPECTIONS, *first_boot.INSPECTIONS, *hygiene.INSPECTIONS),
    probes=(
        firmware_is_as_asked,
        release_is_as_claimed,
        default_user_logs_in,
        nic_has_dhcp_address,
        cloud_init_finishes,
        root_has_grown,
        no_unit_has_failed,
        only_own_watchdog_is_armed,
        boot_loader_reinstalls,
        reinstalled_boot_loader_starts,
        boot_loader_reconfigures,
        kernel_reports_no_failure,
        guest_reboots,
        restart_reports_no_failure,
        comes_up_without_network,
        nics_are_as_config_drive_says,
        silent_nic_holds_nothing_up,
    ),
)
