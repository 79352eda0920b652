"""A whole catalogue on a disk: its parts tell the same."""

import hashlib
import json
import threading
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from listed import BASE, entry, proven_build, published_as, store_build
from webserver import Files, serving

from builder.catalogue import streams
from builder.catalogue.site import Addresses, write_catalogue
from builder.errors import BuilderError, HostError
from builder.report import update
from builder.store.manifest import Manifest
from builder.store.sections import FormatFile
from builder.terminal.progress import Progress

URL = "https://images.example/"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    for day in range(3):
        store_build(tmp_path / "dist", proven_build(published_as("Debian 12"), day), "a report")
    store_build(tmp_path / "dist", proven_build(BASE, 1), "a report")
    return tmp_path / "dist"


def written(dist: Path, addresses: Addresses = Addresses()) -> Path:  # noqa: B008 - frozen
    site = dist.parent / "site"
    with Progress() as progress:
        assert write_catalogue(dist, site, addresses, progress) == []
    return site


def loaded(path: Path) -> dict[str, Any]:  # Any: JSON
    data = json.loads(path.read_text())
    assert isinstance(data, dict)
    return data


def items(site: Path) -> list[dict[str, Any]]:
    """Every item of every version of every product, as a client comes to it from the index."""
    index = loaded(site / "streams/v1/index.json")
    assert index["format"] == "index:1.0"
    found = []
    for content_id, listed in index["index"].items():
        products = loaded(site / listed["path"])
        assert products["content_id"] == content_id
        assert (products["format"], products["datatype"]) == (
            listed["format"],
            listed["datatype"],
        )
        assert sorted(products["products"]) == listed["products"]
        for product in products["products"].values():
            assert [*product["versions"]] == sorted(product["versions"])
            found += [
                item
                for version in product["versions"].values()
                for item in version["items"].values()
            ]
    return found


def test_every_file_that_streams_name_is_there_as_they_say(dist: Path) -> None:
    site = written(dist)
    found = items(site)
    assert len(found) == 4 * 3
    for item in found:
        data = (site / item["path"]).read_bytes()
        assert len(data) == item["size"]
        assert hashlib.sha256(data).hexdigest() == item["sha256"]
        if "sha512" in item:
            assert hashlib.sha512(data).hexdigest() == item["sha512"]


def test_streams_are_as_they_were_read(golden: Callable[[str, str], None]) -> None:
    when = datetime(2026, 2, 1, tzinfo=UTC)
    entries = [entry(proven_build(published_as("Debian 12"), day)) for day in (1, 0)]
    for name, data in {
        "index": streams.index(entries, when),
        "images": streams.products(entries, when, ""),
    }.items():
        golden(json.dumps(data, indent=1) + "\n", f"catalogue/{name}.json")


def test_a_raw_image_is_not_taken_for_a_qcow2() -> None:
    build = proven_build()
    image = build.image.model_copy(update={"name": "image.raw", "format": "raw"})
    raw = entry(build.model_copy(update={"image": image}))
    product = streams.products([raw], datetime(2026, 2, 1, tzinfo=UTC), "")["products"]
    ((_, version),) = product["pinned-scsi:amd64"]["versions"].items()
    assert version["items"]["disk.raw"]["path"].endswith("/image.raw")


def with_vmdk(dist: Path, build: Manifest) -> Path:
    """A build whose disk is there as a VMDK, too."""
    data = b"KDMV" + build.build.encode()
    image = build.image.model_copy(update={"content_sha256": "e" * 64})
    vmdk = FormatFile(
        name="image.vmdk", format="vmdk", size=len(data), virtual_size=image.virtual_size,
        sha256=hashlib.sha256(data).hexdigest(), sha512=hashlib.sha512(data).hexdigest(),
        content_sha256=image.content_sha256,
    )  # fmt: skip
    directory = store_build(dist, build.model_copy(update={"image": image, "formats": (vmdk,)}))
    (directory / vmdk.name).write_bytes(data)
    return directory


