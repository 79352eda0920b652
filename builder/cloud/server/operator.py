"""What only a cloud's operator sees and does: a server's domain, through its host's libvirt."""

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from builder.errors import CloudError, InputError
from builder.host.process import Finished, require_tool, run_unchecked

LIMIT = 60.0
"""Seconds for one answer of libvirt."""


@dataclass(frozen=True)
class Operator:
    """A compute host's libvirt, by its URI."""

    uri: str

    def require(self) -> None:
        """Raise ``HostError`` without virsh, and ``InputError`` where libvirt does not answer."""
        require_tool("virsh", "libvirt-clients")
        done = self._virsh("uri")
        if done.status:
            raise InputError(
                f"libvirt does not answer at {self.uri}.",
                details=done.stderr.strip().splitlines()[-3:],
                hint="Name the compute host's, as 'virsh -c URI list' takes it.",
            )

    def domain(self, server: str) -> ET.Element | None:
        """What libvirt runs for a server, or None where it runs on another host."""
        done = self._virsh("dumpxml", server)
        if done.status:
            return None
        return ET.fromstring(done.stdout)  # noqa: S314 - libvirt's own

    def resize_root(self, server: str, domain: ET.Element, size: int) -> None:
        """Give the first disk of a running domain another size, in bytes."""
        target = domain.find("devices/disk[@device='disk']/target")
        name = target.get("dev", "") if target is not None else ""
        done = self._virsh("blockresize", server, name, f"{size}B")
        if done.status:
            raise CloudError(
                f"libvirt could not resize the disk {name} of server {server}.",
                details=done.stderr.strip().splitlines()[-3:],
                hint="libvirt's log on the compute host says why.",
            )

    def _virsh(self, *words: str) -> Finished:
        try:
            return run_unchecked(["virsh", "-c", self.uri, *words], timeout=LIMIT)
        except TimeoutError as error:
            raise CloudError(
                f"libvirt at {self.uri} does not answer: {error}.",
                hint=f"Look whether it runs there: virsh -c {self.uri} list",
            ) from error
