"""The HTML report in a real Chromium: what a reader sees, on screens and on paper."""

from pathlib import Path

import pytest
from browsing import CONTRASTS, DESKTOP, PHONE, Browser, assert_fits
from comparisons import adopted, newer, older
from reports import HOSTILE, hostile, proven
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from builder.compare.builds import compare
from builder.report.difference import difference_html
from builder.report.html import html
from builder.store.manifest import Manifest
from builder.store.sections import Package

pytestmark = pytest.mark.browser


def with_packages(*names: str) -> Manifest:
    return proven().model_copy(
        update={
            "packages": tuple(
                Package(name=name, version="1.2-3", architecture="amd64", installed_size=1000)
                for name in names
            ),
            "unpackaged": {"/boot": 60 << 20},
        }
    )


BUILDS = [with_packages("bash", "linux-image-6.1.0-56-amd64", "python3-yaml"), hostile()]


@pytest.mark.parametrize("build", BUILDS, ids=["proven", "hostile"])
@pytest.mark.parametrize("width", [PHONE, 768, DESKTOP])
def test_no_page_is_wider_than_its_screen(browser: Browser, build: Manifest, width: int) -> None:
    browser.show(build, width=width)
    browser.ask("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert_fits(browser, width)


@pytest.mark.parametrize(
    "new", [newer(), adopted(), hostile()], ids=["newer", "adopted", "hostile"]
)
@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_no_page_of_a_difference_is_wider_than_its_screen(
    browser: Browser, new: Manifest, width: int
) -> None:
    browser.show_page(difference_html(compare(older(), new)), width=width)
    assert browser.driver.title.startswith("pinned-scsi")
    assert_fits(browser, width)


def test_the_search_filters_the_packages_and_counts_them(browser: Browser) -> None:
    browser.show(BUILDS[0])
    field = browser.driver.find_element(By.ID, "search")
    found = browser.driver.find_element(By.ID, "found")
    assert found.text == "3 of 3"
    field.send_keys("YAML python")
    assert browser.rows() == ["python3-yaml"]
    assert found.text == "1 of 3"
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("no such package")
    assert browser.rows() == []
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(Keys.BACKSPACE)
    assert len(browser.rows()) == 3


@pytest.mark.parametrize("build", BUILDS, ids=["proven", "hostile"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_in_dark(
    browser: Browser, build: Manifest, scheme: str
) -> None:
    browser.show(build, scheme=scheme)
    luminances = browser.ask(CONTRASTS)
    assert luminances["page"] > 0.8 if scheme == "light" else luminances["page"] < 0.05
    assert luminances["texts"] > 50
    assert luminances["poor"] == []


def test_a_phone_has_a_treemap_of_its_own(browser: Browser) -> None:
    shown = (
        "[...document.querySelectorAll('svg')].filter((one) => one.clientWidth)"
        ".map((one) => one.classList[1])"
    )
    browser.show(BUILDS[0], width=PHONE)
    assert browser.ask(shown) == ["narrow"]
    browser.show(BUILDS[0], width=DESKTOP)
    assert browser.ask(shown) == ["wide"]


def test_what_is_pointed_at_in_the_treemap_is_told(browser: Browser) -> None:
    browser.show(BUILDS[0])
    browser.driver.find_element(By.CSS_SELECTOR, ".treemap.wide .cell.other").click()
    assert browser.driver.find_element(By.ID, "pointed").text == "/boot, 60 MiB, 95.3 %"


def test_paper_has_every_section_and_all_that_is_folded(browser: Browser) -> None:
    browser.show(BUILDS[0])
    headings = browser.ask("[...document.querySelectorAll('h2')].map((one) => one.innerText)")
    text = " ".join(browser.pdf_text().split())
    assert len(headings) == 8
    for heading in headings:
        assert heading in text
    assert "root.d/08-debootstrap" in text  # folded on the screen
    assert "linux-image-6.1.0-56-amd64" in text
    assert browser.ask("document.querySelectorAll('details[open]').length") == 0  # folded again


def test_nothing_but_the_file_itself_is_asked_for(browser: Browser) -> None:
    browser.show(hostile())
    assert browser.asked_for() == []


def test_what_a_guest_shows_does_nothing(browser: Browser) -> None:
    browser.show(hostile())
    assert browser.ask("document.querySelectorAll('script').length") == 1
    assert browser.ask("document.querySelectorAll('img').length") == 0
    assert HOSTILE in browser.ask("document.getElementById('problems').textContent")


def test_the_policy_stops_a_script_that_would_get_in(
    chromium: webdriver.Chrome, tmp_path: Path
) -> None:
    """The second line of defence, with the first one taken away."""
    source = html(proven(), consoles={}, build_log="")
    path = tmp_path / "report.html"
    path.write_text(source.replace("</main>", "<script>document.title = 'in'</script></main>"))
    chromium.get(path.as_uri())
    assert chromium.title != "in"
    (refusal,) = chromium.get_log("browser")
    assert "Content Security Policy" in refusal["message"]
