"""The verb ``build``."""

from datetime import datetime
from pathlib import Path

from minisign import SecretKey

from builder.attest.key import Attester
from builder.cli.keys import minisign_key_option, signing_key_option
from builder.cli.options import at_option, output_option, profile_argument
from builder.cli.verbs import cli
from builder.host.user_namespace import become_root
from builder.pipeline import build_image
from builder.terminal.output import say
from builder.terminal.progress import Progress


@cli.command()
@profile_argument
@output_option
@at_option
@signing_key_option
@minisign_key_option
def build(
    profile: str,
    output: Path,
    *,
    at: datetime | None,
    attester: Attester | None,
    minisigner: SecretKey | None,
) -> None:
    """Build PROFILE's image anew and print its directory; check nothing.

    \b
    Examples:
      guest-image build base
      guest-image build base --at 2026-11-01
      guest-image prove "$(guest-image build base)"
    """
    become_root()
    with Progress() as progress:
        directory = build_image(profile, output, progress, attester, minisigner, at=at)
    say(f"{directory}\n")
