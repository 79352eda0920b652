"""Why Nova has found no host for a server, as far as Placement tells. Pure."""

from collections.abc import Callable, Mapping

from builder.cloud.api.model import Flavor
from builder.words import counted

NO_HOST = "No valid host"


def resources(flavor: Flavor) -> dict[str, int]:
    """What Nova asks Placement for (Nova 34's ``scheduler/utils.py``), without the flavor's own."""
    pinned = flavor.specs.get("hw:cpu_policy") == "dedicated"
    wanted = {
        "PCPU" if pinned else "VCPU": flavor.vcpus,
        "MEMORY_MB": flavor.ram,
        "DISK_GB": flavor.disk + flavor.ephemeral,
    }
    return {name: amount for name, amount in wanted.items() if amount}


def reasons(flavor: Flavor, hosts_for: Callable[[Mapping[str, int]], int | None]) -> list[str]:
    """What Placement says of a flavor's resources, one sentence each."""
    wanted = resources(flavor)
    hosts = hosts_for(wanted)
    if hosts is None:
        return ["Placement tells administrators only which resource is short."]
    text = ", ".join(f"{name}:{amount}" for name, amount in wanted.items())
    if hosts:
        found = f"Placement has {counted(hosts, 'host')} with {text} left"
        return [f"{found}, which a filter refuses: see the log of nova-scheduler."]
    short = [name for name, amount in wanted.items() if not hosts_for({name: amount})]
    said = [f"Placement has no host with {name}:{wanted[name]} left." for name in short]
    return said or [f"Placement has no host with all of {text} left."]
