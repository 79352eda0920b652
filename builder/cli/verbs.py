"""The groups of verbs: each verb is a module, which is loaded when it is called."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from builder.terminal import log
from builder.words import did_you_mean

COMPLETION_HELP = """\b
Shell completion, for bash (zsh and fish likewise):
  eval "$(_GUEST_IMAGE_COMPLETE=bash_source guest-image)"

\b
Exit codes: 0 all is well, 1 a build or a check failed, builds differ, or one lacks a security
update, 2 wrong input, 3 this machine lacks something, 4 no safe image, 5 a cloud refused
something, 10 no build is due, 70 an internal error, 130 interrupted."""

VERBS = {
    "doctor": "Tell what this host can do, before a build at night finds it out.",
    "profiles": "List the shipped profiles.",
    "features": "List the features that a profile can use, with their parameters.",
    "plan": "Show what a build of PROFILE would do, without doing any of it.",
    "schema": "Print the JSON Schema of a profile, with every installed feature's parameters.",
    "image": "Build PROFILE's image, inspect it, boot it, and print the verdict.",
    "due": "Tell whether a build of PROFILE is due: whether it would differ, or must be made.",
    "build": "Build PROFILE's image anew and print its directory; check nothing.",
    "reproduce": "Build an image again, and tell whether it is the same file.",
    "inspect": "Inspect an image's disk at rest.",
    "adopt": "Inspect and boot an image that was built elsewhere, and print what it has evidence"
    " for.",
    "prove": "Inspect and boot a build's image, and print the verdict.",
    "proof": "Take over proofs of other machines.",
    "report": "Print the verdict of a build by the evidence in its manifest; check nothing anew.",
    "diff": "Tell what differs between two builds, by their manifests alone.",
    "security": "Tell which security updates a build lacks, and which vulnerabilities are known of"
    " it.",
    "publish": "Publish a proven build: it takes its public name in each cloud.",
    "verify": "Tell whether a build is as it was signed, and what was changed.",
    "list": "List what was published in a cloud: current, replaced and unfinished images.",
    "rollback": "Bring a profile's previous image back under its public name, without an upload.",
    "promote": "Publish in one cloud what is current in another, without a rebuild.",
    "audit": "Compare the images published in a cloud with their manifests.",
    "catalogue": "Write a static site of the proven builds, for people and for programs.",
    "check": "Tell where images fall short of a standard.",
    "metrics": "Measure builds, proofs and clouds, and write it as OpenMetrics.",
    "cloud": "Set up a cloud for a profile's images.",
    "ci": "Let a CI build images when they are due.",
    "fleet": "Build, prove and publish many images by one file.",
}
"""What each verb's help begins with, so that the list of them needs none of their modules."""


CLOUD_VERBS = {
    "plan": "Show what PROFILE's images need of a cloud: flavor, scheduler, nova.conf, hosts.",
    "check": "Tell whether a cloud would give PROFILE's images what they claim; change nothing.",
    "apply": "Make the flavor and aggregate that PROFILE's images need, or correct them.",
    "prove": "Boot a published build by a cloud's Nova, and record what its server shows.",
}
"""The same of the verbs below ``cloud``."""


CI_VERBS = {
    "render": "Write the definition of scheduled builds for a CI: a job for each of the PROFILES.",
}
"""The same of the verbs below ``ci``."""


CHECK_VERBS = {
    "scs": "Tell where an image falls short of SCS-0102 and SCS-0104; change nothing.",
}
"""The same of the verbs below ``check``."""


PROOF_VERBS = {
    "import": "Take over a proof that another machine has made of a build that is here.",
}
"""The same of the verbs below ``proof``."""


FLEET_VERBS = {
    "plan": "Show the steps of all images in FILE, and which of them are due; do none of them.",
    "run": "Do all that is due of the images in FILE: build, prove, publish, prove there, promote.",
    "scheduler": "Run the scheduler of a fleet on many machines, until it is ended.",
    "worker": "Work for the fleet of SCHEDULER, until that ends.",
    "schema": "Print the JSON Schema of images.yaml, with every installed feature's parameters.",
}
"""The same of the verbs below ``fleet``."""


GROUPS = {
    "cloud": CLOUD_VERBS,
    "ci": CI_VERBS,
    "check": CHECK_VERBS,
    "proof": PROOF_VERBS,
    "fleet": FLEET_VERBS,
}
"""The verbs that have verbs below them."""


def _log_format_option() -> click.Option:
    """It is understood by ``main`` before everything else; here it is known, and judged."""
    return click.Option(
        [log.OPTION],
        type=click.Choice(log.FORMATS),
        envvar=log.VARIABLE,
        expose_value=False,
        help="Progress and errors as text, or as JSON lines for log collectors.",
    )


class Verb(click.Command):
    """A verb; each has the options that all have."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # Any: click's own
        super().__init__(*arguments, **options)
        self.params.append(_log_format_option())


class Verbs(click.Group):
    """A group that loads a verb when it is called, and names the nearest to one it has not."""

    command_class = Verb

    def __init__(
        self,
        *arguments: Any,  # Any: click's own
        verbs: Mapping[str, str],
        package: str,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.params.append(_log_format_option())
        self.verbs = verbs
        """Each with what its help begins with."""
        self.package = package
        """Where its verbs' modules are."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every verb."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb, or None where there is none of that name."""
        if cmd_name in self.verbs:
            import_module(f"{self.package}.{cmd_name}")  # which adds its command to this group
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's own; raises ``UsageError`` with the nearest verb."""
        verb = args[0]
        if self.get_command(ctx, verb) is None and not verb.startswith("-"):
            verbs = self.list_commands(ctx)
            hint = did_you_mean(verb, verbs) or f"Verbs are {', '.join(verbs)}."
            raise click.UsageError(f"There is no verb '{verb}'. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:  # Any: whatever the verb returns
        """As click's own; but where it would answer Ctrl-C with an empty line, JSON has none."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            if log.speaks_json():
                raise click.Abort from None
            raise

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs with what they do; none is loaded."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.verbs.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The verbs and options that begin so; no verb is loaded."""
        verbs = (
            CompletionItem(verb, help=text)
            for verb, text in self.verbs.items()
            if verb.startswith(incomplete)
        )
        return [*verbs, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(
    cls=Verbs,
    verbs=VERBS,
    package="builder.cli",
    epilog=COMPLETION_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="guest-image-builder", prog_name="guest-image")
def cli() -> None:
    """Build OpenStack guest images whose Glance properties are proven, not promised.

    \b
    Examples:
      guest-image profiles
      guest-image plan pinned-scsi
      guest-image image pinned-scsi
    """
