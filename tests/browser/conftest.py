"""A Chromium for all tests of a file, and a page in it."""

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from browsing import Browser
from selenium import webdriver

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


@pytest.fixture
def browser(chromium: webdriver.Chrome, tmp_path: Path) -> Iterator[Browser]:
    yield Browser(chromium, tmp_path)
    assert chromium.get_log("browser") == []