def test_a_disk_in_several_formats_is_listed_in_each(tmp_path: Path) -> None:
    with_vmdk(tmp_path / "dist", proven_build())
    site = written(tmp_path / "dist")
    found = {item["ftype"]: item for item in items(site)}
    assert {"disk1.img", "vmdk"} < set(found)
    for kind in ("disk1.img", "vmdk"):
        data = (site / found[kind]["path"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == found[kind]["sha256"]
    assert '/image.vmdk" aria-label="vmdk of pinned-scsi' in (site / "index.html").read_text()


def test_a_build_with_another_file_in_one_of_its_formats_is_not_listed(tmp_path: Path) -> None:
    directory = with_vmdk(tmp_path / "dist", proven_build())
    store_build(tmp_path / "dist", proven_build(BASE))
    (directory / "image.vmdk").write_bytes(b"KDMV")
    with Progress() as progress:
        (error,) = write_catalogue(tmp_path / "dist", tmp_path / "site", Addresses(), progress)
    assert "image.vmdk has the SHA-256" in str(error)


def test_images_elsewhere_are_not_in_it_and_everything_else_is(dist: Path) -> None:
    base_url = "https://objects.example/"
    site = written(dist, Addresses(base_url=base_url))
    assert [*site.rglob("image.qcow2")] == []
    assert len([*site.glob("images/*/*/report.html")]) == 4
    for item in items(site):
        there = item["mirrors"] == [base_url] if "mirrors" in item else False
        assert there != (site / item["path"]).exists()


def test_the_newest_build_is_found_by_its_names(dist: Path) -> None:
    site = written(dist)
    assert sorted(path.name for path in (site / "latest").iterdir()) == [
        "Debian-12", "base", "pinned-scsi",
    ]  # fmt: skip
    image = (site / "latest" / "Debian-12" / "image.qcow2").read_text()
    assert image == "the image of 20260104T030405Z-3f9c2a"
    told = loaded(site / "streams/v1/images.json")["products"]["pinned-scsi:amd64"]
    assert told["aliases"] == "Debian-12,pinned-scsi"


def test_logs_of_the_host_that_built_it_are_not_in_it(dist: Path) -> None:
    assert [*written(dist).rglob("*.log")] == []


def test_the_image_manager_is_told_where_images_are(dist: Path) -> None:
    site = written(dist, Addresses(url=URL))
    images = yaml.safe_load((site / "image-manager.yml").read_text())["images"]
    assert [image["name"] for image in images] == ["base", "Debian 12"]
    for image in images:
        for version in image["versions"]:
            data = (site / version["url"].removeprefix(URL)).read_bytes()
            assert version["checksum"] == f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_without_an_address_there_is_nothing_for_it(dist: Path) -> None:
    assert not (written(dist) / "image-manager.yml").exists()


def test_an_image_that_would_not_be_published_is_told_and_still_listed(dist: Path) -> None:
    store_build(dist, proven_build(published_as("x" * 250, BASE), 9), "a report")
    site = dist.parent / "site"
    with Progress() as progress:
        (error,) = write_catalogue(dist, site, Addresses(url=URL), progress)
    assert "public name is" in str(error)
    assert "20260111T030405Z-3f9c2a" in (site / "index.html").read_text()
    images = yaml.safe_load((site / "image-manager.yml").read_text())["images"]
    assert [image["name"] for image in images] == ["Debian 12"]


def test_a_build_that_is_gone_is_gone_and_new_evidence_is_new(dist: Path) -> None:
    site = written(dist)
    (old, *_, new) = sorted((dist / "pinned-scsi").iterdir())
    (old / "manifest.json").unlink()
    before = (site / "images/pinned-scsi" / new.name / "manifest.json").read_text()
    update.update(new, lambda build: build.model_copy(update={"libguestfs": "1.99"}))
    assert (site / "images/pinned-scsi" / new.name / "manifest.json").read_text() == before
    site = written(dist)
    assert not (site / "images/pinned-scsi" / old.name).exists()
    assert "1.99" in (site / "images/pinned-scsi" / new.name / "manifest.json").read_text()


def test_a_web_server_answers_with_whole_files_while_it_is_written_anew(dist: Path) -> None:
    site = written(dist)
    image = f"latest/Debian-12/{proven_build().image.name}"
    whole = (site / image).read_bytes()
    answers: list[bytes] = []
    done = threading.Event()

    def ask(url: str) -> None:
        while not done.is_set():
            for path in ("index.html", streams.PRODUCTS, image):
                with urllib.request.urlopen(f"{url}/{path}", timeout=60) as answer:  # noqa: S310
                    answers.append(answer.read())

    with serving(Files, root=str(site)) as server, ThreadPoolExecutor() as pool:
        asking = pool.submit(ask, server.url)
        try:
            for _ in range(10):
                written(dist)
        finally:
            done.set()
        asking.result(60)  # raises what a request did
    pages, lists, images = answers[0::3], answers[1::3], answers[2::3]
    assert images
    assert set(images) == {whole}
    assert all(page.endswith(b"</html>") for page in pages)
    assert all(len(json.loads(text)["products"]) == 2 for text in lists)


def test_the_date_is_one_that_clients_read(dist: Path) -> None:
    told = loaded(written(dist) / "streams/v1/index.json")["updated"]
    assert abs(parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds() < 600


def test_a_build_that_is_removed_meanwhile_leaves_the_old_catalogue(
    dist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = written(dist)
    before = site.resolve()

    def remove(progress: Progress, name: str) -> None:
        """A retention job comes between reading the builds and linking them."""
        if name == "writing the catalogue":
            (dist / "base" / proven_build(BASE, 1).build / "image.qcow2").unlink()
        phase(progress, name)

    phase = Progress.phase
    monkeypatch.setattr(Progress, "phase", remove)
    with Progress() as progress, pytest.raises(HostError) as error:
        write_catalogue(dist, site, Addresses(), progress)
    assert isinstance(error.value, BuilderError)
    assert "image.qcow2" in str(error.value)
    assert site.resolve() == before
