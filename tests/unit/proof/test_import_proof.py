"""A proof goes from one machine to another: signed by its key, unsigned on trust."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attested import FAILED, LATER, PLAN, Machine, built, machine, proven
from samples import WHEN, complete, observed

from builder.attest import bundle
from builder.attest.key import PublicKey
from builder.attest.require import unsigned
from builder.attest.sign import sign_build, sign_observations
from builder.attest.verify import verify
from builder.cli.program import main
from builder.errors import BuilderError, HostError, InputError
from builder.feature import Outcome
from builder.proof.foreign import ForeignProof, read_signed, read_unsigned
from builder.proof.import_proof import build_of, import_proof
from builder.report.update import update
from builder.store import manifest as manifests
from builder.store.verdict import verdict_of


class Hosts:
    """A build host that has built, and a proof host that has a copy of the build."""

    def __init__(self, home: Path) -> None:
        self.builder, self.prover = machine(home, "builder"), machine(home, "prover")
        self.dist = home / "dist"
        self.here = built(self.dist / "pinned-scsi" / "20260102T030405Z-3f9c2a")
        sign_build(self.here, self.builder.attester)
        self.there = home / "there"
        shutil.copytree(self.here, self.there)

    @property
    def keys(self) -> list[PublicKey]:
        return [self.builder.key, self.prover.key]

    def take(self, proof: ForeignProof, by: Machine | None = None, *, trust: bool = False) -> int:
        """Import it; the result is how many results were new."""
        directory = build_of(proof, self.dist)
        attester = by.attester if by else None
        return import_proof(directory, proof, vouching=trust, attester=attester)[1]

    def proven(self) -> bool:
        return verdict_of(manifests.read(self.here)).proven

    def vouched(self, *keys: PublicKey) -> bool:
        return not unsigned(self.here, manifests.read(self.here), keys)


@pytest.fixture
def hosts(tmp_path: Path) -> Hosts:
    return Hosts(tmp_path)


def test_a_signed_proof_is_evidence_here_and_signed_by_who_made_it(hosts: Hosts) -> None:
    proven(hosts.there, hosts.prover)
    assert not hosts.proven()
    assert hosts.take(read_signed(hosts.there, [hosts.prover.key])) == len(complete(PLAN))
    assert hosts.proven()
    assert manifests.read(hosts.here).boots == manifests.read(hosts.there).boots
    assert hosts.vouched(*hosts.keys)
    assert not hosts.vouched(hosts.builder.key)
    assert (hosts.here / "bios-console.log").read_text() == "bios: Linux\n"


def test_the_build_holds_as_a_whole_when_the_importer_has_a_key(hosts: Hosts) -> None:
    proven(hosts.there, hosts.prover)
    hosts.take(read_signed(hosts.there, [hosts.prover.key]), hosts.builder)
    assert verify(hosts.here, hosts.keys).holds
    assert not hosts.vouched(hosts.builder.key), "who imports a signed proof vouches for nothing"


def test_the_bundle_alone_is_enough(hosts: Hosts, tmp_path: Path) -> None:
    proven(hosts.there, hosts.prover)
    sent = tmp_path / "proof.jsonl"
    shutil.copy(hosts.there / bundle.FILE_NAME, sent)
    hosts.take(read_signed(sent, [hosts.prover.key]), hosts.builder)
    assert hosts.proven()
    assert verify(hosts.here, hosts.keys).holds
    assert not [*hosts.here.glob("*-console.log")]


def test_a_log_that_was_changed_on_its_way_stays_behind(hosts: Hosts) -> None:
    proven(hosts.there, hosts.prover)
    (hosts.there / "bios-console.log").write_text("another")
    hosts.take(read_signed(hosts.there, [hosts.prover.key]), hosts.builder)
    assert not (hosts.here / "bios-console.log").exists()
    assert (hosts.here / "uefi-console.log").exists()


def test_a_link_in_place_of_a_log_is_not_followed(hosts: Hosts) -> None:
    proven(hosts.there, None)
    (hosts.there / "bios-console.log").unlink()
    (hosts.there / "bios-console.log").symlink_to("/etc/passwd")
    hosts.take(read_unsigned(hosts.there))
    assert not (hosts.here / "bios-console.log").exists()


def test_only_what_the_key_has_signed_is_taken(hosts: Hosts) -> None:
    proven(hosts.there, hosts.prover, **FAILED)
    proven(hosts.there, None, at=WHEN + LATER)
    hosts.take(read_signed(hosts.there, [hosts.prover.key]))
    assert {result.outcome for result in manifests.read(hosts.here).evidence} == {Outcome.FAILED}


def test_a_newer_result_is_not_replaced_by_an_older_one(hosts: Hosts) -> None:
    proven(hosts.there, hosts.prover)
    proven(hosts.here, hosts.builder, at=WHEN + LATER, **FAILED)
    assert hosts.take(read_signed(hosts.there, [hosts.prover.key])) == 0
    assert not hosts.proven()
    proven(hosts.there, hosts.prover, at=WHEN + 2 * LATER)
    assert hosts.take(read_signed(hosts.there, [hosts.prover.key])) == len(complete(PLAN))
    assert hosts.proven()
    assert hosts.take(read_signed(hosts.there, [hosts.prover.key])) == 0


def test_what_a_server_has_shown_is_taken_too(hosts: Hosts) -> None:
    sha256 = manifests.read(hosts.there).image.sha256
    shown = [observed("root-disk", "hw_disk_bus", sha256=sha256)]
    update(hosts.there, lambda build: build.with_observations(shown))
    sign_observations(hosts.there, shown, hosts.prover.attester)
    assert hosts.take(read_signed(hosts.there, [hosts.prover.key])) == 1
    assert manifests.read(hosts.here).observations == tuple(shown)
    assert hosts.vouched(*hosts.keys)


@pytest.mark.parametrize("name", ["", "manifest.json"])
def test_an_unsigned_proof_is_taken_on_trust_and_stays_unsigned(hosts: Hosts, name: str) -> None:
    proven(hosts.there, None)
    with pytest.raises(BuilderError, match="no result of a proof that one of the given keys"):
        read_signed(hosts.there, [hosts.prover.key])
    hosts.take(read_unsigned(hosts.there / name), trust=True)
    assert hosts.proven()
    assert not hosts.vouched(*hosts.keys)


def test_who_trusts_and_has_a_key_vouches_for_it(hosts: Hosts) -> None:
    proven(hosts.there, None)
    hosts.take(read_unsigned(hosts.there), hosts.builder, trust=True)
    assert hosts.vouched(hosts.builder.key)
    assert verify(hosts.here, hosts.keys).holds


def test_a_signed_bundle_is_taken_on_trust_without_its_key(hosts: Hosts) -> None:
    proven(hosts.there, hosts.prover)
    hosts.take(read_unsigned(hosts.there / bundle.FILE_NAME), trust=True)
    assert hosts.proven()
    assert hosts.vouched(*hosts.keys), "its statements came along"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:300])


def forged(path: Path) -> None:
    """A result that was changed after it was signed."""
    content = path.read_bytes().splitlines(keepends=True)
    envelope = json.loads(content[1])
    envelope["payload"] = f"e{envelope['payload'][1:][::-1]}"
    path.write_bytes(b"".join([content[0], json.dumps(envelope).encode()]))


@pytest.mark.parametrize("tamper", [cut, forged, Path.unlink])
def test_a_proof_that_was_tampered_with_is_refused(
    hosts: Hosts, tamper: Callable[[Path], None]
) -> None:
    proven(hosts.there, hosts.prover)
    tamper(hosts.there / bundle.FILE_NAME)
    with pytest.raises((BuilderError, InputError), match=r"no result of a|no signed proof"):
        read_signed(hosts.there, [hosts.prover.key])


def test_a_proof_of_another_image_finds_no_build(hosts: Hosts, tmp_path: Path) -> None:
    other = built(tmp_path / "other", b"another image")
    proven(other, hosts.prover)
    with pytest.raises(InputError, match=r"No builds in .* are of the image that was proven"):
        hosts.take(read_signed(other, [hosts.prover.key]))


def test_two_copies_of_a_build_are_one_too_many(hosts: Hosts) -> None:
    proven(hosts.there, hosts.prover)
    shutil.copytree(hosts.here, hosts.dist / "pinned-scsi" / "copy")
    with pytest.raises(InputError, match="2 builds in"):
        hosts.take(read_signed(hosts.there, [hosts.prover.key]))


@pytest.mark.parametrize("name", ["nothing.jsonl", "nothing", "image.qcow2"])
def test_what_is_no_proof_is_told(hosts: Hosts, name: str) -> None:
    with pytest.raises((BuilderError, InputError)):
        read_signed(hosts.there / name, [hosts.prover.key])
    with pytest.raises(InputError):
        read_unsigned(hosts.there / name)


def test_a_build_without_a_proof_has_none(hosts: Hosts) -> None:
    with pytest.raises(InputError, match="has no result of a proof"):
        read_unsigned(hosts.there)


def test_a_build_that_cannot_be_written_is_told(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    proven(hosts.there, hosts.prover)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("builder.report.update.manifest.write", full)
    with pytest.raises(HostError, match="The proof could not be written"):
        hosts.take(read_signed(hosts.there, [hosts.prover.key]))


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(hosts: Hosts, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    def call(*words: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(["proof", "import", *map(str, words), "--output", str(hosts.dist)])
        return int(str(caught.value.code)), *capsys.readouterr()

    return call


def test_the_verb_prints_the_verdict(hosts: Hosts, run: Run) -> None:
    proven(hosts.there, hosts.prover)
    code, said, errors = run(hosts.there, "--key", hosts.prover.public)
    assert code == 0, errors
    assert "hw_watchdog_action=reset" in said
    assert f"imported {len(complete(PLAN))} results into {hosts.here}" in errors


def test_the_verb_wants_a_key_or_trust_and_not_both(hosts: Hosts, run: Run) -> None:
    proven(hosts.there, hosts.prover)
    for words in ((), ("--trust", "--key", hosts.prover.public)):
        code, _, errors = run(hosts.there, *words)
        assert (code, "--key, or --trust the proof" in errors) == (2, True)
    assert run(hosts.there, "--key", hosts.builder.public)[0] == 1
    assert not hosts.proven()
    assert run(hosts.there, "--trust")[0] == 0
