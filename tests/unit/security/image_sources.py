"""An image of a few packages, as tests of its vulnerabilities need it."""

from samples import SHA256

from builder.distribution import DISTRIBUTIONS
from builder.sbom.facts import Software
from builder.security.inventory import Inventory, Source, inventory

OPENSSL = Source("openssl", "3.0.11-1", (("libssl3", "3.0.11-1"), ("openssl", "3.0.11-1")))
VIM = Source("vim", "2:9.0.1378-2", (("vim-tiny", "2:9.0.1378-2"),))


def image(distribution: str = "debian-12") -> Inventory:
    packages = [
        Software(name, source.version, "amd64", source=source.name, source_version=source.version)
        for source in (OPENSSL, VIM)
        for name, _ in source.packages
    ]
    return inventory(packages, DISTRIBUTIONS[distribution], SHA256)
