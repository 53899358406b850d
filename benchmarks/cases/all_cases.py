"""All cases in order."""

from __future__ import annotations

from benchmarks.cases import around, counting, half_open, retrying
from benchmarks.cases.case import Case

__all__ = ["CASES"]

CASES: tuple[Case, ...] = tuple(
    sorted(
        (*counting.CASES, *half_open.CASES, *around.CASES, *retrying.CASES),
        key=lambda case: int(case.name.removeprefix("C")),
    )
)
