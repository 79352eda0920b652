"""Verbs that publish images to clouds, and look after them there."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli.clouds import Answer, cloud_option, conclude, evidence_options, in_each
from builder.cli.common import cli, complete_profile, json_option, output_option, print_json

if TYPE_CHECKING:
    from builder.progress import Progress
    from builder.publication import Publication
    from builder.publish.build import Ready
    from builder.publish.draft import Delivery
    from builder.publish.glance import Glance
    from builder.publish.signature import Signer


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
    from builder.builds import find_build
    from builder.progress import Progress
    from builder.publish.build import ready
    from builder.publish.draft import Delivery
    from builder.publish.refusal import Concession

    if (url is None) == (method == "web-download"):
        raise click.UsageError("--method web-download and --url belong together.")
    prepared = ready(
        find_build(build, output),
        Concession(allow_present=allow == "present", drop_unproven=drop_unproven),
        max_age=max_age,
        settings=_settings(settings),
        signer=_signer(sign_key, sign_certificate, certificate_id),
    )
    delivery = Delivery(method, url, stores)  # type: ignore[arg-type]  # click has checked the word
    with Progress() as progress:
        answers = in_each(
            clouds,
            lambda glance: _publish(glance, prepared, delivery, progress, dry_run=dry_run),
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
    from builder.publish.signature import Signer

    return Signer(key, certificate, identity)


def _settings(profile: str | None) -> "Publication | None":
    from builder.features import installed
    from builder.profilefile import load

    return None if profile is None else load(profile, installed()).publish


def _publish(
    glance: "Glance",
    prepared: "Ready",
    delivery: "Delivery",
    progress: "Progress",
    *,
    dry_run: bool,
) -> "Answer":
    from builder.publish.build import for_cloud, record, require_writable, state_directory
    from builder.publish.preview import preview
    from builder.publish.publish import Retention, find
    from builder.publish.publish import publish as make_public
    from builder.publish.survey import survey

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
    from builder.publish.glance import Glance
    from builder.publish.listing import listing_json, listing_text
    from builder.publish.survey import published
    from builder.terminal import show

    images = published(Glance(cloud))
    if as_json:
        print_json(listing_json(images))
    else:
        show(listing_text(images))


@cli.command()
@click.argument("profile", metavar="PROFILE", shell_complete=complete_profile)
@cloud_option
@json_option
def rollback(*, profile: str, cloud: str, as_json: bool) -> int:
    """Bring a profile's previous image back under its public name, without an upload.

    The image that has the name now is hidden and renamed with its build date. Called again, it goes
    back one more; an interrupted rollback is completed, an interrupted publication taken back.

    \b
    Examples:
      guest-image rollback pinned-scsi --cloud prod
    """
    from builder.progress import Progress
    from builder.publish.build import state_directory
    from builder.publish.rollback import rollback as bring_back

    def act(glance: "Glance") -> Answer:
        back = bring_back(glance, profile, progress, home=state_directory())
        text = f"{glance}: '{back.name}' is image {back.id} of build {back.build} again"
        return Answer(
            [text],
            {"cloud": cloud, "image": back.id, "name": back.name, "build": back.build},
        )

    with Progress() as progress:
        answers = in_each([cloud], act, progress)
    return conclude(answers, as_json=as_json)


@cli.command()
@click.argument("profile", metavar="PROFILE", shell_complete=complete_profile)
@click.option("--from", "source", required=True, metavar="NAME", help="The cloud that has it.")
@click.option("--to", "target", required=True, metavar="NAME", help="The cloud that gets it.")
@output_option
@evidence_options[0]
@evidence_options[1]
@evidence_options[2]
@click.option(
    "--settings",
    metavar="PROFILE",
    shell_complete=complete_profile,
    help="Take the section 'publish' from this profile, not from the build.",
)
@json_option
def promote(
    *,
    profile: str,
    source: str,
    target: str,
    output: Path,
    max_age: timedelta,
    allow: str | None,
    drop_unproven: bool,
    settings: str | None,
    as_json: bool,
) -> int:
    """Publish in one cloud what is current in another, without a rebuild.

    The data comes from the first cloud; the build's manifest must be here, for its evidence counts
    in the second cloud too.

    \b
    Examples:
      guest-image promote pinned-scsi --from staging --to prod
    """
    from builder.progress import Progress
    from builder.publish.draft import Delivery
    from builder.publish.glance import Glance
    from builder.publish.promote import promotable
    from builder.publish.refusal import Concession

    with Progress() as progress:
        prepared = promotable(
            Glance(source, say=progress.line),
            profile,
            output,
            Concession(allow_present=allow == "present", drop_unproven=drop_unproven),
            max_age=max_age,
            settings=_settings(settings),
        )
        answers = in_each(
            [target],
            lambda glance: _publish(glance, prepared, Delivery(), progress, dry_run=False),
            progress,
        )
    return conclude(answers, as_json=as_json)


@cli.command()
@cloud_option
@output_option
@click.option("--repair", is_flag=True, help="Change back what differs, where that is possible.")
@json_option
def audit(*, cloud: str, output: Path, repair: bool, as_json: bool) -> int:
    """Compare the images published in a cloud with their manifests.

    Data, properties, tags, visibility, names. The exit code is 1 where something differs, and after
    a repair only where something differs still.

    \b
    Examples:
      guest-image audit --cloud prod
      guest-image audit --cloud prod --repair
    """
    from builder.progress import Progress
    from builder.publish.inspector import audit as compare

    def act(glance: "Glance") -> Answer:
        findings = compare(glance, output, progress, repair=repair)
        drift = [one for one in findings if one.drift]
        lines = [line for one in findings for line in (one.subject, *_indented(one.lines))]
        data = [
            {"subject": one.subject, "drift": one.drift, "lines": list(one.lines)}
            for one in findings
        ]
        return Answer(
            lines or [f"{glance}: everything is as it was published"],
            {"cloud": cloud, "findings": data},
            int(bool(drift)),
        )

    with Progress() as progress:
        answers = in_each([cloud], act, progress)
    return conclude(answers, as_json=as_json)


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]
