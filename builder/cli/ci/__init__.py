"""The verbs below ``ci``: scheduled builds."""

from builder.cli.verbs import CI_VERBS, Verbs, cli


@cli.group("ci", cls=Verbs, verbs=CI_VERBS, package=__name__)
def group() -> None:
    """Let a CI build images when they are due.

    \b
    Examples:
      guest-image ci render --for gitlab pinned-scsi
      guest-image ci render --for github --on container pinned-scsi --check
    """
