"""A real Barbican: it keeps the certificates that Glance checks signed images with."""

import base64
import os
from pathlib import Path

from apiserver import LOOPBACK, Server
from cloudconfig import barbican_configuration
from cloudtemplate import PASSWORD, PROGRAMS


class Barbican(Server):
    """The Barbican of a local cloud, with sqlite and secrets encrypted in software."""

    def __init__(self, directory: Path, keystone: Server) -> None:
        directory.mkdir()
        # The application that Barbican brings reads this file below /etc.
        pipelines = f"config:{PROGRAMS.parent}/etc/barbican/barbican-api-paste.ini"
        super().__init__(
            "barbican",
            application=f"paste.deploy:loadapp({pipelines!r})",
            programs=PROGRAMS,
            directory=directory,
            # Barbican looks for its configuration in the home directory, and takes no other.
            environment={"HOME": str(directory), "no_proxy": LOOPBACK},
        )
        text = barbican_configuration(
            directory=directory,
            keystone_url=keystone.url,
            password=PASSWORD,
            kek=base64.urlsafe_b64encode(os.urandom(32)).decode(),
        )
        (directory / "barbican.conf").write_text(text, encoding="utf-8")
