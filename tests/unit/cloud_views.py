"""Clouds as they were seen, and what an image wants of them."""

from builder.cloud.api.model import Absolute, Aggregate, ComputeService, Flavor
from builder.cloud.check.fit import Wanted
from builder.cloud.check.fit import wanted as wanted_of
from builder.cloud.check.view import Placement, View
from builder.cloud.plan.plan import cloud_plan
from builder.feature.nova_release import NEWEST, NovaRelease
from builder.plan.of_profile import plan_of

PINNED = {"hw:cpu_policy": "dedicated"}


def wanted(release: NovaRelease = NEWEST, profile: str = "pinned-scsi") -> Wanted:
    plan = plan_of(profile)
    return wanted_of(plan, cloud_plan(plan, release))


def flavor(name: str = "small", specs: dict[str, str] | None = None, **size: int) -> Flavor:
    """A flavor with two vCPUs."""
    return Flavor(id=f"id-of-{name}", name=name, extra_specs=specs,
                  **{"vcpus": 2, "ram": 2048, "disk": 10, **size})  # fmt: skip


def aggregate(name: str = "one", hosts: tuple[str, ...] = (), **metadata: str) -> Aggregate:
    return Aggregate(id=1, name=name, hosts=list(hosts), metadata=metadata)


def limits(**used: int) -> Absolute:
    """Of a project that may have ten servers, twenty vCPUs and 50 GiB."""
    told = {
        "maxTotalInstances": 10, "totalInstancesUsed": 0, "maxTotalCores": 20,
        "totalCoresUsed": 0, "maxTotalRAMSize": 51200, "totalRAMUsed": 0, **used,
    }  # fmt: skip
    return Absolute.model_validate(told)


PLACEMENT = Placement(
    room={"PCPU": ("one",), "VCPU": ("one",)},
    total={},
    traits={"COMPUTE_STORAGE_BUS_SCSI": ("one",)},
    together=("one",),
)


def view(*flavors: Flavor, **seen: object) -> View:
    """A cloud with one host that has all that pinned-scsi wants."""
    told: dict[str, object] = {
        "cloud": "mine",
        "newest": (2, 104),
        "flavors": flavors or (flavor(specs=PINNED),),
        "aggregates": (),
        "computes": (ComputeService(host="one", state="up", status="enabled"),),
        "limits": limits(),
        "soft_deleted": False,
        "placement": PLACEMENT,
        **seen,
    }
    return View(**told)  # type: ignore[arg-type] # each field's own type
