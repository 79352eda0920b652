"""The catalogue's page by its structure; how it looks and behaves is in the browser's tests."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from html_page import Page
from listed import BASE, PINNED, entry, proven_build, published_as
from reports import HOSTILE

from builder.catalogue.entry import Entry
from builder.catalogue.page import catalogue_page, charts

WRITTEN = datetime(2026, 2, 1, 4, 5, tzinfo=UTC)


def source(entries: list[Entry], base_url: str = "", *, has_definitions: bool = False) -> str:
    return catalogue_page(entries, WRITTEN, base_url=base_url, has_definitions=has_definitions)


def entries() -> list[Entry]:
    of = published_as("Debian 12")
    return [
        entry(proven_build(of, 0, 300, (24, 30))),
        entry(proven_build(of, 1, 310, (22, 30))),
        entry(proven_build(BASE, 1, 0)),
    ]


def test_the_page_is_as_it_was_read(golden: Callable[[str, str], None]) -> None:
    text = source(entries(), has_definitions=True)
    golden(text[text.index("<body>") : text.index("<footer")], "catalogue/index.html")


def test_every_image_is_a_row_with_all_its_files() -> None:
    shown = Page(source(entries()))
    addresses = [link["href"] or "" for link in shown.tags("a")]
    for each in entries():
        for name in (*each.beside, *(bill.name for bill in each.bills), each.image.name):
            assert f"{each.home}/{name}" in addresses
    text = shown.sections["profile-2"]
    assert "310" in text
    assert "22s (tcg)" in text
    assert f"{len(PINNED.claims)} exercised" in text
    assert text.rindex("20260103") < text.rindex("20260102")


def test_what_is_not_known_is_told_so() -> None:
    bare = replace(entries()[2], boots={})
    assert Page(source([bare])).sections["profile-1"].count("not known") == 2


def test_images_that_are_elsewhere_are_linked_there() -> None:
    shown = Page(source(entries(), "https://objects.example/"))
    addresses = [link["href"] or "" for link in shown.tags("a")]
    images = [address for address in addresses if address.endswith("image.qcow2")]
    assert len(images) == 3
    assert all(address.startswith("https://objects.example/") for address in images)
    assert "latest/Debian-12/report.html" in addresses


def test_programs_are_told_of_what_is_there() -> None:
    assert "image-manager.yml" not in source(entries())
    assert "image-manager.yml" in source(entries(), has_definitions=True)


def test_boots_by_kvm_and_by_emulation_are_lines_of_their_own() -> None:
    first, second, _ = entries()
    kvm = replace(first, boots={"kvm": 5.0, "tcg": 24.0})
    _, boots, _ = charts([second, kvm])
    assert [line.name for line in boots.lines] == ["kvm", "tcg"]
    assert '<i class="line-2"></i>tcg' in source([second, kvm])


def test_a_single_build_has_no_pictures() -> None:
    assert charts(entries()[:1]) == ()


def test_headings_go_down_step_by_step_and_ids_are_unique() -> None:
    shown = Page(source(entries()))
    ids = [attributes["id"] for _, attributes in shown.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert [tag for tag, _ in shown.elements if tag in {"h1", "h2", "h3"}] == ["h1", *["h2"] * 3]
    targets = [link["href"] for link in shown.tags("a") if (link["href"] or "").startswith("#")]
    assert [
        f"#{name}" for name in ids if name and not name.startswith(("heading", "programs-"))
    ] == (targets)


def test_the_page_has_no_script_and_nothing_of_other_places() -> None:
    shown = Page(source(entries()))
    assert shown.tags("script") == shown.tags("img") == []
    (policy,) = [tag["content"] or "" for tag in shown.tags("meta") if "http-equiv" in tag]
    assert "script-src" not in policy
    assert all("src" not in attributes for _, attributes in shown.elements)


def test_what_a_manifest_says_is_text() -> None:
    hostile = replace(entries()[0], description=HOSTILE, boots={HOSTILE: 3.0}, public_name=HOSTILE)
    shown = Page(source([hostile]))
    assert "<script>alert(1)</script>" in shown.sections["profile-1"]
    for tag, attributes in shown.elements:
        assert not any(name.startswith("on") for name in attributes), tag
