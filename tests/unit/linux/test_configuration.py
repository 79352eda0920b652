import hashlib

import pytest
from fakes import FakeFilesystem

from builder.linux import configuration as subject
from builder.linux.configuration import configuration


def test_every_file_below_etc_has_its_digest_and_its_text() -> None:
    disk = FakeFilesystem({"/etc/fstab": "a", "/etc/ssh/sshd_config": "b", "/usr/etc/x": "c"})
    files = configuration(disk).files
    assert {path: file.text for path, file in files.items()} == {
        "/etc/fstab": "a",
        "/etc/ssh/sshd_config": "b",
    }
    assert files["/etc/fstab"].sha256 == hashlib.sha256(b"a").hexdigest()


def test_a_disk_without_etc_has_none() -> None:
    assert configuration(FakeFilesystem({"/Windows/x": ""})).files == {}


@pytest.mark.parametrize("content", [b"a\0b", b"\xff\xfe", b"x" * (subject.TEXT_LIMIT + 1)])
def test_what_nobody_wrote_by_hand_has_no_text(content: bytes) -> None:
    (file,) = configuration(FakeFilesystem({"/etc/a": content})).files.values()
    assert file.text is None
    assert file.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "path",
    [
        "/etc/shadow", "/etc/gshadow-", "/etc/ssh/ssh_host_ed25519_key", "/etc/ssl/private/x.pem",
        "/etc/wireguard/a.key", "/etc/ppp/chap-secrets", "/etc/netplan/50.yaml",
        "/etc/NetworkManager/system-connections/wlan",
    ],
)  # fmt: skip
def test_what_may_have_a_password_has_no_text(path: str) -> None:
    (file,) = configuration(FakeFilesystem({path: "secret"})).files.values()
    assert file.text is None


def test_texts_have_a_limit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "TEXTS_LIMIT", 5)
    files = configuration(FakeFilesystem({"/etc/a": "123", "/etc/b": "456", "/etc/c": "78"})).files
    assert [file.text for file in files.values()] == ["123", None, "78"]
