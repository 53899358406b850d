"""Recording rules of an SLO: error ratios per window, and what dashboards read about the objective."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promql import decimal_text, error_query, total_query
from exai_sre.generate.series import Series, SlothLabel, identity, identity_labels, own_labels, ratio_name
from exai_sre.generate.windows import BASE, STRATEGIES, ratio_windows
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import format_duration
from exai_sre.version import __version__

__all__ = ["meta_rules", "sli_rules"]

_DAY: Final = 86_400

Rule = dict[str, Any]


def sli_rules(slo: Slo, options: RuleOptions) -> list[Rule]:
    """Recording rules of the indicator: increases first, then the ratio of each window."""
    ratio = STRATEGIES[options.windows]
    rules = [
        _record(slo, Series.TOTAL, total_query(slo, BASE, "increase")),
        _record(slo, Series.ERRORS, error_query(slo, BASE, "increase")),
    ]
    for window in ratio_windows(slo):
        text = format_duration(window)
        rules.append(_record(slo, ratio_name(text), ratio(slo, window), {SlothLabel.WINDOW: text}))
    return rules


def meta_rules(slo: Slo) -> list[Rule]:
    """Recording rules about the objective: Sloth's seven series."""
    series, percent = identity(slo), decimal_text(slo.objective * 100)
    by_budget = f"/ on(sloth_id, sloth_slo, sloth_service) group_left\n{Series.BUDGET}{series}"
    current, period = ratio_name(BASE), ratio_name(format_duration(slo.window))
    info = {
        SlothLabel.MODE: "cli-gen-prom",
        SlothLabel.OBJECTIVE: percent,
        SlothLabel.SPEC: "openslo/v1",
        SlothLabel.VERSION: f"exai-sre-{__version__}",
    }
    return [
        _record(slo, Series.OBJECTIVE, f"vector({decimal_text(slo.objective)})"),
        _record(slo, Series.BUDGET, f"vector({decimal_text(slo.budget)})"),
        _record(slo, Series.PERIOD, f"vector({decimal_text(Decimal(slo.window) / _DAY)})"),
        _record(slo, Series.CURRENT_BURN, f"{current}{series}\n{by_budget}"),
        _record(slo, Series.PERIOD_BURN, f"{period}{series}\n{by_budget}"),
        _record(slo, Series.REMAINING, f"1 - {Series.PERIOD_BURN}{series}"),
        _record(slo, Series.INFO, "vector(1)", info),
    ]


def _record(slo: Slo, name: str, expr: str, labels: dict[str, str] | None = None) -> Rule:
    every = {**own_labels(slo), **identity_labels(slo), **(labels or {})}
    return {"record": name, "expr": expr, "labels": dict(sorted(every.items()))}
