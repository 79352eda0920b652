"""The files of a store: in a directory, on an SFTP server, or as objects of S3.

What has its name is whole, wherever it lies: a file that is sent gets its name at the end, and an
object of S3 is there when its last part has arrived.
"""

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientError
from botocore.exceptions import BotoCoreError
from fsspec.core import url_to_fs
from paramiko import HostKeys, MissingHostKeyPolicy, PKey, SSHClient, SSHException

from builder.errors import HostError, InputError
from builder.redaction import Secrets

KNOWN_HOSTS = Path("~/.ssh/known_hosts")

CONNECT = 30.0
"""Seconds that a server has to answer."""

PARTIAL = ".partial"

_ADDRESSES = "Write a directory, sftp://USER@HOST/DIRECTORY, or s3://BUCKET/PREFIX."


class Files:
    """Those below a directory that all machines share; paths are relative to it."""

    exclusive = "xb"
    """The mode in which a file is opened that must not be there."""
    options: dict[str, Any] = {}  # noqa: RUF012 - of a subclass; Any: fsspec's

    def __init__(self, url: str) -> None:
        """Open it. Raises ``InputError`` for an address that cannot be one, ``HostError``."""
        self._secrets = Secrets([url])
        self.url = self._secrets.redact(url)
        with self.reached():
            try:
                # A connection that was cut is not taken once more: fsspec would keep it.
                self._files, root = url_to_fs(url, skip_instance_cache=True, **self.options)
            except (ValueError, ImportError) as error:
                raise self._no_address(str(error)) from error
        self._root = PurePosixPath(root)

    def read(self, path: str) -> bytes | None:
        """The content of a small file; None where there is none."""
        try:
            return bytes(self._files.cat_file(self._at(path)))
        except FileNotFoundError:
            return None

    def sizes(self, directory: str) -> dict[str, int]:
        """The files of a directory, by their names; none where there is no directory."""
        return {name: entry["size"] for name, entry in self._listed(directory, "file")}

    def directories(self, directory: str) -> list[str]:
        """The names of those in a directory."""
        return [name for name, _ in self._listed(directory, "directory")]

    def get(self, path: str, local: Path) -> None:
        """Fetch a file; ``local`` may be there in part where that fails."""
        self._files.get_file(self._at(path), str(local))

    def put(self, path: str, local: Path) -> None:
        """Send a file, in place of one of its name."""
        with local.open("rb") as content:
            self._send(path, content)

    def write(self, path: str, content: bytes) -> None:
        """Let a small file have this content."""
        self._send(path, io.BytesIO(content))

    def create(self, path: str, content: bytes) -> bool:
        """Make a small file, and tell whether it was this call that made it."""
        self._make_home(path)
        try:
            with self._files.open(self._at(path), self.exclusive) as file:
                file.write(content)
        except OSError:
            if self.read(path) is None:  # another reason than that somebody was first
                raise
            return False
        return True

    def remove(self, path: str) -> None:
        """Remove a file, or a directory with all that is in it, if it is there."""
        if self._files.exists(self._at(path)):
            self._files.rm(self._at(path), recursive=True)

    def remove_partial(self, directory: str) -> None:
        """Remove what was sent in part and cannot be seen: nothing, but with S3."""

    def _send(self, path: str, content: io.BufferedIOBase) -> None:
        with self._arriving(path) as partial, self._files.open(partial, "wb") as file:
            shutil.copyfileobj(content, file)

    @contextmanager
    def _arriving(self, path: str) -> Iterator[str]:
        """Where a file is sent to, until it is whole and gets its name."""
        self._make_home(path)
        partial = self._at(f"{path}{PARTIAL}")
        yield partial
        self._files.mv(partial, self._at(path))

    def _make_home(self, path: str) -> None:
        self._files.makedirs(self._at(str(PurePosixPath(path).parent)), exist_ok=True)

    def _at(self, path: str) -> str:
        return str(self._root / path)

    def _listed(self, directory: str, kind: str) -> Iterator[tuple[str, Any]]:  # Any: fsspec's
        try:
            entries = self._files.ls(self._at(directory), detail=True)
        except FileNotFoundError:
            return
        for entry in entries:
            if entry["type"] == kind:
                yield PurePosixPath(entry["name"]).name, entry

    def _no_address(self, why: str) -> InputError:
        return InputError(
            f"'{self.url}' is not the address of a store.",
            details=[self._secrets.redact(why)],
            hint=_ADDRESSES,
        )

    @contextmanager
    def reached(self) -> Iterator[None]:
        """Raise ``HostError`` where the store, or the way to it, fails."""
        try:
            yield
        except (OSError, SSHException, EOFError, BotoCoreError, ClientError) as error:
            told = str(error) or type(error).__name__
            raise HostError(
                f"The store {self.url} could not be used.",
                details=[self._secrets.redact(told)],
                hint=self._remedy(told),
            ) from error

    def _remedy(self, told: str) -> str:  # noqa: ARG002 - S3 has words for each
        return "See that it can be reached and written; then run the same command again."


