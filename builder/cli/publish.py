"""The verb ``publish``."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli.cloud_options import Answer, conclude, evidence_options, in_each
from builder.cli.options import cli, complete_profile, json_option, output_option

if TYPE_CHECKING:
    from builder.profile.publication import Publication
    from builder.publish.candidate.prepare import Ready
    from builder.publish.candidate.signature import Signer
    from builder.publish.cloud.glance import Glance
    from builder.publish.rollout.draft import Delivery
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
@evidence_options[0]
@evidence_options[1]
@evidence_options[2]
@click.option(
    "--settings",
    metavar="PROFILE",
    shell_complete=complete_profile,
    help="Take the section 'publish' from this profile, not from the build.",
)
@click.option(
    "--method",
    type=click.Choice(["direct", "glance-direct", "web-download"]),
    default="direct",
    show_default=True,
    help="How Glance gets the data.",
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
    settings: str | None,
    method: str,
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
    """
    from builder.publish.candidate.admission import Waivers
    from builder.publish.candidate.prepare import ready
    from builder.publish.rollout.draft import Delivery
    from builder.store.build_directory import find_build
    from builder.terminal.progress import Progress

    if (url is None) == (method == "web-download"):
        raise click.UsageError("--method web-download and --url belong together.")
    prepared = ready(
        find_build(build, output),
        Waivers(allow_present=allow == "present", drop_unproven=drop_unproven),
        max_age=max_age,
        settings=settings_of(settings),
        signer=_signer(sign_key, sign_certificate, certificate_id),
    )
    delivery = Delivery(method, url, stores)  # type: ignore[arg-type]  # click has checked the word
    with Progress() as progress:
        answers = in_each(
            clouds,
            lambda glance: publish_one(glance, prepared, delivery, progress, dry_run=dry_run),
            progress,
        )
    return conclude(answers, as_json=as_json)


def _signer(key: Path | None, certificate: Path | None, identity: str | None) -> "Signer | None":
    if key is None and certificate is None and identity is None:
        return None
    if key is None or certificate is None or identity is None:
        raise click.UsageError(
            "--sign-key, --sign-certificate and --certificate-id belong together."
        )
    from builder.publish.candidate.signature import Signer

    return Signer(key, certificate, identity)


def settings_of(profile: str | None) -> "Publication | None":
    """What a profile says of publishing; None where none is named."""
    from builder.features.registry import installed
    from builder.profile.load import load

    return None if profile is None else load(profile, installed()).publish


def publish_one(
    glance: "Glance",
    prepared: "Ready",
    delivery: "Delivery",
    progress: "Progress",
    *,
    dry_run: bool,
) -> "Answer":
    """Publish a build in one cloud, or tell what that would change."""
    from builder.publish.candidate.prepare import for_cloud
    from builder.publish.cloud.history import find
    from builder.publish.cloud.lease import state_directory
    from builder.publish.cloud.survey import survey
    from builder.publish.preview import preview
    from builder.publish.publish import publish as make_public
    from builder.publish.record import record, require_writable
    from builder.publish.rollout.retention import Retention

    seen = survey(glance, prepared.wanted.profile, prepared.wanted.name)
    prepared = for_cloud(prepared, seen, glance.endpoint)
    wanted = prepared.wanted
    retention = Retention(prepared.settings.keep_last, prepared.settings.keep_days)
    if dry_run:
        known = find(seen.images, wanted)
        shared = known is not None and "shared" == known.visibility == wanted.visibility
        members = glance.members(known.id) if known and shared else []
        lines = preview(seen, wanted, retention, members)
        shown = [f"  {line}" for line in lines] or ["  nothing would change"]
        return Answer([f"{glance}:", *shown], {"cloud": glance.cloud, "changes": lines})
    require_writable(prepared.directory)
    result = make_public(
        glance, wanted, prepared.origin, delivery, retention,
        home=state_directory(), progress=progress,
    )  # fmt: skip
    record(prepared, glance, result.image)
    how = "is published" if result.changed else "is published already; nothing was changed"
    text = f"{glance}: '{wanted.name}' {how}: {result.image.id} of build {wanted.build}"
    lines = [text, *(f"  {line}" for line in result.kept)]
    data = {
        "cloud": glance.cloud,
        "image": result.image.id,
        "name": wanted.name,
        "build": wanted.build,
        "changed": result.changed,
        "kept": list(result.kept),
        "properties": dict(wanted.properties),
    }
    return Answer(lines, data)
