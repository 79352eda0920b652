"""For how long a build stands for another."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from samples import manifest, plan

from builder.build.reuse import REUSE_LIMIT, inputs_digest, reusable
from builder.host.files import sha256_of
from builder.host.paths import elements_path
from builder.plan.model import Plan
from builder.store.build_directory import LATEST
from builder.store.manifest import read, write
from builder.store.sections import FormatFile

SECOND = timedelta(seconds=1)
Build = Callable[..., Path]


@pytest.fixture(scope="module")
def base() -> Plan:
    return plan("base")


@pytest.fixture
def build(tmp_path: Path, base: Plan) -> Build:
    """Makes the latest build of a profile, which began some time ago."""

    def make(age: timedelta, **fields: object) -> Path:
        directory = tmp_path / base.profile / "20260102T030405Z-3f9c2a"
        directory.mkdir(parents=True)
        image = directory / "image.qcow2"
        image.write_bytes(b"an image")
        fresh = manifest(base)
        stored = fresh.model_copy(
            update={
                "created": datetime.now(UTC) - age,
                "inputs": inputs_digest(base, elements_path()),
                "image": fresh.image.model_copy(update={"sha256": sha256_of(image)}),
                **fields,
            }
        )
        write(directory, stored)
        (directory.parent / LATEST).symlink_to(directory.name)
        return directory

    return make


@pytest.mark.parametrize("age", [timedelta(), REUSE_LIMIT - 600 * SECOND])
def test_a_build_of_the_same_inputs_and_of_today_is_reused(
    age: timedelta, build: Build, base: Plan, tmp_path: Path
) -> None:
    assert build(age) == reusable(base, tmp_path)


@pytest.mark.parametrize(
    "age", [REUSE_LIMIT + SECOND, -600 * SECOND, -400 * REUSE_LIMIT], ids=["old", "soon", "future"]
)
def test_an_old_one_is_not_nor_one_that_the_clock_says_is_of_the_future(
    age: timedelta, build: Build, base: Plan, tmp_path: Path
) -> None:
    build(age)
    assert reusable(base, tmp_path) is None


def test_one_of_other_inputs_is_not(build: Build, base: Plan, tmp_path: Path) -> None:
    build(timedelta(), inputs="e" * 64)
    assert reusable(base, tmp_path) is None


def test_one_whose_image_has_changed_is_not(build: Build, base: Plan, tmp_path: Path) -> None:
    (build(timedelta()) / "image.qcow2").write_bytes(b"another")
    assert reusable(base, tmp_path) is None


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"another")])
def test_one_whose_file_in_another_format_is_gone_or_has_changed_is_not(
    harm: Callable[[Path], object], build: Build, base: Plan, tmp_path: Path
) -> None:
    directory = build(timedelta())
    vmdk = directory / "image.vmdk"
    vmdk.write_bytes(b"a vmdk")
    stored = read(directory)
    file = FormatFile(
        **stored.image.model_dump(exclude={"name", "format", "sha256", "content_sha256"}),
        name=vmdk.name, format="vmdk", sha256=sha256_of(vmdk), content_sha256="e" * 64,
    )  # fmt: skip
    image = stored.image.model_copy(update={"content_sha256": file.content_sha256})
    write(directory, stored.model_copy(update={"image": image, "formats": (file,)}))
    assert reusable(base, tmp_path) == directory
    harm(vmdk)
    assert reusable(base, tmp_path) is None


def test_where_nothing_was_built_there_is_none(base: Plan, tmp_path: Path) -> None:
    assert reusable(base, tmp_path) is None
