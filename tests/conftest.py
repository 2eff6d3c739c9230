"""What every test is held to: it leaves no thread and no process behind, and real parts run in CI."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from tests.support.leftovers import Leftovers
from tests.support.machine_limits import NO_CONTAINERS

# Examples are the same every time and bounded: a red run is red for everyone, and no test measures time.
settings.register_profile("default", derandomize=True, max_examples=60, deadline=None, database=None)
# By hand, before a release: pytest --hypothesis-profile thorough
settings.register_profile("thorough", derandomize=False, max_examples=5_000, deadline=None, print_blob=True)
settings.load_profile("default")

REAL_PARTS_REQUIRED = "GATEHOUSE_REQUIRE_REAL_PARTS"
_SKIPPED: pytest.StashKey[list[str]] = pytest.StashKey()
_BEFORE: pytest.StashKey[Leftovers] = pytest.StashKey()
_LEFT: pytest.StashKey[list[str]] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_SKIPPED] = []
    config.stash[_LEFT] = []
    Leftovers.adopt_orphans()  # they come to us, not to init
    config.stash[_BEFORE] = Leftovers.now()


@pytest.fixture(autouse=True)
def leftovers() -> Iterator[None]:
    """A thread or child process that a test starts ends with the test."""
    before = Leftovers.now()
    yield
    if remaining := before.remaining():
        pytest.fail("left behind by the test: " + ", ".join(remaining), pytrace=False)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """The same for what fixtures of a module or of the session start, once all of them are torn down.

    No fixture of its own: after ``-x`` the last of them end outside of any test, where a failure is
    a traceback in place of the summary. The innermost wrapper comes before the summary.
    """
    yield
    remaining = session.config.stash[_BEFORE].remaining()
    session.config.stash[_LEFT].extend(remaining)
    if remaining and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note each real-part test that is skipped; where real parts are required, that is a failure."""
    report = yield
    marker = item.get_closest_marker("real_part")
    if marker is not None and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        told = f"{', '.join(marker.args)}: {item.nodeid}: {reason}"
        item.config.stash[_SKIPPED].append(told)
        if _required() and NO_CONTAINERS not in reason:
            report.outcome = "failed"
            report.longrepr = (
                f"a real part must be tested here ({REAL_PARTS_REQUIRED} or CI is set), not {told}"
            )
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what fixtures left behind, and real parts that were not tested: green is no more than it is."""
    if left := config.stash[_LEFT]:
        terminalreporter.section("FAILED: left behind by a fixture", red=True)
        for told in left:
            terminalreporter.line(told)
    if skipped := config.stash[_SKIPPED]:
        terminalreporter.section("real parts NOT tested on this machine")
        for told in skipped:
            terminalreporter.line(told)


def _required() -> bool:
    return os.environ.get("CI") == "true" or os.environ.get(REAL_PARTS_REQUIRED) == "1"
