"""A build whose image another one has made: what is copied, and what is written anew."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from samples import complete, manifest, plan

from builder.build.order import ordered
from builder.build.reuse import OF_CONTENT, content_of, of_same_content
from builder.build.take_over import take_over
from builder.errors import BuilderError
from builder.feature.source_file import SourceFile
from builder.host.files import sha256_of
from builder.plan.model import Plan
from builder.profile.model import Disk
from builder.sbom.facts import Contents, LooseFile, Software
from builder.sbom.write import subject_of, write_bills
from builder.store.build_directory import LATEST
from builder.store.disk_files import checksums
from builder.store.manifest import Manifest, read, write
from builder.store.sections import FormatFile
from builder.terminal.progress import Progress

CONTENTS = Contents(
    "deb", (Software("zstd", "1.5.4", "amd64", 1800, "libzstd"),),
    (LooseFile("/etc/fstab", "0" * 40, "1" * 64),),
)  # fmt: skip


@pytest.fixture(scope="module")
def first() -> Plan:
    return plan("pinned-scsi")


@pytest.fixture(scope="module")
def second(first: Plan) -> Plan:
    """The same with another profile's name, and with fewer claims."""
    return replace(first, profile="mine", claims=first.claims[:3], boots=first.boots[:1])


Origin = Callable[..., Path]


@pytest.fixture
def origin(tmp_path: Path, first: Plan) -> Origin:
    """Makes the latest build of the first plan, proven."""

    def make(**fields: object) -> Path:
        directory = tmp_path / first.profile / "20260102T030405Z-3f9c2a"
        directory.mkdir(parents=True)
        image = directory / "image.qcow2"
        image.write_bytes(b"an image" * 1000)
        order = ordered(first)
        build = manifest(
            first, created=datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1),
            inputs=order.inputs, content=order.content, ingredients=dict(order.parts),
            source_date=1_700_000_000,
        )  # fmt: skip
        vmdk = directory / "image.vmdk"
        vmdk.write_bytes(b"its vmdk" * 1000)
        disk = {"content_sha256": "e" * 64}
        file = build.image.model_copy(update={"sha256": sha256_of(image), **disk})
        told = {"name": vmdk.name, "format": "vmdk", "sha256": sha256_of(vmdk), **disk}
        formats = (FormatFile(**{**file.model_dump(), **told}),)
        build = build.model_copy(update={"image": file, "formats": formats, **fields})
        bills = write_bills(directory, subject_of(build, first), CONTENTS)
        build = build.model_copy(update={"sbom": bills})
        write(directory, build.with_evidence(complete(first)))
        (directory.parent / LATEST).symlink_to(directory.name)
        return directory

    return make


def taken_over(second: Plan, origin: Path, dist: Path) -> tuple[Path, Manifest]:
    with (dist / "progress").open("w") as terminal:
        build = take_over(second, origin, dist, Progress(terminal))
    return build, read(build)


def test_claims_and_names_do_not_count_and_what_the_tools_are_given_does(
    first: Plan, second: Plan
) -> None:
    assert content_of(first, {}) == content_of(second, {})
    assert content_of(first, {}) != content_of(first, {"program": "another"})
    others = {
        "distribution": plan("debian-13-pinned-scsi").distribution,
        "disk": Disk(size_gib=9), "elements": first.elements[1:], "packages": ("tcpdump",),
        "environment": {**first.environment, "DIB_WATCHDOG_TIMEOUT": "60"},
        "argv": (*first.argv, "vm"), "files": (SourceFile("/driver.deb", "0" * 64),),
        "snapshot": datetime(2026, 11, 1, tzinfo=UTC),
    }  # fmt: skip
    assert set(others) == set(OF_CONTENT)
    for field, value in others.items():
        assert content_of(replace(first, **{field: value}), {}) != content_of(first, {}), field


def test_the_image_is_copied_and_all_else_is_as_if_it_had_been_built(
    first: Plan, second: Plan, origin: Origin, tmp_path: Path
) -> None:
    before = origin()
    assert of_same_content(second, tmp_path) == before
    build, told = taken_over(second, before, tmp_path)
    assert (build / "image.qcow2").read_bytes() == (before / "image.qcow2").read_bytes()
    assert not (build / "image.qcow2").samefile(before / "image.qcow2")
    assert (told.inputs, told.content) == (ordered(second).inputs, ordered(first).content)
    assert told.created == read(before).created
    assert told.planned() == second
    assert (told.evidence, told.published, told.hooks) == ((), (), {})
    written = tmp_path / "written"
    written.mkdir()
    assert write_bills(written, subject_of(told, second), CONTENTS) == told.sbom
    for bill in told.sbom:
        assert (build / bill.name).read_bytes() == (written / bill.name).read_bytes()
    assert told.formats == read(before).formats
    assert (build / "image.vmdk").read_bytes() == (before / "image.vmdk").read_bytes()
    assert (build / "SHA256SUMS").read_text() == checksums(told.files)
    assert str(before) in (build / "build.log").read_text()
    assert (tmp_path / "mine" / LATEST).resolve() == build


@pytest.mark.parametrize(
    "fields",
    [{"content": "e" * 64}, {"content": ""}, {"created": datetime.now(UTC) - timedelta(days=2)}],
    ids=["other content", "of an older program", "old"],
)
def test_what_is_another_image_or_an_old_one_is_not_taken(
    fields: dict[str, object], second: Plan, origin: Origin, tmp_path: Path
) -> None:
    origin(**fields)
    assert of_same_content(second, tmp_path) is None


@pytest.mark.parametrize("name", ["image.qcow2", "image.vmdk"])
def test_a_changed_file_is_not_taken_nor_kept(
    second: Plan, origin: Origin, tmp_path: Path, name: str
) -> None:
    before = origin()
    with (before / name).open("r+b") as image:
        image.write(b"b")
    assert of_same_content(second, tmp_path) is None
    with pytest.raises(BuilderError, match="has changed"):
        taken_over(second, before, tmp_path)
    assert not (tmp_path / "mine" / LATEST).exists()
