"""The recorded share of the window, as one expression per SLO."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exai_sre.generate.coverage import COVERAGE, coverage_recordings
from exai_sre.generate.measure.shape import Scope
from exai_sre.slo.indicators import Component, CompositeIndicator, QueryIndicator
from exai_sre.slo.model import Calendar, make_slo
from exai_sre.slo.windows import DAY

EVENTS = QueryIndicator(None, "errors_total", "calls_total")
BOTH = CompositeIndicator(tuple(Component(name, Decimal(1), EVENTS) for name in ("a", "b")))
ID = '{sloth_id="s-x", sloth_service="s", sloth_slo="x"}'


def slo(indicator=EVENTS, window=30 * DAY, **more):
    return make_slo("x", "s", Decimal("0.99"), indicator, window=window, **more)


@pytest.mark.parametrize(
    ("made", "expr"),
    [
        (slo(), f"clamp_max(count_over_time(slo:sli_total:tile30m{ID}[30d]) * 1800 / 2592000, 1)"),
        (slo(window=DAY), f"clamp_max(count_over_time(slo:sli_total:increase5m{ID}[1d]) * 60 / 86400, 1)"),
        (
            slo(BOTH),
            "clamp_max(min without (sli_component) (count_over_time("
            f"slo:sli_component_total:tile30m{ID}[30d])) * 1800 / 2592000, 1)",
        ),
    ],
)
def test_what_was_recorded_is_counted_against_the_window(made, expr):
    (recording,) = coverage_recordings(Scope(made, 60))
    assert (recording.name, recording.expr) == (COVERAGE, expr)


def test_a_window_of_the_calendar_has_none():
    calendar = Calendar("2026-01-01T00:00:00", "UTC", "M")
    assert coverage_recordings(Scope(slo(calendar=calendar), 60)) == ()
