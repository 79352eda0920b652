"""A deleted server can be restored for a while.

Whoever deletes a server by mistake has lost its disk at once, unless Nova keeps it: powered off,
with the status SOFT_DELETED, until an operator or its owner restores it, or its time is over.
"""

from builder.feature import ConfigOption, Consequence, Necessity, Need, Setup
from builder.feature.needs import NOVA_DOCS

OPTION = f"{NOVA_DOCS}/configuration/config.html#DEFAULT.reclaim_instance_interval"
ACTIONS = "https://docs.openstack.org/api-ref/compute/#force-delete-server-forcedelete-action"
WEEK = 7 * 24 * 60 * 60

NEEDS = (
    Need(
        what=ConfigOption(
            "DEFAULT", "reclaim_instance_interval", str(WEEK), services=("api", "compute")
        ),
        reason="For so many seconds a deleted server can be restored. Every API and every compute"
        " host must have the same: the API decides that a server is kept, and its host that its"
        " time is over; a host without the option keeps it for ever.",
        source=OPTION,
    ),
    Need(
        what=Setup("the clocks of database, API and compute hosts are in step (chrony)"),
        reason="The time of the deletion is the API's, and the host compares it with its own.",
        source=OPTION,
    ),
    Need(
        what=Setup("[cinder] in the compute hosts' nova.conf has an administrator's credentials"),
        reason="When the time is over nobody's token is there to detach and delete volumes with:"
        " without the credentials they are left behind.",
        source=OPTION,
        necessity=Necessity.ADVISED,
    ),
    Need(
        what=Consequence("'openstack server delete --force' deletes at once"),
        reason="forceDelete ignores the option, also for a server that is soft-deleted already.",
        source=ACTIONS,
    ),
    Need(
        what=Consequence("a soft-deleted server keeps its place, its addresses and its volumes"),
        reason="It is powered off and nothing else, until it is reclaimed. By default Nova does not"
        " count it in its project's quota, so that 'openstack server restore' is refused where"
        " that is used up meanwhile.",
        source=ACTIONS,
    ),
)
