"""Which accounts of a disk can be entered with a password, or will be at the first boot.

Sources: shadow(5), passwd(5), systemd's ``passwd.*`` credentials (systemd-sysusers(8)), agetty(8),
systemd-debug-generator(8), and cloud-init's modules ``set_passwords`` and ``users_groups``,
of which the latter still takes ``user`` and a mapping of ``users`` (``distros/ug_util.py``).
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from builder.feature import Filesystem
from builder.linux import cloudconfig, systemd, unitfile, written_files
from builder.linux.bootentries import arguments
from builder.linux.cloudconfig import Document, last, scalar
from builder.linux.files import significant_lines, text

REMEDY = "lock each ('passwd --lock'), and let cloud-init or the agent set one guest's password"

_PASSWORDS = ("passwd", "hashed_passwd", "plain_text_passwd")
_SHADOWED = "x"  # what passwd(5) has where the password stands in shadow(5)
_CREDENTIALS = (
    "/etc/credstore/passwd.*",
    "/etc/credstore.encrypted/passwd.*",
    "/usr/lib/credstore/passwd.*",
)
_CREDENTIAL = re.compile(
    r"systemd\.set_credential(?:_binary)?=passwd\.(?:plaintext|hashed)-password\S*"
)
_GETTYS = (
    "serial-getty@.service",
    "serial-getty@ttyS0.service",
    "getty@.service",
    "getty@tty1.service",
    "console-getty.service",
)
_WITHOUT_LOGIN = re.compile(
    r"\s(?:--autologin|-a)\b"  # agetty(8)
    r"|(?:^|[\s/=])(?:ba|da|z|k)?sh(?:\s(?!\s*-c)|$)|\blogin\s+-f\b"
)
_DEBUG_SHELL = "debug-shell.service"
_SHELL = re.compile(  # systemd-debug-generator(8), and the kernel's init=
    r"systemd\.debug[-_]shell(?:=(?:1|yes|true|on|/dev/\w+|tty\w+))?|init=/\S*/(?:ba|da|z|k)?sh"
)


def passwords(disk: Filesystem) -> Iterator[str]:
    """Yield each, with the file and the line; also those of files that cloud-init writes."""
    yield from _passwords(disk)
    yield from written_files.added(disk, _passwords)


def _passwords(disk: Filesystem) -> Iterator[str]:
    yield from _of_accounts(disk)
    yield from _of_cloud_init(disk)
    for path in (path for pattern in _CREDENTIALS for path in disk.glob(pattern)):
        yield f"{path} sets a password at the first boot"
    for place, argument in arguments(disk):
        if _CREDENTIAL.fullmatch(argument):
            yield f"{place}: has {argument.partition(':')[0]}: it sets a password at the first boot"
    for unit in _GETTYS:
        commands = unitfile.values(unitfile.settings(disk, unit), "Service", "ExecStart")
        for command in commands:
            if _WITHOUT_LOGIN.search(command.value):
                yield f"{command.place}: has the console entered without a password"
    yield from _shells(disk)


def _shells(disk: Filesystem) -> Iterator[str]:
    """Shells of root's that systemd, or the kernel, starts on a console for anybody."""
    shell = systemd.unit(disk, _DEBUG_SHELL)
    if shell.started_by:
        yield f"{shell.started_by[0]} starts a shell of root's on a console for anybody"
    for place, argument in arguments(disk):
        if _SHELL.fullmatch(argument):
            yield f"{place}: has {argument}: it starts a shell of root's on a console for anybody"


def _of_accounts(disk: Filesystem) -> Iterator[str]:
    for number, line in significant_lines(text(disk, "/etc/shadow")):
        user, _, rest = line.partition(":")
        password = rest.partition(":")[0]
        if not password:
            yield f"/etc/shadow:{number}: {user} needs no password"
        elif not _is_locked(password):
            yield f"/etc/shadow:{number}: {user} has a password"
    for number, line in significant_lines(text(disk, "/etc/passwd")):
        user, colon, rest = line.partition(":")
        password = rest.partition(":")[0]
        if colon and not password:
            yield f"/etc/passwd:{number}: {user} needs no password"
        elif colon and password != _SHADOWED and not _is_locked(password):
            yield f"/etc/passwd:{number}: {user} has a password"


