"""A disk is looked at as it is when cloud-init has written its files."""

import gzip
from base64 import b64encode
from collections.abc import Iterator

from fakes import FakeFilesystem, Link, Tree

from builder.feature import Filesystem, Volume
from builder.linux.files import text
from builder.linux.written_files import added

CONF = "/etc/cloud/cloud.cfg.d/9.cfg"


def seen(disk: Filesystem) -> Iterator[str]:
    """Everything that can be asked about one directory."""
    for path in disk.glob("/srv/*"):
        yield f"{path}: {text(disk, path).strip()}"
    yield f"{disk.list('/srv')} {disk.files('/srv')}"
    yield f"{disk.exists('/srv/b')} {disk.readlink('/srv/b')} {disk.exists('/srv')}"
    yield f"{disk.kernels()} {disk.volumes()}"


def told(configuration: str, **tree: str) -> list[str]:
    disk = FakeFilesystem({CONF: configuration, **tree}, volumes=(Volume("/dev/sda1"),))
    return list(added(disk, seen))


def test_what_is_written_is_told_by_where_it_is_told_to() -> None:
    configuration = (
        "write_files:\n- {path: /srv/b, content: new}\n- {path: /srv/c, content: c}\n"
        "- {path: /srv/d}\n"
    )
    assert told(configuration, **{"/srv/a": "old", "/srv/b": "old"}) == [
        f"{CONF}:2: cloud-init writes /srv/b: new",
        f"{CONF}:3: cloud-init writes /srv/c: c",
        f"{CONF}:2: cloud-init writes ('a', 'b', 'c') ('/srv/a', '/srv/b', '/srv/c')",
    ]


def test_a_link_is_replaced_and_a_directory_made() -> None:
    tree: Tree = {CONF: "write_files: [{path: /srv/b, content: new}]\n"}
    assert list(added(FakeFilesystem(tree), seen))[-1].endswith("True None True")
    tree["/srv/b"] = Link("/nowhere")
    assert list(added(FakeFilesystem(tree), seen))[-1].endswith("True None True")


def test_what_is_appended_stands_behind_what_is_there() -> None:
    configuration = (
        "write_files:\n- {path: /srv/a, append: true, content: two}\n"
        "- {path: /srv/a, append: yes, content: three}\n"
    )
    assert f"{CONF}:3: cloud-init writes /srv/a: onetwothree" in told(
        configuration, **{"/srv/a": "one"}
    )


def test_every_encoding_is_read() -> None:
    packed = gzip.compress(b"packed")
    for encoding, content in (
        ("b64", b64encode(b"packed").decode()),
        ("gz+base64", b64encode(packed).decode()),
        ("gzip", f"!!binary {b64encode(packed).decode()}"),
        ("text/plain", "packed"),
    ):
        file = f"{{path: /srv/a, encoding: {encoding}, content: {content}}}"
        assert f"{CONF}:1: cloud-init writes /srv/a: packed" in told(f"write_files: [{file}]\n")


def test_nothing_is_looked_at_twice_where_nothing_is_written() -> None:
    assert told("users: [default]\n") == []
    assert told("write_files: 7\n") == []
