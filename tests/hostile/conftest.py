"""The suite of hostile inputs: at its end it says how many were tried, and how many came to naught.

A test is one input, or as many as it says with ``record_property("inputs", COUNT)``.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from clouds import Answer, Cloud, answering, configure

from builder.publish.cloud.glance import Glance

SUITE = "tests/hostile/"
TRIED = pytest.StashKey["_Tried"]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TRIED] = _Tried()
    config.pluginmanager.register(config.stash[TRIED])


class _Tried:
    """Sees the reports of all workers, as only the process that started them does."""

    def __init__(self) -> None:
        self.inputs = self.survived = self.skipped = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.nodeid.startswith(SUITE):
            return
        inputs = dict(report.user_properties).get("inputs", 1)
        assert isinstance(inputs, int)
        if report.skipped:
            self.skipped += inputs
        elif report.when == "call" or report.failed:
            self.inputs += inputs
            self.survived += inputs * report.passed


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    tried = terminalreporter.config.stash[TRIED]
    if tried.inputs or tried.skipped:
        terminalreporter.write_line(
            f"hostile inputs: {tried.inputs} tried, {tried.survived} refused or survived, "
            f"{tried.skipped} not tried"
        )


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A cloud without Keystone whose Glance answers as it is told, to a user with a password."""
    stack = []

    def start(answer: Answer) -> Glance:
        server = answering(answer)
        address, _ = server.__enter__()
        stack.append(server)
        login = {"endpoint": address, "username": "me", "password": "secret"}
        path = configure(tmp_path, auth_type="http_basic", auth=login)
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        return Glance("mine")

    yield start
    for server in stack:
        server.__exit__(None, None, None)
