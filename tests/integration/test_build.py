"""Two builds of the README's own example at once, each from scratch. Needs root.

Their mirror is found by its name only, and nothing has kept the packages that the profile names.
Its address has a token, and one of the builds goes through a proxy with a login. One is made where
nobody else may read what root writes, one where everybody may write into it.
"""

import itertools
import json
import os
import re
import stat
import subprocess
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
import yaml
from attested import SECRET, Machine, MinisignPair, encrypted, machine
from copies import LIMIT, ROOT, Copy
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from image_modes import modes
from named_mirror import LOGIN, PROXY, TOKEN, NamedMirror, named_mirror
from ntia_conformance_checker import NTIAChecker

from builder.attest.checksums import public_key
from builder.attest.verify import verify
from builder.features.registry import installed
from builder.host.files import digests, sha256_of
from builder.plan.merge import make_plan
from builder.plan.model import to_json
from builder.profile.load import load
from builder.redaction import Secrets
from builder.sbom.write import CYCLONEDX, SPDX
from builder.store import manifest
from builder.store.build_directory import LATEST, LOG

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="a build needs root"),
]


NAME = "databases"
IN_IMAGE = {
    "archive": "https://packages.example/debian",
    "security": "https://packages.example/debian-security",
}
SECRETS = (TOKEN, LOGIN, LOGIN.partition(":")[2])
NOT_KEPT = ("postgresql-client", "postgresql-client-15", "libpq5")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    copy = Copy(tmp_path_factory.mktemp("builds"), NAME)
    copy.forget(*NOT_KEPT)
    return copy


@pytest.fixture(scope="module")
def mirror(copy: Copy) -> Generator[NamedMirror]:
    with named_mirror(copy.root, distro="debian", release="bookworm") as mirror:
        yield mirror


