"""The verb ``list``."""

from builder.cli.cloud_options import cloud_option
from builder.cli.options import json_option, print_json
from builder.cli.verbs import cli
from builder.publish.cloud.glance import Glance
from builder.publish.cloud.survey import published
from builder.publish.listing import listing_json, listing_text
from builder.terminal.output import show


@cli.command("list")
@cloud_option
@json_option
def list_images(*, cloud: str, as_json: bool) -> None:
    """List what was published in a cloud: current, replaced and unfinished images.

    \b
    Examples:
      guest-image list --cloud mycloud
      guest-image list --cloud mycloud --json | jq -r '.[] | select(.state == "current") | .id'
    """
    images = published(Glance(cloud))
    if as_json:
        print_json(listing_json(images))
    else:
        show(listing_text(images))
