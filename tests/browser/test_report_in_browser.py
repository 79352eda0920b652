"""The HTML report in a real Chromium: what a reader sees, on screens and on paper."""

import base64
import shutil
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from comparisons import adopted, newer, older
from reports import HOSTILE, hostile, proven
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from builder.compare.builds import compare
from builder.report.difference import difference_html
from builder.report.html import html
from builder.store.manifest import Manifest, Package

pytestmark = pytest.mark.browser

PHONE, DESKTOP = 375, 1280
CHROMIUM, DRIVER = "chromium", "chromedriver"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Generator[webdriver.Chrome, None, None]:
    if shutil.which(CHROMIUM) is None or shutil.which(DRIVER) is None:
        pytest.skip("chromium and chromium-driver are not installed; 'make test' installs them")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which(CHROMIUM) or ""
    for argument in (
        "--headless",
        "--no-sandbox",  # the tests run as root
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(shutil.which(DRIVER))
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


class Browser:
    """One page, open in Chromium."""

    def __init__(self, driver: webdriver.Chrome, directory: Path) -> None:
        self.driver = driver
        self._directory = directory

    def show(self, build: Manifest, *, width: int = DESKTOP, scheme: str = "light") -> None:
        self.show_page(html(build, consoles={}, build_log=""), width=width, scheme=scheme)

    def show_page(self, source: str, *, width: int = DESKTOP, scheme: str = "light") -> None:
        path = self._directory / "report.html"
        path.write_text(source)
        metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width == PHONE}
        scheme_feature = {"name": "prefers-color-scheme", "value": scheme}
        self._devtools("Emulation.setDeviceMetricsOverride", **metrics)
        self._devtools("Emulation.setEmulatedMedia", features=[scheme_feature])
        self.driver.get_log("performance")  # forget what was before
        self.driver.get(path.as_uri())

    def ask(self, script: str) -> Any:  # Any: JSON
        return self.driver.execute_script(f"return {script}")  # type: ignore[no-untyped-call]

    def pdf_text(self) -> str:
        path = self._directory / "report.pdf"
        printed = self._devtools("Page.printToPDF", printBackground=True)
        path.write_bytes(base64.b64decode(printed["data"]))
        words = ["pdftotext", "-layout", path, "-"]
        done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout

    def rows(self) -> list[str]:
        rows = self.driver.find_elements(By.CSS_SELECTOR, "#package-table tbody tr")
        return [row.text.split()[0] for row in rows if row.is_displayed()]

    def _devtools(self, command: str, **parameters: Any) -> Any:  # Any: JSON
        return self.driver.execute_cdp_cmd(command, parameters)  # type: ignore[no-untyped-call]


@pytest.fixture
def browser(chromium: webdriver.Chrome, tmp_path: Path) -> Iterator[Browser]:
    yield Browser(chromium, tmp_path)
    assert chromium.get_log("browser") == []


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


def assert_fits(browser: Browser, width: int) -> None:
    page, screen = browser.ask(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert page == screen
    assert screen > width - 20  # a scroll bar's width
    wider = browser.ask(
        "[...document.querySelectorAll('body *')].filter((one) =>"
        f" one.getBoundingClientRect().right > {screen} + 0.5).map((one) => one.outerHTML)"
    )
    assert wider == []


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
    entries = browser.driver.get_log("performance")
    requests = [
        entry["message"] for entry in entries if "Network.requestWillBeSent" in entry["message"]
    ]
    assert (
        len(
            [
                request
                for request in requests
                if "report.html" not in request and '"data:' not in request
            ]
        )
        == 0
    )
    assert len(requests) >= 1


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


CONTRASTS = """(() => {
  const channel = (value) => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) =>
    0.2126 * channel(red / 255) + 0.7152 * channel(green / 255) + 0.0722 * channel(blue / 255);
  const background = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (one.localName === "g") return parse(getComputedStyle(one.querySelector("rect")).fill);
      const color = parse(style.backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const poor = [];
  let texts = 0;
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !one.checkVisibility() || one.localName === "title") continue;
    texts += 1;
    const style = getComputedStyle(one);
    const front = luminance(parse(one.localName === "text" ? style.fill : style.color));
    const back = luminance(background(one));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${one.outerHTML.slice(0, 120)}`);
  }
  return {page: luminance(background(document.body)), texts, poor};
})()"""
"""WCAG 2.2's contrast of every visible text with what is behind it; 4.5 is its level AA."""
