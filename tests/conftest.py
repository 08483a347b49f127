"""What every test may use: real engines (tests/engines), and a closing count by kind of test."""

from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.engines import proot_limits

pytest_plugins = ["tests.engines.fixtures"]

# What is generated is judged by what happens, never by how long this machine took for it.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

_TESTS = Path(__file__).parent
_OUTCOMES = ("passed", "failed", "error", "skipped", "xfailed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that scripts/test.sh needs when it runs failed tests again."""
    parser.addoption("--no-skips", action="store_true", help="a test that skips itself has failed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a skipped test as failed where that was asked for."""
    report = yield
    if item.config.getoption("--no-skips") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect the tests to fail that ask for what proot cannot do."""
    proot_limits.mark(items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count the tests of each kind (a folder of tests/, or doctests), before pytest's own line."""
    counts: dict[str, Counter[str]] = {}
    for outcome in _OUTCOMES:
        for report in terminalreporter.stats.get(outcome, []):
            if isinstance(report, pytest.TestReport):
                counts.setdefault(_kind(report), Counter())[outcome] += 1
    terminalreporter.section("tests by kind", sep="-")
    for kind, outcomes in sorted(counts.items()):
        line = ", ".join(f"{outcomes[name]} {name}" for name in _OUTCOMES if outcomes[name])
        terminalreporter.write_line(f"{kind:<14}{line}")


def _kind(report: pytest.TestReport) -> str:
    path = Path(report.location[0])
    if path.parts[0] != _TESTS.name:
        return "doctest"
    return path.parts[1]
