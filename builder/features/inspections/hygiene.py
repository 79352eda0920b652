"""The image is nobody's: no identity, no traces of its build, no passwords."""

from builder.feature import CheckFailed, Filesystem, inspection
from builder.features.inspections.parameters import FoundationParameters
from builder.linux import hygiene, identities, passwords


@inspection("the image has no identity of its own")
def has_no_identity(disk: Filesystem, _: FoundationParameters) -> str:
    """Every guest makes its own ids, names and keys."""
    found = tuple(identities.identities(disk))
    if found:
        raise CheckFailed(f"{'; '.join(found)}; {identities.REMEDY}")
    return "no id, no name, no private key, no seed and no address of one machine"


@inspection("the image has no traces of its build")
def has_no_leftovers(disk: Filesystem, _: FoundationParameters) -> str:
    """Histories, caches, and what only the build's host has: name servers, mirrors, directories."""
    found = tuple(hygiene.leftovers(disk))
    if found:
        raise CheckFailed(f"{'; '.join(found)}; remove each at the end of the build")
    return "no shell history, no package cache, no name server, proxy or directory of the build"


@inspection("no account can be entered with a password")
def has_no_passwords(disk: Filesystem, _: FoundationParameters) -> str:
    """The root account, too, is locked, and cloud-init's configuration sets no password."""
    found = tuple(passwords.passwords(disk))
    if found:
        raise CheckFailed(f"{'; '.join(found)}; {passwords.REMEDY}")
    return "every account is locked, and cloud-init's configuration sets no password"


INSPECTIONS = (has_no_identity, has_no_leftovers, has_no_passwords)
