"""Neutron's API, with every model known before the first request. Runs in Neutron's environment.

A list of ports asks for their port forwardings, which are known only once the plugin for them, or
another one that asks the database first, has been loaded: without it, listing them fails.
"""

from neutron.db.models import port_forwarding  # noqa: F401 - it adds an attribute to ports
from neutron.wsgi.api import application
from sqlalchemy.orm import configure_mappers

configure_mappers()

__all__ = ["application"]
