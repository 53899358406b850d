"""The table of the correctness cases says what running them says, and ours passes them all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from benchmarks.cases.all_cases import CASES
from benchmarks.cases.case import verdict
from benchmarks.cases.subject import Breaker, BreakerOptions, Library
from benchmarks.cases.table import between_marks


def no_breaker(_: BreakerOptions) -> Breaker:
    """Lets everything through."""
    return Breaker(lambda call: call, lambda: "closed")


def jammed(_: BreakerOptions) -> Breaker:
    """Lets nothing through."""

    def guard(_: Callable[[], object]) -> Callable[[], object]:
        async def refuse() -> None:
            raise RuntimeError

        return refuse

    return Breaker(guard, lambda: "open")


def test_the_table_in_the_docs_is_what_running_the_cases_says(root):
    command = [sys.executable, "-m", "benchmarks.cases", "--format", "markdown"]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=90)
    page = (root / "docs/guide/resilience/cases.md").read_text(encoding="utf-8")
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == between_marks(page)
    assert "31 of 31 |" in run.stdout


def test_all_thirty_one_cases_are_there_in_order():
    assert [case.name for case in CASES] == [f"C{number}" for number in range(1, 32)]


WRONG = Library("wrong", (), breakers={"none": no_breaker, "jammed": jammed})


@pytest.mark.parametrize("case", [case for case in CASES if "breakers" in case.parts and case.name != "C13"])
def test_a_breaker_that_does_nothing_or_refuses_everything_passes_no_case(case):
    if case.name == "C17":
        assert verdict(case, Library("silent", (), breakers={"none": no_breaker}, listens=False)).verdict == "-"
    assert verdict(case, WRONG).verdict == "FAIL"


def test_a_library_without_a_breaker_is_not_judged_as_one():
    cells = [verdict(case, Library("nothing", ())) for case in CASES]
    assert {cell.verdict for cell in cells} == {"-"}
    assert all(cell.details[""].startswith("no ") for cell in cells)


def test_a_page_without_marks_is_refused():
    with pytest.raises(ValueError, match="no marks"):
        between_marks("# a page\n")
