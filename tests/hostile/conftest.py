"""The suite of hostile inputs: at its end it says how many were tried, and how many came to naught.

A test is one input, or as many as it says with ``record_property("inputs", COUNT)``.
"""

import pytest

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
