"""The verbs below ``proof``: proofs that were made on another machine."""

from builder.cli.verbs import PROOF_VERBS, Verbs, cli


@cli.group("proof", cls=Verbs, verbs=PROOF_VERBS, package=__name__)
def group() -> None:
    """Take over proofs of other machines.

    \b
    Examples:
      guest-image proof import /mnt/kvm-host/pinned-scsi/latest --key proof.pub
      guest-image proof import attestations.intoto.jsonl --key proof.pub
    """
