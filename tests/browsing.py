"""A page that is open in Chromium, and what can be asked of every page."""

import base64
import subprocess
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By

from builder.report.html import html
from builder.store.manifest import Manifest

PHONE, DESKTOP = 375, 1280


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
        metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width <= PHONE}
        scheme_feature = {"name": "prefers-color-scheme", "value": scheme}
        self._devtools("Emulation.setDeviceMetricsOverride", **metrics)
        self._devtools("Emulation.setEmulatedMedia", features=[scheme_feature])
        self.driver.get_log("performance")  # forget what was before
        self.driver.get(path.as_uri())

    def ask(self, script: str) -> Any:  # Any: JSON
        return self.driver.execute_script(f"return {script}")  # type: ignore[no-untyped-call]

    def allow_scripts(self, *, allowed: bool) -> None:
        self._devtools("Emulation.setScriptExecutionDisabled", value=not allowed)

    def heard(self) -> list[tuple[str, str]]:
        """Role and name of everything that assistive technology is told of."""
        nodes = self._devtools("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"]
        ]

    def asked_for(self) -> list[str]:
        """Requests other than that of the page."""
        entries = self.driver.get_log("performance")
        requests = [
            message["message"]
            for message in entries
            if "Network.requestWillBeSent" in message["message"]
        ]
        assert requests
        return [
            message
            for message in requests
            if "report.html" not in message and '"data:' not in message
        ]

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
