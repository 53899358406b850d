"""The number of a calendar window in PromQL is the one that Python's time zones tell, on both sides of each edge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from exai_sre.errors import SpecError
from exai_sre.generate import RuleOptions
from exai_sre.generate.calendars import calendar_recordings, longest
from exai_sre.generate.sli_rules import sli_rules
from exai_sre.metrics import Matcher
from exai_sre.slo import EventsIndicator, Source, make_slo
from exai_sre.slo.model import Calendar
from tests.contract.promtool_rig import assert_holds

CALLS = EventsIndicator("calls_total", good=(Matcher("outcome", ("ok",)),))
MONTHS = {"M": 1, "Q": 3, "Y": 12}

WINDOWS = [
    Calendar("2026-01-01T00:00:00", "UTC", "M"),
    Calendar("2026-01-05T00:00:00", "Europe/Berlin", "w"),
    Calendar("2026-01-01T00:00:00", "Europe/Berlin", "M"),
    Calendar("2026-01-15T08:30:00", "America/New_York", "M", 2),
    Calendar("2026-01-01T00:00:00", "Australia/Lord_Howe", "Q"),
    Calendar("2026-01-01T00:00:00", "Asia/Kolkata", "d", 3),
    Calendar("2026-04-01T00:00:00", "America/Sao_Paulo", "Y"),
]
"""One zone with an odd half hour of summer time, one of the southern half of the world, one without changes."""


def slo_with(calendar, **more):
    return make_slo("api", "shop", Decimal("0.999"), CALLS, calendar=calendar, **more)


def starts(calendar, first=-2, last=40):
    """Unix seconds at which windows begin, by their numbers."""
    start, zone = datetime.fromisoformat(calendar.start), ZoneInfo(calendar.zone)
    for number in range(first, last):
        if calendar.unit in MONTHS:
            month = start.month - 1 + number * MONTHS[calendar.unit] * calendar.count
            local = start.replace(year=start.year + month // 12, month=month % 12 + 1)
        else:
            local = start + timedelta(days={"d": 1, "w": 7}[calendar.unit] * calendar.count * number)
        moment = local.replace(tzinfo=zone).astimezone(UTC)
        if 2024 < moment.year < 2038:
            yield number, int(moment.timestamp())


@pytest.mark.needs_prometheus
def test_windows_change_their_number_at_their_local_start_and_nowhere_else(tmp_path):
    statements = []
    for calendar in WINDOWS:
        index = calendar_recordings(slo_with(calendar))[0].expr
        for number, moment in starts(calendar):
            statements += [(f"{moment}s", f"({index}) == {number}"), (f"{moment - 1}s", f"({index}) == {number - 1}")]
    assert len(statements) > 400
    one = [{"name": "any", "rules": [{"record": "one", "expr": "vector(1)"}]}]
    assert_holds(tmp_path, one, {"x": "1"}, statements, evaluation="100000h")


def test_no_window_is_longer_than_what_its_budget_looks_back():
    for calendar in WINDOWS:
        moments = [moment for _, moment in starts(calendar)]
        lengths = [after - before for before, after in pairwise(moments)]
        assert max(lengths) < longest(calendar)


def test_a_rolling_window_has_no_number():
    assert calendar_recordings(slo_with(None)) == ()


@pytest.mark.parametrize(
    ("start", "zone", "words"),
    [
        ("2026-01-01T00:00:00", "Mars/Olympus", "the time zone 'Mars/Olympus' is not known; give an IANA name"),
        ("2026-01-01T00:00:00", "../../etc/passwd", "is not known; give an IANA name"),
        ("yesterday", "UTC", "'yesterday' is no date and time; write 2026-01-01 00:00:00"),
        ("2026-01-31T00:00:00", "UTC", "begin on day 31 of a month do not exist in each; begin by day 28"),
        ("2026-01-01T00:07:00", "UTC", "in UTC is not always a full half-hour of UTC"),
        ("2026-01-01T00:00:00", "Asia/Kathmandu", "in Asia/Kathmandu is not always a full half-hour of UTC"),
    ],
)
def test_what_promql_cannot_tell_is_refused_with_its_place(start, zone, words):
    slo = slo_with(Calendar(start, zone, "M"), source=Source("a.yaml", 7))
    with pytest.raises(SpecError, match=r"a\.yaml:7: spec\.timeWindow\[0\]\.calendar: shop-api: ") as caught:
        sli_rules(slo, RuleOptions())
    assert words in str(caught.value)
