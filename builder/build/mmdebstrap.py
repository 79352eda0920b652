"""The bootstrap of Debian and Ubuntu: options that save diskimage-builder work. Pure."""

import sys
from collections.abc import Mapping

from builder.architecture import ARCHITECTURES
from builder.build.package_cache import PackageCache
from builder.distribution import Distribution

BOOTSTRAP_PACKAGES = (
    "busybox", "ca-certificates", "gnupg", "gnupg2", "lsb-release", "python3", "python3-yaml",
    "sudo", "systemd-sysv",
)  # fmt: skip
"""What diskimage-builder's elements for Debian and Ubuntu install one by one, before ours."""

IMAGE_PACKAGES: Mapping[str, tuple[str, ...]] = {
    "debian": (
        "cloud-guest-utils", "cloud-init", "dbus", "dosfstools", "e2fsprogs", "efibootmgr",
        "ethtool", "grub2-common", "iproute2", "libpam-systemd", "locales", "netbase",
        "openssh-server", "shim-signed", "systemd-timesyncd", "zstd",
    ),
}  # fmt: skip
"""What every image of a distribution has by its elements, besides kernel, boot loader and initrd.

Installed with all else at once it takes less time, and it is there in what is kept of a bootstrap.
systemd-resolved is not among it: it takes the name servers away that the next hooks ask for.
"""

HOST_KEYS = ("rsa", "ecdsa", "ed25519")
"""The kinds of SSH's host keys that Debian makes where none is there, and no image keeps.

Their places are taken while the system is made: to find an RSA key takes some seconds.
"""


def mmdebstrap_arguments(
    packages: PackageCache, distribution: Distribution, variables: Mapping[str, str]
) -> str:
    """Options for mmdebstrap that save diskimage-builder from doing its work twice.

    The packages that its elements want next come with the bootstrap, in the versions that the
    updates and security archives have, and from the cache where it has them as they are signed.
    ``variables`` name the mirrors, and the proxy for https: diskimage-builder gives mmdebstrap only
    the one for http.
    Read by ``sudo sh -c "…"`` in diskimage-builder's element debootstrap, hence the quotes.
    """
    archives, lists = '"$1"/var/cache/apt/archives', '"$1"/etc/apt/sources.list.d'
    hooks = [f'mkdir -p "$1"/etc/apt && cp -rT {packages.settings} "$1"/etc/apt']
    for suffix, kind in distribution.suites.items():
        mirror = distribution.mirrors[kind]
        if suffix and mirror in variables:
            place = f"{variables[mirror]} {distribution.release}{suffix}"
            source = f"deb [signed-by={distribution.keyring}] {place} main"
            file = f"{lists}/{suffix.removeprefix('-')}.list"
            hooks.append(f'mkdir -p {lists} && echo "{source}" > {file}')
    proxy = '"$1"/etc/apt/apt.conf.d/80https-proxy'
    if variables.get("https_proxy"):
        hooks.append(
            f"mkdir -p $(dirname {proxy}) && "
            f'echo "Acquire::https::Proxy \\"{variables["https_proxy"]}\\";" > {proxy}'
        )
    # This build's own, of which the tree has no copies that would take its memory.
    hooks.append(f"mkdir -p {archives} && mount --bind {packages.archives} {archives}")
    keys = " ".join(f'"$1"/etc/ssh/ssh_host_{kind}_key' for kind in HOST_KEYS)
    hooks.append(f'mkdir -p "$1"/etc/ssh && touch {keys}')
    # The last, for it asks every source what its signed index says of the cached packages.
    hooks.append(f"{sys.executable} -I -m builder.build.verified_packages {packages.told}")
    options = [f"--setup-hook='{hook}'" for hook in hooks]
    options.append(f"--customize-hook='umount {archives}'")
    if variables.get("https_proxy"):
        options.append(f"--customize-hook='rm {proxy}'")
    # In place of the host's trusted.gpg and trusted.gpg.d: a file, and a directory without keys.
    options += [f"--keyring={place}" for place in (distribution.keyring, packages.archives)]
    # mmdebstrap would name a keyring of its own choice where these have not all of its keys.
    options.append("--skip=check/signed-by,essential/unlink,download/empty,cleanup/apt/lists")
    include = list(BOOTSTRAP_PACKAGES)
    if distribution.os_distro in IMAGE_PACKAGES:
        include += IMAGE_PACKAGES[distribution.os_distro]
        include += ARCHITECTURES[distribution.architecture].boot_packages
        include += [variables["DIB_INITRAMFS"]] if "DIB_INITRAMFS" in variables else []
    options.append(f"--include={','.join(include)}")
    return " ".join(options)
