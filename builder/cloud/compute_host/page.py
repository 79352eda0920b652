"""The layout of a compute host as one HTML file, in the style of a build's report."""

from builder.cloud.compute_host.layout import HostLayout
from builder.cloud.compute_host.picture import MEANINGS, heading, node_heading, settings
from builder.report.page import page


def layout_page(layout: HostLayout, profile: str) -> str:
    """The page. It asks nothing of the network, and has no script."""
    return page(
        "host.html",
        room="builder.cloud.compute_host",
        profile=profile,
        heading=heading(layout),
        nodes=[(node, node_heading(node)) for node in layout.nodes],
        meanings=MEANINGS,
        settings=settings(layout),
        notes=layout.notes,
    )
