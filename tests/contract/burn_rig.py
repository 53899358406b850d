"""A fault as traffic, and what a rule file must say about it minute by minute, for promtool."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from exai_sre.generate.promtool import Case, ExprCheck, counter, promtool_file
from exai_sre.slo.burn_on_grid import Evaluation, Fault, detection_step, reset_step
from exai_sre.slo.tiers import BurnTier

MINUTE = 60
EVENTS = Decimal(1000)
"""Events per minute: far above every minimum of failures."""


def moments(
    tiers: Iterable[BurnTier], budget: Decimal, fault: Fault, evaluation: Evaluation
) -> dict[str, tuple[int, int]]:
    """By the name of a tier, the minutes from the fault's start to its firing and to its reset; none if silent."""
    found = {}
    for tier in tiers:
        detected, reset = detection_step(tier, budget, fault, evaluation), reset_step(tier, budget, fault, evaluation)
        if detected is not None and reset is not None:
            found[tier.name] = (detected // MINUTE, ((fault.duration or 0) + reset) // MINUTE)
    return found


def union(found: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """From the first firing of several tiers to the last reset."""
    times = list(found)
    return min(begin for begin, _ in times), max(end for _, end in times)


def check_edges(selector: str, start: int, times: tuple[int, int] | None, end: int) -> list[ExprCheck]:
    """Silent before, firing at, firing until, silent at: four minutes that fix both edges; or silent throughout.

    Args:
        selector: labels of the alert.
        start: minutes of clean traffic before the fault.
        times: minutes from the fault's start to the firing and to the reset.
        end: last minute of the case.
    """
    query = f'count(ALERTS{{alertstate="firing",{selector}}}) > bool 0 or vector(0)'
    if times is None:
        return [ExprCheck(at * MINUTE, query, {"{}": 0.0}) for at in range(start, end + 1, max(1, (end - start) // 40))]
    fires, resets = times
    expected = {fires - 1: 0.0, fires: 1.0, resets - 1: 1.0, resets: 0.0}
    return [ExprCheck((start + at) * MINUTE, query, {"{}": value}) for at, value in expected.items()]


def traffic(good: str, bad: str, fault: Fault, end: int) -> dict[str, str]:
    """Counters of good and bad events: clean, then the fault, then clean again."""
    start, minutes = (fault.history or 0) // MINUTE, (fault.duration or 0) // MINUTE
    errors = (EVENTS * Decimal(str(fault.error_rate))).normalize()
    rest = end - start - minutes + 2
    return {
        good: counter((EVENTS, start), (EVENTS - errors, minutes), (EVENTS, rest)),
        bad: counter((Decimal(0), start), (errors, minutes), (Decimal(0), rest)),
    }


def run_case(folder: Path, rules: Mapping[str, Any], series: Mapping[str, str], checks: list[ExprCheck]) -> str:
    """What promtool finds wrong; empty if all checks hold."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.yaml").write_text(yaml.safe_dump(dict(rules)))
    case = Case("fault", MINUTE, series, exprs=checks)
    names = [group["name"] for group in rules["groups"]]
    (folder / "test.yaml").write_text(yaml.safe_dump(promtool_file(["rules.yaml"], names, MINUTE, [case])))
    done = subprocess.run(
        ["promtool", "test", "rules", "test.yaml"], cwd=folder, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr
