"""A manifest and its report change together, whoever else changes them."""

import ast
import threading
from pathlib import Path

import pytest
from reports import publication
from samples import evidence, manifest

import builder
from builder.errors import HostError, InputError
from builder.feature import Outcome
from builder.host.locking import locked
from builder.report.update import rewrite_report, update
from builder.store.build_directory import REPORT
from builder.store.manifest import Manifest, read, write

CODE = Path(builder.__file__).parent


@pytest.fixture
def build(tmp_path: Path) -> Path:
    write(tmp_path, manifest())
    return tmp_path


def test_manifest_and_report_tell_the_same(build: Path) -> None:
    told = update(build, lambda manifest: manifest.with_published(publication("noble")))
    assert read(build) == told
    assert [record.name for record in told.published] == ["noble"]
    assert "noble" in (build / REPORT).read_text()


def test_what_stays_as_it_is_is_not_written(build: Path) -> None:
    before = (build / "manifest.json").stat().st_mtime_ns
    assert update(build, lambda manifest: manifest) == read(build)
    assert (build / "manifest.json").stat().st_mtime_ns == before
    assert not (build / REPORT).exists()


def test_a_change_is_made_to_what_another_has_written_meanwhile(build: Path) -> None:
    names = [f"cloud-{number}" for number in range(8)]
    start = threading.Barrier(len(names))

    def publish(name: str) -> None:
        start.wait(10)
        record = publication().model_copy(update={"cloud": name, "image": name})
        update(build, lambda manifest: manifest.with_published(record))

    threads = [threading.Thread(target=publish, args=[name]) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(record.cloud for record in read(build).published) == names


def test_a_change_that_fails_leaves_everything(build: Path) -> None:
    def fail(manifest: Manifest) -> Manifest:
        raise ValueError(manifest.build)

    before = (build / "manifest.json").read_bytes()
    with pytest.raises(ValueError, match=read(build).build):
        update(build, fail)
    assert (build / "manifest.json").read_bytes() == before
    result = evidence("foundation/boots", Outcome.PASSED, boot="bios")
    assert update(build, lambda manifest: manifest.with_evidence([result])).evidence


def test_where_there_is_no_manifest_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        update(tmp_path, lambda manifest: manifest)
    assert not list(tmp_path.iterdir())


def test_a_report_is_written_anew_of_what_the_manifest_says_by_now(build: Path) -> None:
    with locked(build):
        thread = threading.Thread(target=rewrite_report, args=[build])
        thread.start()
        write(build, read(build).with_published(publication("noble")))
        assert not (build / REPORT).exists()
    thread.join(30)
    assert "noble" in (build / REPORT).read_text()


def test_a_report_that_cannot_be_written_is_told(build: Path) -> None:
    (build / REPORT).mkdir()
    with pytest.raises(HostError, match="report could not be written"):
        rewrite_report(build)
    assert sorted(path.name for path in build.iterdir()) == ["manifest.json", REPORT]


def callers(name: str) -> set[str]:
    """The modules of the program that call a function by this name."""
    found = set()
    for path in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
                found.add(str(path.relative_to(CODE)))
    return found


def test_nobody_else_writes_a_report_or_changes_a_manifest() -> None:
    assert callers("write_html") == {"report/update.py"}
    making_new_ones = {"build/record.py", "build/take_over.py", "adopt/adopt.py"}
    assert callers("manifest.write") == {"report/update.py"} | making_new_ones
