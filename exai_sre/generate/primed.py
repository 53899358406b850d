"""Series that stand before their rules record them, in cases whose input spans days.

promtool's storage writes to disk what it holds beyond a day and a half, in the background, and drops series that
have no sample left. That of Prometheus 2.42 now and then drops one too that a rule is just making, whose first sample
is lost (https://github.com/prometheus/prometheus/pull/16333 mended it): a right rule looks as if it had recorded
nothing. So every series on which such a case rests has a sample from before, too old for what is checked to see it.
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
from exai_sre.generate.slo_cases import group_labels, inherited_window
from exai_sre.metrics.spelling import quoted
from exai_sre.slo.model import Slo

__all__ = ["primed"]

_PRIMER: Final = Decimal(-1)
"""No share, count or ratio of errors is less than zero, so it cannot be taken for one."""


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
    told = [alert for alert in alerts if any(alert.name in query for query in queries)]
    names = [name for alert in told for name in _active(alert)]
    queries += [alert.expr for alert in alerts]
    for slo in slos:
        about = [query for query in queries if quoted(slo.id) in query]
        names += _recorded_for(slo, options, about, case.series)
    # A query looks back five minutes for a value, and one for the value of five minutes ago twice as far.
    before = spaced(every // case.interval, [(2 * BASE // case.interval + 1, _PRIMER)] * times)
    return replace(case, series={**case.series, **dict.fromkeys(names, before)})


def _recorded_for(slo: Slo, options: RuleOptions, queries: Sequence[str], driven: Collection[str]) -> Iterator[str]:
    """The recorded series that queries read, and those from which these are made."""
    texts = list(queries)
    for rule in reversed([*sli_rules(slo, options), *meta_rules(slo)]):
        record, expr = rule["record"], rule["expr"]
        # What is made of no series has no groups.
        groups = group_labels(slo) if "{" in expr else {}
        name = series_name(record, {**groups, **inherited_window(slo, record), **rule["labels"]})
        read = re.compile(rf"\b{re.escape(record)}\b")
        if name not in driven and any(read.search(text) for text in texts):
            texts.append(expr)
            yield name


def _active(alert: Alert) -> Iterator[str]:
    """The ``ALERTS`` series of an alert: one that waits is pending at first, and firing at the next evaluation."""
    groups = group_labels(alert.slo) if alert.slo else {}
    labels = Firing(alert, groups).expected()["exp_labels"]
    for state in ("pending", "firing") if alert.for_ else ("firing",):
        yield series_name("ALERTS", {**labels, "alertname": alert.name, "alertstate": state})
