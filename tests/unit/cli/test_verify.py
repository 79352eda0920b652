"""``verify`` as it is called: what is said, and with which exit code."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from attested import SECRET, Release, built, encrypted, machine, proven, published, release

from builder.cli.keys import VARIABLE, signing_key_option
from builder.cli.verbs import cli

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def signed(tmp_path: Path) -> Release:
    return release(tmp_path)


def options(signed: Release) -> list[str | Path]:
    machines = (signed.builder, signed.prover, signed.publisher)
    return [word for each in machines for word in ("--key", each.public)]


def test_a_build_that_holds_is_told_with_its_keys(run: Run, signed: Release) -> None:
    code, said, errors = run("verify", signed.directory, *options(signed))
    assert (code, errors) == (0, "")
    assert said.endswith("Everything is as it was signed.\n")
    assert f"signed by the key {signed.builder.key.keyid[:12]}…" in " ".join(said.split())


def test_a_profile_is_its_latest_build(run: Run, signed: Release) -> None:
    home = signed.directory.parent
    (home / "latest").symlink_to(signed.directory.name)
    assert run("verify", "pinned-scsi", "--output", home.parent, *options(signed))[0] == 0


def test_what_was_changed_is_told(run: Run, signed: Release) -> None:
    (signed.directory / "build.log").write_text("clean\n")
    code, said, _ = run("verify", signed.directory, *options(signed))
    assert code == 1
    assert "build.log" in next(line for line in said.splitlines() if " changed " in line)
    assert said.endswith("This build is not what was signed.\n")


def test_an_unsigned_build_is_told_so(run: Run, tmp_path: Path) -> None:
    directory = built(tmp_path / "build")
    code, said, errors = run("verify", directory, "--key", machine(tmp_path, "a").public)
    assert (code, errors) == (1, "")
    assert said.endswith("This build is not signed: it has no attestation.\n")


def test_keys_that_were_not_given_are_told(run: Run, signed: Release) -> None:
    code, said, _ = run("verify", signed.directory, "--key", signed.builder.public)
    assert code == 1
    assert f"1 statement signed by the key {signed.publisher.key.keyid[:12]}…" in said
    assert said.endswith("Not everything in this build is signed by the keys that were given.\n")


def test_json_tells_the_same(run: Run, signed: Release) -> None:
    code, said, _ = run("verify", signed.directory, *options(signed), "--json")
    told = json.loads(said)
    assert (code, told["holds"], told["signed"], told["strangers"]) == (0, True, True, {})
    assert {part["state"] for part in told["parts"]} == {"signed"}
    (signed.directory / "manifest.json").write_text("{")
    told = json.loads(run("verify", signed.directory, *options(signed), "--json")[1])
    assert not told["holds"]
    assert [part["name"] for part in told["parts"] if part["state"] == "changed"] == [
        "manifest.json"
    ]


@pytest.mark.parametrize("left", ["image.qcow2", "attestations.intoto.jsonl", "manifest.json"])
def test_whatever_is_missing_is_no_internal_error(run: Run, signed: Release, left: str) -> None:
    for path in signed.directory.iterdir():
        if path.name != left:
            path.unlink()
    code, said, errors = run("verify", signed.directory, *options(signed))
    assert code in (1, 2), said + errors


def test_a_key_that_cannot_be_used_is_wrong_input(run: Run, signed: Release) -> None:
    for path in (signed.builder.private, Path("gone"), Path("/dev/null"), signed.directory):
        code, said, errors = run("verify", signed.directory, "--key", path)
        assert (code, said) == (2, "")
        assert str(path) in errors


def test_another_directory_than_a_builds_is_wrong_input(run: Run, tmp_path: Path) -> None:
    assert run("verify", f"{tmp_path}/")[0] == 2


SIGNING = [
    (("build",), "base"), (("image",), "base"), (("prove",), "x"), (("inspect",), "x"),
    (("adopt",), "x"), (("publish",), "x"), (("promote",), "x"), (("report",), "x"),
    (("cloud", "prove"), "x"),
]  # fmt: skip


def signing(words: tuple[str, ...]) -> bool:
    verb = cli.get_command(None, words[0])
    for word in words[1:]:
        verb = verb.get_command(None, word)
    return any(option.name == "attester" for option in verb.params)


@pytest.mark.parametrize(("words", "argument"), SIGNING, ids="-".join)
def test_a_wrong_key_is_told_before_anything_is_made(
    run: Run, tmp_path: Path, words: tuple[str, ...], argument: str
) -> None:
    assert signing(words)
    key = tmp_path / "key"
    key.write_text("none")
    code, _, errors = run(*words, argument, "--attest-key", key)
    assert (code, "is not a private key in PEM" in errors) == (2, True)


@pytest.mark.parametrize("form", ["a path", "the key itself", "encrypted"])
def test_the_key_of_the_environment_is_taken_and_not_handed_on(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    builder = machine(tmp_path, "builder")
    text = {
        "a path": str(builder.private),
        "the key itself": builder.private.read_text(),
        "encrypted": encrypted(builder),
    }[form]
    monkeypatch.setenv(VARIABLE, text)
    monkeypatch.setenv("GUEST_IMAGE_SIGNING_PASSPHRASE", SECRET)
    seen: list[object] = []

    @cli.command("sign-nothing")
    @signing_key_option
    def verb(attester: object) -> None:
        seen.append(attester)

    monkeypatch.setitem(cli.commands, "sign-nothing", verb)
    code, _, errors = run("sign-nothing")
    assert (code, errors) == (0, "")
    assert [each.key_id for each in seen] == [builder.key.keyid]
    assert not [name for name in os.environ if name.startswith("GUEST_IMAGE_SIGNING")]
    cli.commands.pop("sign-nothing")


def test_a_wrong_passphrase_is_told_without_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, encrypted(machine(tmp_path, "builder")))
    monkeypatch.setenv("GUEST_IMAGE_SIGNING_PASSPHRASE", "wrong-one")
    code, _, errors = run("build", "base")
    assert code == 2
    assert errors.startswith("The signing key cannot be decrypted")
    assert "wrong-one" not in errors


def test_whoever_has_a_key_signs_the_record_that_one_without_has_left(
    run: Run, signed: Release, tmp_path: Path
) -> None:
    copied = shutil.copytree(signed.directory, tmp_path / "copy")
    published(copied, None)
    proven(copied, signed.prover)
    assert run("verify", copied, *options(signed))[0] == 0
