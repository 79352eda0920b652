"""The options that name keys: whose signature is made, and whose counts."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import click
from minisign import PublicKey as MinisignKey
from minisign import SecretKey

from builder.attest.checksums import PASSPHRASE as MINISIGN_PASSPHRASE
from builder.attest.checksums import public_key as minisign_key
from builder.attest.checksums import secret_key
from builder.attest.key import PASSPHRASE, Attester, PublicKey, attester, public_key

VARIABLE = "GUEST_IMAGE_SIGNING_KEY"
MINISIGN_VARIABLE = "GUEST_IMAGE_MINISIGN_KEY"
_GIVEN = "builder.cli.keys"


def given_keys(context: click.Context) -> Mapping[str, str]:
    """The variables by which this program, started by this command, signs with the same keys."""
    return cast("Mapping[str, str]", context.meta.get(_GIVEN, {}))


def _note(context: click.Context, variable: str, given: str | None) -> None:
    if given:
        context.meta.setdefault(_GIVEN, {})[variable] = given


def _attester(
    context: click.Context, _parameter: click.Parameter, given: str | None
) -> Attester | None:
    """Who signs. Programs that are started, an image's own among them, must not find the key."""
    passphrase = os.environ.pop(PASSPHRASE, None)
    os.environ.pop(VARIABLE, None)
    _note(context, VARIABLE, given)
    return attester(given, passphrase) if given else None


def _minisigner(
    context: click.Context, _parameter: click.Parameter, given: str | None
) -> SecretKey | None:
    """Who signs the checksums; as ``_attester``."""
    passphrase = os.environ.pop(MINISIGN_PASSPHRASE, None)
    os.environ.pop(MINISIGN_VARIABLE, None)
    _note(context, MINISIGN_VARIABLE, given)
    return secret_key(given, passphrase) if given else None


@dataclass(frozen=True)
class Keys:
    """Whose signatures count."""

    of_statements: tuple[PublicKey, ...]
    of_checksums: tuple[MinisignKey, ...]


def _any_keys(
    _context: click.Context, _parameter: click.Parameter, given: tuple[Path, ...]
) -> Keys:
    minisign_keys = {path: minisign_key(path) for path in given}
    return Keys(
        tuple(public_key(path) for path, key in minisign_keys.items() if key is None),
        tuple(key for key in minisign_keys.values() if key is not None),
    )


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
minisign_key_option = click.option(
    "--minisign-key",
    "minisigner",
    metavar="FILE",
    envvar=MINISIGN_VARIABLE,
    show_envvar=True,
    callback=_minisigner,
    help="Sign SHA256SUMS with this secret key of minisign. The variable may have the key itself.",
)


def _public_keys_option(
    name: str, destination: str, callback: Callable[..., object], text: str
) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """An option that may be given several times, each with the file of a public key."""
    return click.option(
        name,
        destination,
        metavar="PUBLIC",
        multiple=True,
        type=click.Path(path_type=Path),
        callback=callback,
        help=f"{text}; may be given several times.",
    )


any_key_option = _public_keys_option(
    "--key", "keys", _any_keys, "A public key (PEM, or minisign's) whose signatures count"
)
key_option = _public_keys_option(
    "--key", "keys", _public_keys, "A public key (PEM) whose signatures count"
)
require_signed_by_option = _public_keys_option(
    "--require-signed-by",
    "signers",
    _public_keys,
    "Refuse what none of these public keys (PEM) vouches for",
)