@pytest.fixture(scope="module")
def profile(copy: Copy, mirror: NamedMirror) -> Path:
    (example,) = re.findall(
        r"^```yaml\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    path = copy.root / f"{NAME}.yaml"
    mirrors = {**mirror.addresses, "in_image": IN_IMAGE}
    path.write_text(example + yaml.safe_dump({"mirrors": mirrors}))
    return path


@pytest.fixture(scope="module")
def builder(copy: Copy) -> Machine:
    """A machine with a key for attestations."""
    return machine(copy.root, "builder")


@pytest.fixture(scope="module")
def pair(copy: Copy) -> MinisignPair:
    return MinisignPair(copy.root)


@pytest.fixture(scope="module")
def outputs(
    copy: Copy, mirror: NamedMirror, profile: Path, builder: Machine, pair: MinisignPair
) -> list[tuple[str, str]]:
    """What two builds have printed, and said, which began at the same moment."""
    command = mirror.command(copy.build_command(profile))
    running = [
        copy.begin(
            command,
            umask=umask,
            http_proxy=proxy,
            https_proxy=PROXY,
            DIB_DEBUG_TRACE="1",
            GUEST_IMAGE_SIGNING_KEY=encrypted(builder),
            GUEST_IMAGE_SIGNING_PASSPHRASE=SECRET,
            GUEST_IMAGE_MINISIGN_KEY=pair.secret.read_text(),
        )
        for proxy, umask in (("", 0o077), (PROXY, 0))
    ]
    try:
        outputs = [process.communicate(timeout=LIMIT) for process in running]
    finally:
        for process in running:
            process.kill()
    assert [process.returncode for process in running] == [0, 0], outputs
    return outputs


@pytest.fixture(scope="module")
def two_builds(outputs: list[tuple[str, str]]) -> list[Path]:
    """The directories of the builds."""
    return [Path(printed.removesuffix("\n")) for printed, _ in outputs]


@pytest.fixture(params=[0, 1], ids=["one", "other"])
def build(two_builds: list[Path], request: pytest.FixtureRequest) -> Path:
    return two_builds[request.param]


def test_two_builds_at_once_become_two_directories_and_nothing_else(
    copy: Copy, two_builds: list[Path]
) -> None:
    assert two_builds[0] != two_builds[1]
    assert {*copy.home.iterdir()} == {*two_builds, copy.home / LATEST}
    assert not [path for path in copy.remains() if path.startswith("cache")]
    assert copy.processes() == []
    assert copy.mounts() == set()


def test_two_builds_of_equal_inputs_are_equal_byte_for_byte(two_builds: list[Path]) -> None:
    """Made at once with other umasks and proxies, and so in another order on the processors."""
    for name in ("image.qcow2", CYCLONEDX, SPDX, "SHA256SUMS"):
        assert len({sha256_of(build / name) for build in two_builds}) == 1, name
    first, second = (manifest.read(build).model_dump() for build in two_builds)
    differing = {key for key in first if first[key] != second[key]}
    # Two builds may well begin in one second.
    assert differing | {"created"} == {"build", "created", "timings", "hooks"}


def test_latest_names_one_of_the_builds(copy: Copy, two_builds: list[Path]) -> None:
    assert (copy.home / LATEST).resolve() in two_builds


def test_a_build_directory_is_complete(build: Path) -> None:
    assert {path.name for path in build.iterdir()} == {
        "image.qcow2", manifest.FILE_NAME, "SHA256SUMS", LOG, CYCLONEDX, SPDX,
        "attestations.intoto.jsonl", "SHA256SUMS.minisig",
    }  # fmt: skip
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{6}(-2)?", build.name)


def test_files_in_the_image_have_the_same_modes_whatever_the_umask_is(
    copy: Copy, two_builds: list[Path]
) -> None:
    private, public = (
        modes(build / "image.qcow2", copy.root / "modes.raw") for build in two_builds
    )
    assert private["/etc/systemd/network"] == (0o040755, 0, 0)
    assert private["/etc/shadow"][0] == 0o100640
    both = private.keys() & public.keys()
    assert len(both) > 10_000
    assert {
        path: (private[path], public[path]) for path in both if private[path] != public[path]
    } == {}


def test_what_root_has_built_is_written_by_nobody_else(copy: Copy, two_builds: list[Path]) -> None:
    private, public = two_builds
    for build, expected in ((private, (0o700, 0o600)), (public, (0o755, 0o644))):
        found = {path: stat.S_IMODE(path.stat().st_mode) for path in (build, *build.iterdir())}
        assert found == {path: expected[path.is_file()] for path in found}
    assert stat.S_IMODE(copy.home.stat().st_mode) in {0o700, 0o755}


def test_the_checksums_verify(build: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"],
        cwd=build,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "image.qcow2: OK\n"


def test_everything_in_it_is_signed(build: Path, builder: Machine, pair: MinisignPair) -> None:
    found = verify(build, [builder.key], [public_key(pair.public)])
    assert found.holds, [str(part) for part in found.parts]
    assert {part.name for part in found.parts} == {path.name for path in build.iterdir()} - {
        "attestations.intoto.jsonl"
    }


def test_no_program_of_the_build_has_seen_the_keys(
    build: Path, builder: Machine, pair: MinisignPair
) -> None:
    log = (build / LOG).read_text()
    assert "DIB_RELEASE" in log, "the hooks trace what they do"
    hidden = [
        SECRET,
        *encrypted(builder).splitlines()[1:3],
        pair.secret.read_text().splitlines()[1],
    ]
    assert [secret for secret in (*hidden, "GUEST_IMAGE_SIGNING_KEY") if secret in log] == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the checker's own libraries
def test_the_bills_of_materials_have_every_package_once_and_the_files_of_none(build: Path) -> None:
    recorded = manifest.read(build)
    assert {bill.name: bill.sha256 for bill in recorded.sbom} == {
        name: sha256_of(build / name) for name in (CYCLONEDX, SPDX)
    }
    components = json.loads((build / CYCLONEDX).read_text())["components"]
    libraries = [each for each in components if each["type"] == "library"]
    assert Counter((each["name"], each["version"]) for each in libraries) == Counter(
        (package.name.partition(":")[0], package.version) for package in recorded.packages
    )
    assert len([each for each in libraries if "licenses" in each]) > len(libraries) / 2
    files = {each["name"] for each in components if each["type"] == "file"}
    assert any(name.startswith("/boot/initrd.img-") for name in files)
    assert "/usr/bin/dpkg" not in files
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str((build / CYCLONEDX).read_text()) is None
    assert NTIAChecker(str(build / SPDX)).compliant


def test_a_package_that_nothing_has_kept_comes_from_a_mirror_that_has_only_a_name(
    mirror: NamedMirror, build: Path
) -> None:
    assert set(NOT_KEPT) <= mirror.asked
    assert set(NOT_KEPT) <= mirror.through_proxy
    assert set(NOT_KEPT) <= {
        package.name.partition(":")[0] for package in manifest.read(build).packages
    }


def test_the_manifest_describes_the_image_and_how_it_was_made(
    build: Path, profile: Path, mirror: NamedMirror
) -> None:
    recorded = manifest.read(build)
    image = build / recorded.image.name
    assert recorded.build == build.name
    assert recorded.image.size == image.stat().st_size
    assert (recorded.image.sha256, recorded.image.sha512) == digests(image)
    registry = installed()
    plan = Secrets([mirror.addresses["archive"]]).redact_json(
        to_json(make_plan(load(str(profile), registry), registry))
    )
    assert recorded.plan == plan
    keyring = recorded.planned().distribution.keyring
    assert recorded.keyrings == {keyring: digests(Path(keyring))[0]}
    assert {"linux-image-amd64", "openssh-server", "cloud-init"} <= {
        package.name for package in recorded.packages
    }
    assert {"bootstrap", "disk", "convert", "checksums"} <= recorded.timings.keys()
    assert recorded.hooks["root.d/08-debootstrap"] > 0
    assert not recorded.evidence


def test_the_image_is_a_sound_qcow2_compressed_with_zstd(build: Path) -> None:
    image = build / "image.qcow2"
    told = subprocess.run(
        ["qemu-img", "info", "--output=json", image], capture_output=True, check=True
    )
    info = json.loads(told.stdout)
    assert info["format"] == "qcow2"
    assert info["format-specific"]["data"]["compression-type"] == "zstd"
    assert info["virtual-size"] == manifest.read(build).image.virtual_size
    assert info["virtual-size"] % 1024**3 == 0
    assert "backing-filename" not in info
    subprocess.run(["qemu-img", "check", image], capture_output=True, check=True)


def test_no_secret_is_said_or_kept(
    copy: Copy, outputs: list[tuple[str, str]], build: Path, profile: Path
) -> None:
    """The logs have every variable and every command, for they were asked to trace."""
    shown = [
        copy.run(copy.command(*words), http_proxy=PROXY)
        for words in (
            ("plan", profile), ("plan", profile, "--json"),
            ("report", build), ("report", build, "--json"), ("report", build, "--html"),
        )
    ]  # fmt: skip
    said = [*itertools.chain(*outputs), *(f"{done.stdout}{done.stderr}" for done in shown)]
    kept = {path.name: path.read_text() for path in build.iterdir() if path.suffix != ".qcow2"}
    assert "<secret>" in kept[LOG]
    for text in (*said, *kept.values()):
        assert not [secret for secret in SECRETS if secret in text]


def test_the_image_names_the_mirrors_that_it_is_to_have_and_their_keyring(build: Path) -> None:
    """Searched for on all of the disk, also where a file has been deleted."""
    disk = build.parent / f"{build.name}.raw"
    subprocess.run(["qemu-img", "convert", "-O", "raw", build / "image.qcow2", disk], check=True)

    def on_disk(text: str) -> bool:
        return subprocess.run(["grep", "-aqF", text, disk], check=False).returncode == 0

    try:
        assert [secret for secret in SECRETS if on_disk(secret)] == []
        keyring = manifest.read(build).planned().distribution.keyring
        for kind, suite in (("archive", "bookworm"), ("security", "bookworm-security")):
            assert on_disk(f"deb [signed-by={keyring}] {IN_IMAGE[kind]} {suite} main")
    finally:
        disk.unlink()


def test_the_log_has_the_builds_own_steps_and_their_programs_words(build: Path) -> None:
    log = (build / LOG).read_text()
    assert "Running hooks from" in log
    assert re.search(r"write the root file system: env .* mke2fs ", log)


def test_downloaded_packages_are_kept_whole(copy: Copy, two_builds: list[Path]) -> None:
    assert two_builds
    kept = {path.name.split("_")[0]: path for path in (copy.cache / "packages").glob("*/*.deb")}
    # One of the bootstrap, and one of diskimage-builder's own installation.
    for name in ("mawk", "linux-image-amd64"):
        subprocess.run(["dpkg-deb", "--info", kept[name]], capture_output=True, check=True)
