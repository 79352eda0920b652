"""The catalogue in a real Chromium: on a phone, by the keyboard, and without scripts."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from browsing import CONTRASTS, DESKTOP, PHONE, Browser, assert_fits
from listed import BASE, PINNED, entry, proven_build, published_as
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from builder.catalogue.page import catalogue_page

pytestmark = pytest.mark.browser

SMALL = 360
LONG = replace(PINNED, profile="a-profile-whose-name-has-all-the-characters-that-a-name-may-have")
BUILDS = [
    *(proven_build(published_as("Debian 12"), day, 300 + day) for day in range(6)),
    *(proven_build(BASE, day) for day in range(2)),
    proven_build(LONG),
]
PAGE = catalogue_page(
    [entry(build) for build in BUILDS],
    datetime(2026, 2, 1, tzinfo=UTC),
    base_url="",
    has_definitions=True,
)


@pytest.mark.parametrize("width", [SMALL, PHONE, 768, 1000, DESKTOP])
def test_the_page_is_not_wider_than_its_screen(browser: Browser, width: int) -> None:
    browser.show_page(PAGE, width=width)
    assert_fits(browser, width)
    assert len(browser.driver.find_elements(By.CSS_SELECTOR, ".builds tbody tr")) == len(BUILDS)


@pytest.mark.parametrize("width", [SMALL, DESKTOP])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_in_dark(browser: Browser, scheme: str, width: int) -> None:
    browser.show_page(PAGE, scheme=scheme, width=width)
    found = browser.ask(CONTRASTS)
    assert found["page"] > 0.8 if scheme == "light" else found["page"] < 0.05
    assert found["texts"] > 50
    assert found["poor"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_lines_stand_out_from_what_is_behind_them(browser: Browser, scheme: str) -> None:
    """WCAG 2.2, 1.4.11: three to one for what a picture needs to be understood."""
    browser.show_page(PAGE, scheme=scheme)
    strokes = browser.ask(LINE_CONTRASTS)
    assert len(strokes) == 6
    assert min(strokes) >= 3


def test_the_keyboard_reaches_every_link_in_the_order_of_the_page(browser: Browser) -> None:
    browser.show_page(PAGE)
    links = browser.ask("[...document.querySelectorAll('a')].map((one) => one.href)")
    assert len(links) == 4 + 4 + 2 + len(BUILDS) * 6
    reached = []
    for _ in links:
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(browser.ask("document.activeElement.href"))
        shown = browser.ask("getComputedStyle(document.activeElement).outlineStyle")
        assert shown == "solid"
    assert reached == links


def test_a_link_of_the_navigation_leads_to_its_profile(browser: Browser) -> None:
    browser.show_page(PAGE)
    link = browser.driver.find_element(By.LINK_TEXT, "pinned-scsi")
    link.send_keys(Keys.ENTER)
    heading = browser.ask("document.querySelector(':target h2').innerText")
    assert heading == "pinned-scsi"


def test_the_page_is_whole_where_no_script_may_run(browser: Browser) -> None:
    browser.allow_scripts(allowed=False)
    try:
        browser.show_page(PAGE)
        rows = browser.driver.find_elements(By.CSS_SELECTOR, ".builds tbody tr")
        assert [row.is_displayed() for row in rows] == [True] * len(BUILDS)
        assert len(browser.driver.find_elements(By.TAG_NAME, "polyline")) == 6
        assert browser.driver.find_elements(By.TAG_NAME, "script") == []
    finally:
        browser.allow_scripts(allowed=True)


@pytest.mark.parametrize("width", [SMALL, DESKTOP])
def test_whoever_hears_the_page_hears_what_everything_is(browser: Browser, width: int) -> None:
    browser.show_page(PAGE, width=width)
    heard = browser.heard()
    for role in ("link", "image", "navigation", "region", "heading", "rowheader"):
        names = [name for found, name in heard if found == role]
        assert names, role
        assert all(names), role
    assert [role for role, _ in heard].count("table") == 3  # a phone's too, however they look
    assert "Packages: 305 in the newest build, 300 to 305" in [name for _, name in heard]
    links = [name for role, name in heard if role == "link"]
    assert len(links) == len(set(links))


def test_nothing_but_the_page_itself_is_asked_for(browser: Browser) -> None:
    browser.show_page(PAGE)
    assert browser.asked_for() == []


LINE_CONTRASTS = """(() => {
  const channel = (value) => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = (color) => {
    const [red, green, blue] = color.match(/[\\d.]+/g).map(Number);
    return 0.2126 * channel(red / 255) + 0.7152 * channel(green / 255)
      + 0.0722 * channel(blue / 255);
  };
  return [...document.querySelectorAll("polyline")].map((one) => {
    const line = luminance(getComputedStyle(one).stroke);
    const card = luminance(getComputedStyle(one.closest(".card")).backgroundColor);
    return (Math.max(line, card) + 0.05) / (Math.min(line, card) + 0.05);
  });
})()"""