class _KnownHosts(MissingHostKeyPolicy):  # type: ignore[misc]  # it ships no types
    """Trusts the hosts that ssh knows: paramiko by itself would trust anyone the first time."""

    def missing_host_key(self, _client: SSHClient, hostname: str, key: PKey) -> None:
        """Raise ``SSHException`` for a key that is not in the user's file."""
        file = KNOWN_HOSTS.expanduser()
        hosts = HostKeys(str(file) if file.exists() else None)
        if not hosts.check(hostname, key):
            raise SSHException(f"the host key of {hostname} is not in {file}")


class SftpFiles(Files):
    """Those on an SFTP server, by the keys of ssh."""

    exclusive = "wbx"  # paramiko's own word for it
    options = {  # noqa: RUF012 - never changed
        "host_key_policy": _KnownHosts,
        **dict.fromkeys(("timeout", "banner_timeout", "auth_timeout", "channel_timeout"), CONNECT),
    }

    def __init__(self, url: str) -> None:
        """Open it. Raises as all files do."""
        super().__init__(url)
        # By itself paramiko waits for ever for the answer of a server that nothing reaches.
        self._files.ftp.get_channel().settimeout(CONNECT)

    def put(self, path: str, local: Path) -> None:
        """Send a file, without waiting for the answer to each piece of it: that takes minutes."""
        with self._arriving(path) as partial:
            self._files.put_file(str(local), partial)


class S3Files(Files):
    """Objects below a prefix of a bucket, by the settings of AWS's own tools.

    Amazon's rules are those of the API reference: PutObject with ``If-None-Match: *`` makes an
    object that is not there, and answers 412 otherwise; the parts of an upload that was never
    completed stay, and are paid for, until it is aborted.
    """

    options = {  # noqa: RUF012 - never changed
        "use_listings_cache": False,  # others write there, too
        "config_kwargs": {
            "connect_timeout": CONNECT,
            "read_timeout": CONNECT,
            "retries": {"max_attempts": 2},  # a step tries again itself, for a minute
        },
    }

    def __init__(self, url: str) -> None:
        """Open it, and see that there is such a bucket. Raises as all files do."""
        super().__init__(url)
        parts = urlsplit(url)
        if "@" in parts.netloc or not parts.netloc:
            raise self._no_address(
                "Keys do not belong there: the usual variables of AWS, or its files, have them."
                if parts.netloc
                else "It names no bucket."
            )
        self._bucket = parts.netloc
        with self.reached():
            # Unlike to head_bucket, the answer says why.
            self._files.call_s3("list_objects_v2", Bucket=self._bucket, MaxKeys=1)

    def create(self, path: str, content: bytes) -> bool:
        """Make a small object, and tell whether it was this call that made it.

        Raises ``HostError`` where the server would make it twice.
        """
        if not self._made(path, content):
            return False
        if self._made(path, content):
            raise HostError(
                f"The store {self.url} cannot keep two fleets apart.",
                details=["Its server makes an object anew that is there: no If-None-Match."],
                hint="Choose a server that has conditional writes, or a store of another kind.",
            )
        return True

    def remove_partial(self, directory: str) -> None:
        """Abort the uploads that were begun below a directory."""
        prefix = self._key(directory) + "/"
        found = self._files.call_s3("list_multipart_uploads", Bucket=self._bucket, Prefix=prefix)
        for upload in found.get("Uploads", ()):
            self._files.call_s3(
                "abort_multipart_upload",
                Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"],
            )  # fmt: skip

    def put(self, path: str, local: Path) -> None:
        """Send a file, a large one in parts."""
        self._files.put_file(str(local), self._at(path))

    def write(self, path: str, content: bytes) -> None:
        """Let a small object have this content."""
        self._files.pipe_file(self._at(path), content)

    def _made(self, path: str, content: bytes) -> bool:
        try:
            self._files.pipe_file(self._at(path), content, mode="create")
        except OSError:
            if self.read(path) is None:
                raise
            return False
        return True

    def _key(self, path: str) -> str:
        return self._at(path).partition("/")[2]

    def _remedy(self, told: str) -> str:
        if "difference between the request time" in told:
            return "The clock of this machine or of the server is wrong: set it, best by NTP."
        return (
            "See that the bucket is there and can be written: AWS_ACCESS_KEY_ID,"
            " AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL_S3, or the files of AWS's tools, say how."
        )


_KINDS: dict[str, type[Files]] = {
    "": Files, "file": Files, "sftp": SftpFiles, "ssh": SftpFiles, "s3": S3Files,
}  # fmt: skip


def address_for_all(url: str) -> str:
    """The address of a store as it is the same in any working directory. Raises ``InputError``."""
    return url if _kind_of(url) is not Files or "://" in url else str(Path(url).absolute())


def files_at(url: str) -> Files:
    """The files of a store. Raises ``InputError`` for an address of none, ``HostError``."""
    return _kind_of(url)(url)


def _kind_of(url: str) -> type[Files]:
    scheme = urlsplit(url).scheme
    if scheme not in _KINDS:
        raise InputError(
            f"'{Secrets([url]).redact(url)}' is not the address of a store.",
            details=[f"There is no store of the kind '{scheme}'."],
            hint=_ADDRESSES,
        )
    return _KINDS[scheme]
