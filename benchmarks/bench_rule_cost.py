"""Samples that a real Prometheus reads for one evaluation of an SLO's rules: Sloth's shape beside ours.

For 30 and for 300 raw series: two thirds of them count all events, one third bad ones. The history holds
what the rules read: three days of raw series and of recordings a minute apart, thirty days of what the longest
window is summed from. Every expression of a rule file is asked once as an instant query with ``stats=all``, and
``totalQueryableSamples`` is added up. The counts are exact and the same on every machine.

``python -m benchmarks.bench_rule_cost [SERIES ...]``
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from exai_sre.generate import RuleOptions, prometheus_rules
from exai_sre.generate.rules import rule_file
from exai_sre.slo import QueryIndicator, Slo, make_slo

__all__ = ["Cost", "rule_costs"]

DAY: Final = 86_400
MINUTE: Final = 60
TILE: Final = 1800
END: Final = 1_750_000_200
"""Moment of the evaluation, Unix seconds: a whole number of minutes."""
_WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
_PATIENCE: Final = 60.0
_BAD: Final = 'requests_total{code="500"}'
_ALL: Final = "requests_total"


@dataclass(frozen=True)
class Cost:
    """What one evaluation of the rules of one SLO reads.

    Attributes:
        sli: samples read by the recording rules of the indicator.
        rest: samples read by the other recording rules and by the alerts.
    """

    sli: int
    rest: int

    @property
    def total(self) -> int:
        """Samples read in all."""
        return self.sli + self.rest


def rule_costs(raw_series: int) -> dict[str, Cost]:
    """Samples per evaluation of Sloth's rules and of ours, for an SLO over that many raw series.

    Args:
        raw_series: series that a query of all events and one of bad events read together; a multiple of 3.
    """
    slo = _slo()
    shapes = {"sloth": _sloth_rules(), "ours": _our_rules(slo)}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        _import(data, [*_raw_lines(raw_series // 3), *_recorded_lines(shapes)])
        with _prometheus(data) as base:
            return {name: _cost(base, rules) for name, rules in shapes.items()}


def _slo() -> Slo:
    indicator = QueryIndicator(good=None, bad=_BAD, total=_ALL)
    return make_slo("cost", "bench", Decimal("0.999"), indicator)


def _our_rules(slo: Slo) -> list[dict[str, Any]]:
    import yaml

    document = yaml.safe_load(prometheus_rules([slo], options=RuleOptions())[rule_file(slo)])
    return [rule for group in document["groups"] for rule in group["rules"]]


def _sloth_rules() -> list[dict[str, Any]]:
    """The 17 rules of Sloth for the same SLO, written down from its published outputs."""
    ids = '{sloth_id="bench-cost", sloth_service="bench", sloth_slo="cost"}'
    ratio, budget = "slo:sli_error:ratio_rate", f"slo:error_budget:ratio{ids}"
    rules: dict[str, str] = {
        f"{ratio}{window}": "\n/\n".join(f"(sum(rate({each}[{window}])))" for each in (_BAD, _ALL))
        for window in _WINDOWS
    }
    five = f"{ratio}5m{ids}"
    rules[f"{ratio}30d"] = f"sum_over_time({five}[30d])\n/ ignoring (sloth_window)\ncount_over_time({five}[30d])"
    rules["slo:objective:ratio"], rules["slo:error_budget:ratio"] = "vector(0.999)", "vector(1-0.999)"
    rules["slo:time_period:days"] = "vector(30)"
    joined = f"/ on(sloth_id, sloth_slo, sloth_service) group_left\n{budget}"
    rules["slo:current_burn_rate:ratio"] = f"{five}\n{joined}"
    rules["slo:period_burn_rate:ratio"] = f"{ratio}30d{ids}\n{joined}"
    rules["slo:period_error_budget_remaining:ratio"] = f"1 - slo:period_burn_rate:ratio{ids}"
    rules["sloth_slo_info"] = "vector(1)"
    made = [{"record": name, "expr": expr} for name, expr in rules.items()]

    def burn(window: str, factor: str) -> str:
        return f"max({ratio}{window}{ids} > ({factor} * 0.001)) without (sloth_window)"

    pages = f"({burn('5m', '14.4')} and {burn('1h', '14.4')}) or ({burn('30m', '6')} and {burn('6h', '6')})"
    tickets = f"({burn('2h', '3')} and {burn('1d', '3')}) or ({burn('6h', '1')} and {burn('3d', '1')})"
    return [*made, {"alert": "page", "expr": pages}, {"alert": "ticket", "expr": tickets}]


def _raw_lines(errors: int) -> Iterator[str]:
    """Three days of counters: as many of good events as of bad ones."""
    yield "# TYPE requests counter"
    for code, step in (("200", 60), ("500", 1)):
        for instance in range(errors):
            labels = f'{{code="{code}",instance="{instance}"}}'
            for moment in range(END - 3 * DAY, END + 1, MINUTE):
                yield f"requests_total{labels} {(moment - END + 3 * DAY) // MINUTE * step} {moment}"


def _recorded_lines(shapes: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Each recorded series a minute apart for three days; for thirty days what the longest window is summed from."""
    known = {rule["record"]: rule for rules in shapes.values() for rule in rules if "record" in rule}
    for name, rule in known.items():
        if name.endswith(":first"):  # Empty but for the minute in which a series is born.
            continue
        labels = {"sloth_id": "bench-cost", "sloth_service": "bench", "sloth_slo": "cost", **rule.get("labels", {})}
        if "ratio_rate" in name:
            labels["sloth_window"] = name.rpartition("ratio_rate")[2]
        text = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
        step = TILE if name.endswith(":tile30m") else MINUTE
        days = 30 if step == TILE or name.endswith(":ratio_rate5m") else 3
        yield f"# TYPE {name} gauge"
        first = -(-(END - days * DAY) // step) * step
        for moment in range(first, END + 1, step):
            yield f"{name}{{{text}}} 0.0005 {moment}"


def _import(data: Path, lines: list[str]) -> None:
    history = data / "history.om"
    history.write_text("\n".join([*lines, "# EOF", ""]))
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=960h", "-q"]
    subprocess.run([*command, str(history), str(data / "tsdb")], check=True, capture_output=True)


@contextmanager
def _prometheus(data: Path) -> Iterator[str]:
    """A Prometheus over the imported history that scrapes nothing; yields its address."""
    (data / "prometheus.yaml").write_text("scrape_configs: []\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [
        shutil.which("prometheus") or "prometheus",
        f"--config.file={data / 'prometheus.yaml'}",
        f"--storage.tsdb.path={data / 'tsdb'}",
        "--storage.tsdb.retention.time=10y",
        f"--web.listen-address={address}",
        "--log.level=error",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://{address}/-/ready")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()


def _wait(address: str) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            with urlopen(address, timeout=5):
                return
        except (URLError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _cost(base: str, rules: list[dict[str, Any]]) -> Cost:
    counts = [(str(rule.get("record", "")), _samples(base, rule["expr"])) for rule in rules]
    sli = sum(count for name, count in counts if name.startswith("slo:sli_"))
    return Cost(sli, sum(count for _, count in counts) - sli)


def _samples(base: str, query: str) -> int:
    with urlopen(
        f"{base}/api/v1/query?{urlencode({'query': query, 'time': END, 'stats': 'all'})}", timeout=60
    ) as answer:
        found: int = json.load(answer)["data"]["stats"]["samples"]["totalQueryableSamples"]
    return found


def main(sizes: list[int]) -> None:
    """Print one row for each number of raw series."""
    print(f"{'raw series':>10} {'rules':>6} {'indicator':>10} {'rest':>6} {'all':>10} {'times fewer':>12}")
    for size in sizes:
        costs = rule_costs(size)
        for name, cost in costs.items():
            factor = costs["sloth"].total / cost.total
            print(f"{size:>10} {name:>6} {cost.sli:>10,} {cost.rest:>6,} {cost.total:>10,} {factor:>12.1f}")


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [30, 300])
