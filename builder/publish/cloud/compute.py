"""A cloud's compute service, which is asked before an image is deleted."""

from keystoneauth1.identity.base import BaseIdentityPlugin
from openstack.connection import Connection
from openstack.exceptions import ForbiddenException

from builder.publish.cloud.glance import Glance


def servers(glance: Glance, image_id: str) -> list[str] | None:
    """Ids of the servers that were made of an image, or None where the cloud has no compute.

    Those of all projects where the credentials may see them, else those of the own one.
    Raises ``CloudError`` where the cloud does not tell.
    """
    with glance.answering(f"list the servers that are made of image {image_id}"):
        if not _has_compute(glance):
            return None
        compute = Connection(config=glance.region, session=glance.session).compute
        try:
            found = list(compute.servers(details=False, image=image_id, all_projects=True))
        except ForbiddenException:
            found = list(compute.servers(details=False, image=image_id))
        return [server.id for server in found]


def _has_compute(glance: Glance) -> bool:
    region, auth = glance.region, glance.session.auth
    if region.get_endpoint("compute"):
        return True
    return isinstance(auth, BaseIdentityPlugin) and bool(
        auth.get_access(glance.session).service_catalog.get_urls(
            service_type="compute",
            interface=region.get_interface("compute"),
            region_name=region.get_region_name("compute"),
        )
    )
