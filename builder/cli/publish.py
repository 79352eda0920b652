"""The verb ``publish``."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import get_args

import click

from builder.attest.key import Attester, PublicKey
from builder.cli.cloud_options import (
    Answer,
    conclude,
    evidence_options,
    in_each,
    security_lag_option,
    settings_option,
)
from builder.cli.keys import require_signed_by_option, signing_key_option
from builder.cli.options import complete_profile, json_option, output_option
from builder.cli.publication import published_answer
from builder.cli.verbs import cli
from builder.profile.model import DiskFormat
from builder.publish.candidate.admission import Waivers
from builder.publish.candidate.prepare import ready, settings_of
from builder.publish.candidate.signature import Signer
from builder.publish.cloud.glance import Glance
from builder.publish.publish import preview_build, publish_build
from builder.publish.rollout.draft import Delivery, Method
from builder.store.build_directory import find_build
from builder.terminal.progress import Progress


@cli.command()
@click.argument("build", metavar="BUILD", shell_complete=complete_profile)
@click.option(
    "--cloud",
    "clouds",
    required=True,
    multiple=True,
    metavar="NAME",
    help="A cloud of clouds.yaml, or 'envvars'; may be given several times.",
)
@output_option
@click.option("--dry-run", is_flag=True, help="Show what would change in the clouds; change none.")
@evidence_options
@security_lag_option
@settings_option
@require_signed_by_option
@signing_key_option
@click.option(
    "--method",
    type=click.Choice(["direct", "glance-direct", "web-download"]),
    default="direct",
    show_default=True,
    help="How Glance gets the data.",
)
@click.option(
    "--as",
    "sent_as",
    type=click.Choice([*get_args(DiskFormat)]),
    help="The format that the clouds are sent: one of the build's files, or 'raw', which is made on"
    " the way. By default the image as it was proven.",
)
@click.option("--url", help="Where Glance finds the image; for web-download.")
@click.option(
    "--store", "stores", multiple=True, help="A store of Glance; may be given several times."
)
@click.option(
    "--sign-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Sign the image with this private key (PEM).",
)
@click.option(
    "--sign-certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The key's certificate (PEM).",
)
@click.option("--certificate-id", metavar="UUID", help="The certificate's id in Barbican.")
@json_option
def publish(
    *,
    build: str,
    clouds: tuple[str, ...],
    output: Path,
    dry_run: bool,
    max_age: timedelta,
    allow: str | None,
    drop_unproven: bool,
    max_security_lag: timedelta | None,
    settings: str | None,
    signers: tuple[PublicKey, ...],
    attester: Attester | None,
    method: Method,
    sent_as: DiskFormat | None,
    url: str | None,
    stores: tuple[str, ...],
    sign_key: Path | None,
    sign_certificate: Path | None,
    certificate_id: str | None,
    as_json: bool,
) -> int:
    """Publish a proven build: it takes its public name in each cloud.

    BUILD is a build directory or the name of a built profile (its latest build). Uploaded is a
    hidden, private image; it gets the public name when everything has been read back. The image
    that had the name is hidden, renamed with its build date, and still there by its id.
    Interrupted? Run the same command again.

    \b
    Examples:
      guest-image publish pinned-scsi --cloud mycloud --dry-run
      guest-image publish pinned-scsi --cloud staging --cloud prod
      guest-image publish dist/base/latest --cloud mycloud --allow present
      guest-image publish base --cloud mycloud --max-security-lag 7d
      guest-image publish base --cloud ceph --as raw
    """
    if (url is None) == (method == "web-download"):
        raise click.UsageError("--method web-download and --url belong together.")
    candidate = ready(
        find_build(build, output),
        Waivers(allow_present=allow == "present", drop_unproven=drop_unproven),
        max_age=max_age,
        settings=settings_of(settings),
        signers=signers,
        signer=_signer(sign_key, sign_certificate, certificate_id),
        max_security_lag=max_security_lag,
        asked=sent_as,
    )
    delivery = Delivery(method, url, stores)

    def act(glance: Glance) -> Answer:
        if dry_run:
            return _previewed(glance, preview_build(glance, candidate))
        result = publish_build(glance, candidate, delivery, progress, attester)
        return published_answer(glance, candidate, result)

    with Progress() as progress:
        answers = in_each(clouds, act, progress)
    return conclude(answers, as_json=as_json)


def _signer(key: Path | None, certificate: Path | None, identity: str | None) -> Signer | None:
    if key is None and certificate is None and identity is None:
        return None
    if key is None or certificate is None or identity is None:
        raise click.UsageError(
            "--sign-key, --sign-certificate and --certificate-id belong together."
        )
    return Signer(key, certificate, identity)


def _previewed(glance: Glance, changes: Sequence[str]) -> Answer:
    shown = [f"  {change}" for change in changes] or ["  nothing would change"]
    return Answer([f"{glance}:", *shown], {"cloud": glance.cloud, "changes": list(changes)})
