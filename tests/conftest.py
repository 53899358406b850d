"""What all tests share: the programs and data that a machine may lack, and the count of what it lacks."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

if settings.get_current_profile_name() == "default":
    # As Hypothesis has it for CI: the time an example takes says how busy the machine is, not whether code is right.
    settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("local")

ROOT = Path(__file__).parent.parent

_PROGRAMS = {
    "needs_prometheus": ("prometheus", "promtool"),
    "needs_alertmanager": ("prometheus-alertmanager", "amtool"),
    "needs_chromium": ("chromium",),
    "needs_inspector": ("mcp-inspector",),
    "needs_redis": ("redis-server",),
}


def _vectors() -> Path:
    return Path(os.environ.get("EXAI_VECTORS", ROOT.parent / "shared" / "vectors"))


def _missing(marker: str) -> str | None:
    if marker == "needs_vectors":
        return None if _vectors().is_dir() else f"no example data at {_vectors()}; set EXAI_VECTORS"
    absent = [program for program in _PROGRAMS[marker] if shutil.which(program) is None]
    return f"not on PATH: {', '.join(absent)}" if absent else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with a reason, what needs a program or data that this machine lacks."""
    for marker in (*_PROGRAMS, "needs_vectors"):
        reason = _missing(marker)
        if reason is None:
            continue
        for item in items:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=f"{marker}: {reason}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """End the run with a count of what was skipped for want of a program or data."""
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"not run here: {count} tests, {reason}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where everything is installed (CI), a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("EXAI_NO_SKIPS") == "1" and exitstatus == 0 and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def vectors() -> Callable[[], Path]:
    """Where the shared example data lies."""
    return _vectors