def _is_locked(password: str) -> bool:
    return password.startswith(("!", "*"))


def _of_cloud_init(disk: Filesystem) -> Iterator[str]:
    found = cloudconfig.documents(disk)
    yield from _of_configuration(found)
    for embedded in cloudconfig.embedded(found):
        yield from _of_configuration((embedded,))


def _of_configuration(found: Sequence[Document]) -> Iterator[str]:
    for keys in (("password",), ("chpasswd", "list"), ("chpasswd", "users")):
        document = last(found, *keys)
        if document is not None and _sets(document.get(*keys)):
            yield f"{document.place(*keys)}: cloud-init sets passwords by {'.'.join(keys)}"
    document = last(found, "users")
    users = document.get("users") if document is not None else None
    for key, user in _listed(users):
        if document is not None and isinstance(user, dict):
            yield from _of_user(document, ("users", key), user)
    for keys in (("user",), ("system_info", "default_user")):
        document = last(found, *keys)
        user = document.get(*keys) if document is not None else None
        if document is not None and isinstance(user, dict):
            yield from _of_user(document, keys, user)
    for stage in ("bootcmd", "runcmd"):
        document = last(found, stage)
        commands = document.get(stage) if document is not None else None
        for number, command in enumerate(commands if isinstance(commands, list) else ()):
            words = command if isinstance(command, list) else scalar(command).split()
            if document is not None and _sets_password({scalar(word) for word in words}):
                yield f"{document.place(stage, number)}: cloud-init sets passwords by {stage}"


def _listed(users: Any) -> Iterator[tuple[str | int, Any]]:  # Any: YAML
    """Each user with its name or its number, as they are mapped or listed."""
    if isinstance(users, dict):
        yield from ((name, user) for name, user in users.items() if isinstance(name, str))
    elif isinstance(users, list):
        yield from enumerate(users)


def _sets_password(words: Collection[str]) -> bool:
    """Whether a command's words set one; of a command line for a shell, too."""

    def names(*programs: str) -> bool:
        return any(word.endswith(programs) for word in words)

    given = any(word == "-p" or word.partition("=")[0] == "--password" for word in words)
    return (
        names("chpasswd")
        or (names("passwd") and bool({"--stdin", "-d", "--delete"} & {*words}))
        or (names("usermod", "useradd") and given)
    )


def _of_user(
    document: Document,
    keys: tuple[str | int, ...],
    user: dict[Any, Any],  # Any: YAML
) -> Iterator[str]:
    if user.get("lock_passwd") is True:
        return
    for name in _PASSWORDS:
        password = user.get(name)
        if password is not None and not _is_locked(scalar(password)):
            place = document.place(*keys, name)
            who = scalar(user.get("name", "the user"))
            yield f"{place}: cloud-init gives {who} a password by {name}"


def _sets(value: Any) -> bool:  # Any: YAML
    """Whether it has a password that is not made anew for each guest."""
    if isinstance(value, str) and "\n" not in value.strip() and ":" not in value:
        return bool(value) and value not in {"R", "RANDOM"}
    entries = value.splitlines() if isinstance(value, str) else value
    for entry in entries if isinstance(entries, list) else [entries]:
        match entry:
            case {"type": "RANDOM"}:
                continue
            case {"password": password}:
                secret = scalar(password)
            case str(line) if ":" in line:
                secret = line.partition(":")[2].strip()
            case int(number):
                secret = str(number)
            case _:
                continue
        if secret and secret not in {"R", "RANDOM"} and not _is_locked(secret):
            return True
    return False
