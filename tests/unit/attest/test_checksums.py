"""``SHA256SUMS`` signed as minisign does it, and what is said of keys and signatures of others."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from attested import SECRET, MinisignPair, built

from builder.attest.checksums import FILE_NAME, public_key, secret_key, sign_checksums
from builder.attest.part import State
from builder.attest.verify import verify
from builder.errors import InputError


@pytest.fixture
def pair(tmp_path: Path) -> MinisignPair:
    return MinisignPair(tmp_path)


@pytest.fixture
def build(tmp_path: Path, pair: MinisignPair) -> Path:
    directory = built(tmp_path / "build")
    sign_checksums(directory, secret_key(str(pair.secret), None))
    return directory


def states(build: Path, *pairs: MinisignPair) -> dict[str, str]:
    keys = [key for each in pairs if (key := public_key(each.public))]
    return {part.name: part.state for part in verify(build, [], keys).parts}


def test_the_signature_covers_checksums_and_the_disks_files_and_nothing_else(
    build: Path, pair: MinisignPair
) -> None:
    found = states(build, pair)
    signed = {name for name, state in found.items() if state is State.SIGNED}
    assert signed == {"image.qcow2", "image.vmdk", "SHA256SUMS", "SHA256SUMS.minisig"}
    assert found["manifest.json"] is State.UNSIGNED


def test_a_key_among_several_is_enough(build: Path, pair: MinisignPair, tmp_path: Path) -> None:
    assert states(build, MinisignPair(tmp_path, "other"), pair)[FILE_NAME] is State.SIGNED


@pytest.mark.parametrize(
    ("name", "changed"),
    [("image.qcow2", {"image.qcow2"}), ("SHA256SUMS", {FILE_NAME}), (FILE_NAME, {FILE_NAME})],
)
def test_one_changed_byte_is_named(
    build: Path, pair: MinisignPair, name: str, changed: set[str]
) -> None:
    content = bytearray((build / name).read_bytes())
    for place in range(0, len(content), max(1, len(content) // 40)):
        content[place] ^= 1
        (build / name).write_bytes(content)
        found = states(build, pair)
        if name != FILE_NAME or place > content.index(b"\n"):  # its first line is untrusted
            assert {each for each, state in found.items() if state is State.CHANGED} == changed
        content[place] ^= 1


def test_another_key_does_not_hold(build: Path, tmp_path: Path) -> None:
    found = states(build, MinisignPair(tmp_path, "other"))
    assert found[FILE_NAME] is State.CHANGED
    assert found["image.qcow2"] is State.UNSIGNED


def test_a_signature_that_is_gone_is_missed(build: Path, pair: MinisignPair) -> None:
    (build / FILE_NAME).unlink()
    assert states(build, pair)[FILE_NAME] is State.MISSING
    assert FILE_NAME not in states(build)


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_not_read(
    build: Path, pair: MinisignPair, make: Callable[[Path], None]
) -> None:
    for name in (FILE_NAME, "SHA256SUMS"):
        (build / name).unlink()
        make(build / name)
    assert states(build, pair)[FILE_NAME] is State.MISSING


def test_the_key_itself_may_be_given(pair: MinisignPair) -> None:
    key = secret_key(pair.secret.read_text(), None)
    assert key.get_public_key() == public_key(pair.public)


def test_an_encrypted_key_needs_its_passphrase(tmp_path: Path) -> None:
    locked = MinisignPair(tmp_path, "locked", SECRET)
    key = secret_key(str(locked.secret), SECRET)
    assert key.get_public_key() == public_key(locked.public)
    for nothing in (None, ""):
        with pytest.raises(InputError, match="is encrypted") as caught:
            secret_key(str(locked.secret), nothing)
        assert "GUEST_IMAGE_MINISIGN_PASSPHRASE" in caught.value.hint
    for wrong in ("wrong", "\udcff"):
        with pytest.raises(InputError, match="cannot be decrypted"):
            secret_key(str(locked.secret), wrong)


@pytest.mark.parametrize(
    "content", [b"", b"untrusted comment: x\n", b"untrusted comment: \xff\nAAAA\n", b"\0" * 99]
)
def test_what_is_no_key_of_minisign_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(InputError, match="is not a secret key of minisign"):
        secret_key(str(path), None)
    if content.startswith(b"untrusted"):
        with pytest.raises(InputError, match="is not a public key of minisign"):
            public_key(path)
    else:
        assert public_key(path) is None


def test_secret_and_public_key_are_not_mistaken_for_one_another(pair: MinisignPair) -> None:
    with pytest.raises(InputError, match="is not a public key of minisign"):
        public_key(pair.secret)
    with pytest.raises(InputError, match="is not a secret key of minisign"):
        secret_key(str(pair.public), None)


def test_a_key_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(InputError, match="cannot be read"):
            secret_key(str(path), None)


def test_the_checksums_of_another_build_do_not_cover_this_image(
    build: Path, pair: MinisignPair, tmp_path: Path
) -> None:
    other = built(tmp_path / "other", b"another image")
    sign_checksums(other, secret_key(str(pair.secret), None))
    for name in ("SHA256SUMS", FILE_NAME):
        shutil.copy(other / name, build / name)
    assert states(build, pair)["image.qcow2"] is State.CHANGED
