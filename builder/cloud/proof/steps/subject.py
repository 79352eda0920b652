"""The server of a proof."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from builder.cloud.proof.leftovers import Proof
from builder.cloud.proof.parameters import Limits, Setting
from builder.cloud.server.servers import Servers
from builder.cloud.server.user_data import Act, Order, user_data
from builder.cloud.server.volumes import Volumes
from builder.cloud.server.watcher import Watcher


@dataclass
class Subject:
    """A server, what it is made of, and who watches it."""

    servers: Servers
    volumes: Volumes
    proof: Proof
    setting: Setting
    guest: Watcher
    domain: Element | None = None
    """What libvirt runs, where an operator's eyes were lent."""
    volume: str = ""
    """The id of the volume that was made for it."""
    password: str = field(default_factory=lambda: secrets.token_hex(12), repr=False)
    """Which the guest shall get."""

    @property
    def id(self) -> str:
        """Nova's, when it is made."""
        return self.guest.server

    @property
    def limits(self) -> Limits:
        """How long each step may take."""
        return self.setting.limits

    @property
    def properties(self) -> Mapping[str, str]:
        """Its image's, as the cloud has them."""
        return self.setting.image.properties

    @property
    def has_watchdog(self) -> bool:
        """Whether the image asks for one."""
        return self.properties.get("hw_watchdog_action", "disabled") != "disabled"

    def user_data(self, act: Act) -> str:
        """The order to a guest on a new disk, whose lines are known by a token of their own."""
        user = self.properties.get("os_admin_user", "root")
        return user_data(Order(self.guest.renew(), act, user, self.password))
