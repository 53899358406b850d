"""From an indicator to made-up input for it, where its series can be told from its definition."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from exai_sre.errors import ExaiSreError
from exai_sre.generate.promtool import series_name
from exai_sre.generate.query import is_selector
from exai_sre.generate.query_traffic import examples, query_kinds
from exai_sre.generate.signals.inputs import CounterSignal, GaugeNames, GaugeSignal, RatioSignal, ReadySignal
from exai_sre.generate.signals.shape import Script, Signal
from exai_sre.generate.signals.slices import SliceSignal
from exai_sre.generate.synthetic import in_groups, kinds
from exai_sre.metrics import Catalog
from exai_sre.slo.indicators import (
    CompositeIndicator,
    Countable,
    EventsIndicator,
    GaugeIndicator,
    QueryIndicator,
    RawIndicator,
    SliceIndicator,
)
from exai_sre.slo.model import Slo

__all__ = ["NotSimple", "signals_of"]

_SHARES: Final = (Decimal("0.25"), Decimal("0.5"), Decimal("0.2"), Decimal("0.1"))
"""Shares of bad events: those of the components of a composite differ, so that their weights show."""
_AGE: Final = re.compile(r"time\(\)\s*-\s*(.*)", re.DOTALL)
_LONGEST_SLICE: Final = 30
"""Evaluations of a slice at most: a case of longer ones would be long."""


class NotSimple(ExaiSreError):
    """The input series of an indicator cannot be told from its definition; the text says why."""


@dataclass(frozen=True)
class _Maker:
    """What every indicator of one SLO is driven by."""

    slo: Slo
    script: Script
    catalog: Catalog | None
    share: Decimal

    def made(self, indicator: Countable | SliceIndicator) -> Signal:
        """The signal of an indicator that is no composite."""
        if isinstance(indicator, SliceIndicator):
            return self._slices(indicator)
        if isinstance(indicator, GaugeIndicator):
            return self._gauge(indicator)
        if isinstance(indicator, RawIndicator):
            return self._raw(indicator)
        return self._events(indicator)

    def _events(self, indicator: EventsIndicator | QueryIndicator) -> Signal:
        if isinstance(indicator, QueryIndicator):
            found = query_kinds(indicator)
        elif indicator.native:
            raise NotSimple("not every version of promtool takes native histograms as input")
        else:
            found = kinds(indicator, self.catalog)
        if not found:
            raise NotSimple("its queries are more than sums of counters")
        return CounterSignal(self.script, in_groups(found, self.slo.group_by), self.share)

    def _slices(self, indicator: SliceIndicator) -> Signal:
        length, rest = divmod(indicator.length, self.script.step)
        if rest:
            raise NotSimple("its slices do not end at evaluations")
        if length > _LONGEST_SLICE:
            raise NotSimple(f"its slices last for more than {_LONGEST_SLICE} evaluations")
        return SliceSignal(self.made(indicator.of), length, indicator.target)

    def _gauge(self, indicator: GaugeIndicator) -> Signal:
        age = _AGE.fullmatch(indicator.query.strip())
        names, _ = self._selected(age[1] if age else indicator.query, copies=2)
        return GaugeSignal(self.script, names, indicator, age=age is not None)

    def _raw(self, indicator: RawIndicator) -> Signal:
        parts = _quotient(indicator.query)
        if parts:
            part, total = parts
            good, bad = (part, None) if indicator.success else (None, part)
            found = query_kinds(QueryIndicator(good=good, bad=bad, total=total))
            if found and not self.slo.group_by:
                return RatioSignal(self.script, found, self.share)
        names, labels = self._selected(indicator.query, copies=1)
        alone = not self.slo.group_by and self.slo.missing == "excluded"
        kept = labels if alone and not isinstance(self.slo.indicator, CompositeIndicator) else {}
        return ReadySignal(self.script, names, success=indicator.success, labels=kept)

    def _selected(self, query: str, copies: int) -> tuple[GaugeNames, Mapping[str, str]]:
        """Series that a plain selector sees, and others; and the labels of those that it sees."""
        if not is_selector(query):
            raise NotSimple("its query is more than a selector")
        try:
            metric, admitted, refused = examples(query)
        except ValueError as error:
            raise NotSimple(str(error)) from None
        groups = self.slo.group_by
        if set(groups) & {*admitted, "replica"}:
            raise NotSimple("its query selects by the labels of its groups")
        first, second = ({**admitted, **dict.fromkeys(groups, value)} for value in ("first", "second"))
        counted = [first] if copies == 1 else [{**first, "replica": str(copy)} for copy in range(copies)]
        names = GaugeNames(
            [series_name(metric, labels) for labels in counted],
            [series_name(metric, {**first, **labels}) for labels in refused],
            [series_name(metric, second)] if groups else [],
        )
        return names, admitted


def signals_of(slo: Slo, script: Script, catalog: Catalog | None = None) -> dict[str, Signal]:
    """Signals by the names of components; that of an SLO without components has the name ``""``.

    Args:
        slo: the objective.
        script: what its input follows.
        catalog: gives the values of closed labels.

    Raises:
        NotSimple: the input series cannot be told.
    """
    indicator = slo.indicator
    if not isinstance(indicator, CompositeIndicator):
        return {"": _Maker(slo, script, catalog, _SHARES[0]).made(indicator)}
    made: dict[str, Signal] = {}
    seen: set[str] = set()
    for number, part in enumerate(indicator.components):
        signal = _Maker(slo, script, catalog, _SHARES[number % len(_SHARES)]).made(part.indicator)
        metrics = {name.partition("{")[0] for name in signal.series()}
        if metrics & seen:
            raise NotSimple("its components read the same metric")
        seen |= metrics
        made[part.name] = signal
    return made


def _quotient(query: str) -> tuple[str, str] | None:
    """The two sides of a query that is the quotient of sums of counters."""
    for slash in re.finditer("/", query):
        sides = query[: slash.start()].strip(), query[slash.end() :].strip()
        if query_kinds(QueryIndicator(good=sides[0], bad=None, total=sides[1])):
            return sides
    return None
