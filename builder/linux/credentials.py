"""Logins and tokens of whoever built an image, which every guest would have.

Sources: netrc(5), apt_auth.conf(5), git-credential-store(1), dnf.conf(5), mount.cifs(8), and the
pages on configuration of pip, npm, openstacksdk (``clouds.yaml``) and the others that are named.
"""

import fnmatch
import glob
import re
from collections.abc import Iterator, Mapping

from builder.feature import Filesystem
from builder.linux.files import significant_lines, text

_HOMES = ("/root", "/home/*", "/etc/skel")

_IN_URL = re.compile(r"\b\w+://[^\s/@:]+:(?![*$%{<])[^\s/@]+@")
_PASSWORD = re.compile(r"\bpassword\b[\s\"']*[=:]?[\s\"']*[^\s\"'=:]")
_ASSIGNED = re.compile(r"(?i)(?:password|passwd|username)\s*=\s*\S")
_CLOUD = re.compile(r"\b(?:password|application_credential_secret|token)[\"']?\s*:\s*\S")
_OPENRC = re.compile(
    r"(?:export\s+)?OS_(?:PASSWORD|TOKEN|APPLICATION_CREDENTIAL_SECRET)=[\"']?[^\s\"'$]"
)
_ANY = re.compile(r"\S")

_OF_HOMES: Mapping[str, re.Pattern[str]] = {
    ".netrc": _PASSWORD,
    ".git-credentials": _IN_URL,
    ".gitconfig": _IN_URL,
    ".config/git/credentials": _IN_URL,
    ".config/openstack/*.yaml": _CLOUD,
    ".pip/pip.conf": _IN_URL,
    ".config/pip/pip.conf": _IN_URL,
    ".config/uv/uv.toml": _IN_URL,
    ".pypirc": re.compile(r"password\s*[=:]\s*\S"),
    ".npmrc": re.compile(r"_(?:authToken|password|auth)\s*=\s*[^\s$]"),
    ".docker/config.json": re.compile(r"\"auth\"\s*:\s*\"[^\"]"),
    ".config/containers/auth.json": re.compile(r"\"auth\"\s*:\s*\"[^\"]"),
    ".aws/credentials": re.compile(r"aws_secret_access_key\s*=\s*\S"),
    ".s3cfg": re.compile(r"secret_key\s*=\s*\S"),
    ".kube/config": re.compile(r"(?:client-key-data|token|password)\s*:\s*\S"),
    ".config/gh/hosts.yml": re.compile(r"oauth_token\s*:\s*\S"),
    ".gem/credentials": _ANY,
    ".cargo/credentials*": re.compile(r"token\s*="),
    ".vault-token": _ANY,
    ".pgpass": _ANY,
    ".my.cnf": _ASSIGNED,
    "*openrc*": _OPENRC,
    ".bashrc": _OPENRC,
    ".profile": _OPENRC,
    ".bash_profile": _OPENRC,
}
_FILES: Mapping[str, re.Pattern[str]] = {
    "/etc/openstack/*.yaml": _CLOUD,
    "/etc/apt/auth.conf": _PASSWORD,
    "/etc/apt/auth.conf.d/*": _PASSWORD,
    "/etc/apt/sources.list": _IN_URL,
    "/etc/apt/sources.list.d/*": _IN_URL,
    "/etc/yum.repos.d/*.repo": re.compile(f"{_ASSIGNED.pattern}|{_IN_URL.pattern}"),
    "/etc/zypp/repos.d/*.repo": _IN_URL,
    "/etc/pip.conf": _IN_URL,
    "/etc/xdg/pip/pip.conf": _IN_URL,
    "/etc/npmrc": re.compile(r"_(?:authToken|password|auth)\s*=\s*[^\s$]"),
    "/etc/gitconfig": _IN_URL,
    "/etc/environment": _OPENRC,
    "/etc/profile.d/*.sh": _OPENRC,
    "/etc/fstab": re.compile(r"[\s,]password=[^\s,]"),
    "/etc/docker/config.json": re.compile(r"\"auth\"\s*:\s*\"[^\"]"),
    "/etc/kubernetes/*.conf": re.compile(r"(?:client-key-data|token)\s*:\s*\S"),
    "/var/lib/kubelet/config.json": re.compile(r"\"auth\"\s*:\s*\"[^\"]"),
}


def credentials(disk: Filesystem) -> Iterator[str]:
    """Yield the first login or token of each file, with its line, and without it."""
    for path, kind in _files(disk):
        lines = significant_lines(text(disk, path), "#;")
        place = next((number for number, line in lines if kind.search(line)), None)
        if place is not None:
            yield f"{path}:{place}: has a login or a token of whoever built the image"


def _files(disk: Filesystem) -> Iterator[tuple[str, re.Pattern[str]]]:
    for home in (home for pattern in _HOMES for home in disk.glob(pattern)):
        names = disk.list(home)  # asked for once: a home has hardly any of them
        for pattern, kind in _OF_HOMES.items():
            if fnmatch.filter(names, pattern.partition("/")[0]):
                yield from ((path, kind) for path in disk.glob(f"{glob.escape(home)}/{pattern}"))
    for pattern, kind in _FILES.items():
        yield from ((path, kind) for path in disk.glob(pattern))
