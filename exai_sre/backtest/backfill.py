"""The past of recorded series: computed by Prometheus itself, written as blocks that it can take up."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final, TextIO

from exai_sre.backtest.backfill_plan import PastSeries
from exai_sre.backtest.prometheus_api import Access, PrometheusApi
from exai_sre.backtest.recorded import selector_of
from exai_sre.backtest.workbench import needed_programs, workbench, write_blocks
from exai_sre.generate.series import Series

__all__ = ["HEAD", "Backfilled", "Stretch", "backfill", "stretches"]

HEAD: Final = 3 * 3600
"""Seconds before now that a running Prometheus still has in memory; blocks must not reach into them."""

_SEEN_EVERY: Final = 300

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time for which one SLO has no recorded series yet, on the grid of its evaluations.

    Attributes:
        start: first evaluation, in seconds since the Unix epoch.
        end: last evaluation; before ``start`` where nothing is missing.
    """

    start: int
    end: int

    def evaluations(self, step: int) -> int:
        """How many evaluations there are, ``step`` seconds apart."""
        return max(0, (self.end - self.start) // step + 1)


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What was written of one recording.

    Attributes:
        recording: the rule.
        series: how many series it gave.
        samples: how many samples they have.
    """

    recording: PastSeries
    series: int
    samples: int


def stretches(api: PrometheusApi, slos: Iterable[str], start: float, end: float, step: int) -> dict[str, Stretch]:
    """What is missing of each SLO between two moments: everything before its first recorded value.

    Args:
        api: the user's Prometheus.
        slos: ids.
        start: seconds since the Unix epoch.
        end: seconds since the Unix epoch.
        step: seconds between two evaluations of the rules.

    Raises:
        PrometheusError: Prometheus did not answer.
    """
    found = {}
    first = math.ceil(start / step) * step
    for slo in slos:
        seen = api.query_range(f"count({selector_of(Series.TOTAL, [slo])})", first, end, _SEEN_EVERY)
        begun = min((series.points[0][0] for series in seen if series.points), default=math.inf)
        # A value seen there may be as old as Prometheus looks back: five minutes.
        last = min(end, begun - _SEEN_EVERY - step)
        found[slo] = Stretch(first, math.floor(last / step) * step)
    return found


def backfill(
    plan: Sequence[PastSeries],
    times: Mapping[str, Stretch],
    output: Path,
    *,
    source: str,
    access: Access,
    step: int,
    told: Told,
) -> list[Backfilled]:
    """Compute the past of recordings and write it as blocks.

    A Prometheus of our own evaluates the rules, level by level: it reads raw series from the
    user's by remote read, and has what the levels before have given.

    Args:
        plan: what is recorded, ordered by level.
        times: the time that each SLO lacks, by id.
        output: folder for the blocks; made if it does not exist.
        source: base address of the user's Prometheus.
        access: credentials for it.
        step: seconds between two evaluations.
        told: told in a line about what is being done.

    Raises:
        PrometheusError: a query failed.
        WorkbenchError: a program is missing or failed.
    """
    needed_programs()
    output.mkdir(parents=True, exist_ok=True)
    done: list[Backfilled] = []
    with tempfile.TemporaryDirectory(prefix="exai-sre-") as folder:
        for level, recordings in groupby(plan, key=lambda each: each.level):
            text = Path(folder) / f"level-{level}.om"
            with workbench(Path(folder), output, source, access) as bench, text.open("w", encoding="utf-8") as file:
                for recording in recordings:
                    told(f"{len(done) + 1}/{len(plan)} {recording.name} of {recording.slo}")
                    done.append(_one(bench, recording, times[recording.slo], step, file))
                file.write("# EOF\n")
            if any(each.samples for each in done if each.recording.level == level):
                told(f"level {level}: {write_blocks(text, output)} blocks")
    return done


def _one(api: PrometheusApi, recording: PastSeries, time: Stretch, step: int, file: TextIO) -> Backfilled:
    series = samples = 0
    for found in api.query_range(recording.expr, time.start, time.end, step):
        lines = list(_lines(recording, found.labels, found.points))
        file.writelines(lines)
        series, samples = series + bool(lines), samples + len(lines)
    return Backfilled(recording, series, samples)


def _lines(recording: PastSeries, labels: Mapping[str, str], points: Iterable[tuple[float, float]]) -> Iterator[str]:
    kept = {name: value for name, value in labels.items() if name != "__name__"} | dict(recording.labels)
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(kept.items()))
    for at, value in points:
        if not math.isnan(value):
            yield f"{recording.name}{{{inner}}} {value!r} {at!r}\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
