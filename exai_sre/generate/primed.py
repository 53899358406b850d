"""Series that stand before their rules record them, in cases whose input spans days.

promtool's storage writes to disk what it holds beyond a day and a half, in the background, and drops series that
have no sample left. That of Prometheus 2.42 now and then drops one too that a rule is just making, whose first sample
is lost (https://github.com/prometheus/prometheus/pull/16333 mended it): a right rule looks as if it had recorded
nothing. So every series on which such a case rests has a sample from before, too old for any query to see it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from exai_sre.generate.alert import Alert
from exai_sre.generate.measure.shape import BASE
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promtool import Case, Firing, series_name, spaced
from exai_sre.generate.sli_rules import meta_rules, sli_rules
from exai_sre.generate.slo_cases import group_labels
from exai_sre.slo.model import Slo

__all__ = ["primed"]

_PRIMER: Final = Decimal(-1)
"""No rule records less than zero, so a check that saw this in place of what is recorded would fail."""


def primed(
    case: Case, slos: Iterable[Slo], options: RuleOptions, *, every: int, times: int = 1, alerts: Sequence[Alert] = ()
) -> Case:
    """The case with a sample from before of every series that it needs and does not drive itself.

    Args:
        case: what is asked, and the series that it drives.
        slos: the objectives whose rules record the others.
        options: how these rules are made.
        every: seconds from one evaluation to the next, the first after as many.
        times: evaluations. Each has its own sample from before, as a series without one left is dropped again.
        alerts: the alerts that are looked at.
    """
    asked = [*case.exprs, *(check.counted() for check in case.alerts if check.opaque)]
    queries = [check.expr for check in asked]
    names = [_active(alert) for alert in alerts if any(alert.name in query for query in queries)]
    queries += [alert.expr for alert in alerts]
    names += [name for slo in slos for name in _recorded_for(slo, options, queries, case.series)]
    # A query looks back five minutes for a value.
    before = spaced(every // case.interval, [(BASE // case.interval + 1, _PRIMER)] * times)
    return replace(case, series={**case.series, **dict.fromkeys(names, before)})


def _recorded_for(slo: Slo, options: RuleOptions, queries: Sequence[str], driven: Collection[str]) -> Iterator[str]:
    """The recorded series that queries read, and those from which these are made."""
    texts = list(queries)
    for rule in reversed([*sli_rules(slo, options), *meta_rules(slo)]):
        name = series_name(rule["record"], {**group_labels(slo), **rule["labels"]})
        read = re.compile(rf"\b{re.escape(rule['record'])}\b")
        if name not in driven and any(read.search(text) for text in texts):
            texts.append(rule["expr"])
            yield name


def _active(alert: Alert) -> str:
    """The ``ALERTS`` series of an alert that one evaluation made active."""
    groups = group_labels(alert.slo) if alert.slo else {}
    state = "pending" if alert.for_ else "firing"
    labels = Firing(alert, groups).expected()["exp_labels"]
    return series_name("ALERTS", {**labels, "alertname": alert.name, "alertstate": state})
