"""The layout of a compute host as one HTML file, in the style of a build's report."""

from importlib.metadata import version
from importlib.resources import files

import jinja2

from builder.cloud.compute_host.layout import HostLayout
from builder.cloud.compute_host.picture import MEANINGS, heading, node_heading, settings


def layout_page(layout: HostLayout, profile: str) -> str:
    """The page. It asks nothing of the network, and has no script."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("builder.cloud.compute_host"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = files("builder.report").joinpath("templates", "report.css").read_text("utf-8")
    return environment.get_template("host.html").render(
        profile=profile,
        heading=heading(layout),
        nodes=[(node, node_heading(node)) for node in layout.nodes],
        meanings=MEANINGS,
        settings=settings(layout),
        notes=layout.notes,
        style=style,
        program_version=version("guest-image-builder"),
    )
