import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from comparisons import adopted, newer, older, package
from html_page import Page
from reports import HOSTILE
from terminals import on_terminal, plain

from builder.compare.builds import Difference, compare
from builder.compare.change import Change, changes
from builder.compare.changelogs import ChangelogChange
from builder.linux.configuration import ConfigurationFile
from builder.report.difference import (
    difference_html,
    difference_json,
    difference_markdown,
    difference_text,
)
from builder.report.difference_view import DIRECTORIES, conclusion, of_the_image, title
from builder.store.manifest import Manifest

Golden = Callable[[str, str], None]

PAIRS = {
    "releases": (older(), newer()),
    "backwards": (newer(), older()),
    "adopted": (older(), adopted()),
    "equal": (older(), older()),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_text_is_as_it_was_read(name: str, golden: Golden) -> None:
    golden(plain(difference_text(compare(*PAIRS[name]))), f"differences/{name}.txt")


@pytest.mark.parametrize("name", PAIRS)
def test_the_markdown_is_as_it_was_read(name: str, golden: Golden) -> None:
    golden(difference_markdown(compare(*PAIRS[name])), f"differences/{name}.md")


def test_the_json_is_as_it_was_read(golden: Golden) -> None:
    text = json.dumps(difference_json(compare(older(), newer())), indent=2)
    golden(f"{text}\n", "differences/releases.json")


def rows(difference: Difference, name: str) -> list[tuple[str, ...]]:
    return [
        row for section in of_the_image(difference) if section.name == name for row in section.rows
    ]


def test_what_goes_down_stands_out_on_a_terminal() -> None:
    shown = on_terminal(difference_text(compare(older(), newer())))
    assert "\x1b[31mdown" in shown


def test_builds_of_two_profiles_are_both_named_by_them() -> None:
    assert title(compare(adopted(), older())) == (
        "adopted-windows  20260102T030405Z-3f9c2a → pinned-scsi  20260102T030405Z-3f9c2a"
    )


def test_the_conclusion_tells_sizes_and_times_from_the_rest() -> None:
    old = older()
    slower = old.model_copy(update={"timings": {**old.timings, "convert": 9.0}})
    assert conclusion(compare(old, old)) == "Nothing differs."
    assert conclusion(compare(old, slower)) == "They differ in sizes and times only."


def test_the_directories_that_grew_most_are_shown_and_the_others_together() -> None:
    old = older()
    sizes = {f"/{number:02}": 0 for number in range(DIRECTORIES + 3)}
    grown = {name: (size + 1) << 10 for size, name in enumerate(sizes)}
    new = old.model_copy(update={"directories": grown})
    shown = rows(compare(old.model_copy(update={"directories": sizes}), new), "sizes by directory")
    assert [row[0] for row in shown] == [*list(sizes)[:2:-1], "3 others"]
    assert shown[-1] == ("3 others", "0 bytes", "6.0 KiB", "+6.0 KiB")


def test_an_architecture_is_told_where_it_differs() -> None:
    assert ("changed", "python3-six", "1.16.0-4 (all)", "1.16.0-4 (amd64)") in rows(
        compare(older(), newer()), "packages"
    )


def test_each_item_that_came_to_a_list_or_went_has_a_row() -> None:
    old = older()
    elements = old.plan["elements"]
    others = old.model_copy(update={"plan": {**old.plan, "elements": [*elements[1:], "x", "y"]}})
    assert rows(compare(old, others), "plan") == [
        ("elements", elements[0], "-"),
        ("elements", "-", "x"),
        ("elements", "-", "y"),
    ]
    turned = old.model_copy(update={"plan": {**old.plan, "elements": [*reversed(elements)]}})
    assert rows(compare(old, turned), "plan") == [("elements", "-", "in another order")]


def test_a_check_that_ended_differently_in_its_boots_is_told_by_boot() -> None:
    ((_, old, new),) = rows(compare(older(), newer()), "checks")
    assert old == "passed"
    assert new.endswith("; failed: uefi")


def test_other_firmware_and_another_accelerator_are_told() -> None:
    old = older()
    boot = old.boots[0].model_copy(update={"accelerator": "kvm", "firmware": "SeaBIOS 1.16"})
    assert rows(compare(old, old.with_evidence([], [boot])), "boots") == [
        (boot.name, "accelerator", "tcg", "kvm"),
        (boot.name, "firmware", "-", "SeaBIOS 1.16"),
    ]


def file(text: str | None) -> ConfigurationFile:
    return ConfigurationFile(hashlib.sha256((text or "secret").encode()).hexdigest(), text)


def configured(old: dict[str, ConfigurationFile], new: dict[str, ConfigurationFile]) -> Difference:
    return replace(compare(older(), older()), configuration=changes(old, new))


FILES = configured(
    {
        "/etc/fstab": file("LABEL=root / ext4 errors=remount-ro 0 1\n"),
        "/etc/gone": file("x"),
        "/etc/shadow": file(None),
    },
    {
        "/etc/fstab": file("LABEL=root / ext4 discard 0 1\n```\n\ttab\n"),
        "/etc/new": file("y"),
        "/etc/shadow": replace(file(None), sha256="0" * 64),
    },
)


def test_files_below_etc_are_told_with_their_lines(golden: Golden) -> None:
    assert FILES.parts == ("configuration",)
    golden(plain(difference_text(FILES)), "differences/configuration.txt")
    golden(difference_markdown(FILES), "differences/configuration.md")


def test_lines_that_came_and_went_have_colours() -> None:
    shown = on_terminal(difference_text(FILES))
    assert "\x1b[32m  +LABEL=root / ext4 discard" in shown
    assert "\x1b[31m  -LABEL=root / ext4 errors" in shown


def test_a_page_has_the_lines_too() -> None:
    assert "+LABEL=root / ext4 discard" in Page(difference_html(FILES)).sections["section-1"]


def test_json_tells_files_that_were_not_compared_from_equal_ones() -> None:
    assert difference_json(compare(older(), newer()))["configuration"] is None
    assert difference_json(configured({}, {}))["configuration"] == []
    told = difference_json(FILES)["configuration"]
    assert [file["name"] for file in told] == ["/etc/fstab", "/etc/new", "/etc/shadow", "/etc/gone"]


@pytest.mark.parametrize("text", [HOSTILE, "\x1b[2J\u202e", "````\n# h"])
def test_lines_of_files_are_text_wherever_they_are_shown(text: str) -> None:
    difference = configured({"/etc/a": file("")}, {"/etc/a": file(text)})
    page = Page(difference_html(difference))
    assert page.tags("script") == page.tags("img") == []
    markdown = difference_markdown(difference)
    for shown in (markdown, plain(difference_text(difference))):
        assert not {"\x1b", "\u202e"} & set(shown)
    fence = next(line for line in markdown.splitlines() if line.endswith("diff"))[:-4]
    assert markdown.count(f"\n{fence}") == 2
    assert f"{fence}" not in text


def hostile(text: str) -> tuple[Manifest, Manifest]:
    """Two builds of which everything that comes from elsewhere attacks the reader."""
    old = older()
    boot = old.boots[0].model_copy(update={"kernel": text, "command_line": text, "firmware": text})
    new = old.model_copy(
        update={
            "build": text,
            "packages": (package(text, text, text), *old.packages[1:]),
            "tools": {text: text},
            "unpackaged": {text: 1 << 20},
            "directories": {text: 1 << 20},
            "timings": {text: 3.0},
            "plan": {**old.plan, "description": text, "profile": text},
        }
    )
    return old, new.with_evidence([], [boot])


def test_the_page_escapes_all_that_comes_from_elsewhere() -> None:
    source = difference_html(compare(*hostile(HOSTILE)))
    shown = Page(source)
    assert shown.tags("script") == shown.tags("img") == []
    assert not [name for _, attributes in shown.elements for name in attributes if name[:2] == "on"]
    assert source.count("alert(1)") > 8
    (policy,) = [meta["content"] for meta in shown.tags("meta") if meta.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy


def test_the_page_has_a_section_for_each_table_and_a_way_to_it() -> None:
    difference = compare(older(), adopted())
    shown = Page(difference_html(difference))
    targets = {str(link["href"])[1:] for link in shown.tags("a")}
    sections = {section["id"] for section in shown.tags("section")}
    assert targets == sections - {"unknown"}
    assert len(shown.tags("table")) == len(targets) > 3
    assert "does not tell packages" in shown.sections["unknown"]
    assert conclusion(difference) in shown.sections["header"]


@pytest.mark.parametrize(
    "text",
    ["`x` | y", "</table><script>", "[a](javascript:b)", "line\nbreak", "\x1b[2J\u202e", "a\\|b"],
)
def test_markdown_and_terminals_get_texts_from_elsewhere_as_text(text: str) -> None:
    difference = compare(*hostile(text))
    markdown = difference_markdown(difference)
    tables = [line for line in markdown.splitlines() if line.startswith("| `")]
    for line in tables:
        cells = line.replace("\\|", "").split("|")[1:-1]
        assert all(cell.strip().strip("`").count("`") == 0 for cell in cells), line
        assert len(cells) in {3, 4}, line
    for shown in (markdown, plain(difference_text(difference))):
        assert not {"\x1b", "\u202e"} & set(shown)
    heading = markdown.splitlines()[0].replace("\\", "")
    assert "<script>" not in markdown.splitlines()[0]
    assert heading.startswith("## ")


def test_json_has_every_part() -> None:
    told = difference_json(compare(older(), newer()))
    assert {
        "old",
        "new",
        "differ",
        "packages",
        "kernel",
        "claims",
        "checks",
        "plan",
        "tools",
    } < set(told)
    assert json.loads(json.dumps(told))["boots"][0]["new"]["kernel"] == "6.1.0-58-amd64"


def test_vulnerabilities_are_told_as_gone_and_new(golden: Golden) -> None:
    vulnerabilities = (
        Change("CVE-2026-2 vim", None, "2:9.0-1, no fix"),
        Change("CVE-2026-1 openssl", "3.0.1-1, fixed in 3.0.1-2", None),
    )
    found = replace(compare(older(), older()), vulnerabilities=vulnerabilities)
    assert found.parts == ("known vulnerabilities",)
    golden(plain(difference_text(found)), "differences/vulnerabilities.txt")
    golden(difference_markdown(found), "differences/vulnerabilities.md")
    assert "CVE-2026-1 openssl" in difference_html(found)
    assert difference_json(found)["vulnerabilities"][1]["old"] == "3.0.1-1, fixed in 3.0.1-2"
    assert difference_json(compare(older(), newer()))["vulnerabilities"] is None


LOGGED = replace(
    compare(older(), newer()),
    changelogs=(
        ChangelogChange(
            ("libssl3", "openssl"),
            ("openssl (3.0.15-1~deb12u2) x; y\n\n  * <b>Fixed</b>\n ```", "openssl (2) x; y"),
            (),
        ),
        ChangelogChange(("linux-image-amd64",), (), ("\n".join(map(str, range(90))),)),
    ),
)


def test_entries_of_changelogs_are_told(golden: Golden) -> None:
    golden(plain(difference_text(LOGGED)), "differences/changelogs.txt")
    golden(difference_markdown(LOGGED), "differences/changelogs.md")
    assert "+openssl (3.0.15" in Page(difference_html(LOGGED)).sections["section-2"]
    assert "<b>Fixed" not in difference_html(LOGGED)
    (first, _) = difference_json(LOGGED)["changelogs"]
    assert first["packages"] == ["libssl3", "openssl"]
    assert len(first["come"]) == 2
