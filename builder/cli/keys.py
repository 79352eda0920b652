"""The options that name keys: whose signature is made, and whose counts."""

import os
from pathlib import Path

import click

from builder.attest.key import PASSPHRASE, Attester, PublicKey, attester, public_key

VARIABLE = "GUEST_IMAGE_SIGNING_KEY"


def _attester(
    _context: click.Context, _parameter: click.Parameter, given: str | None
) -> Attester | None:
    """Who signs. Programs that are started, an image's own among them, must not find the key."""
    passphrase = os.environ.pop(PASSPHRASE, None)
    os.environ.pop(VARIABLE, None)
    return attester(given, passphrase) if given else None


def _public_keys(
    _context: click.Context, _parameter: click.Parameter, given: tuple[Path, ...]
) -> tuple[PublicKey, ...]:
    return tuple(public_key(path) for path in given)


signing_key_option = click.option(
    "--attest-key",
    "attester",
    metavar="FILE",
    envvar=VARIABLE,
    show_envvar=True,
    callback=_attester,
    help="Sign what is made with this private key (PEM). The variable may have the key itself.",
)
key_option = click.option(
    "--key",
    "keys",
    metavar="PUBLIC",
    multiple=True,
    type=click.Path(path_type=Path),
    callback=_public_keys,
    help="A public key (PEM) whose signatures count; may be given several times.",
)
require_signed_by_option = click.option(
    "--require-signed-by",
    "signers",
    metavar="PUBLIC",
    multiple=True,
    type=click.Path(path_type=Path),
    callback=_public_keys,
    help="Refuse what none of these public keys (PEM) vouches for; may be given several times.",
)
