"""The present calendar window begins where the clock on the wall says so."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exai_sre.slo.calendar_window import window_start
from exai_sre.slo.model import Calendar

BERLIN = ZoneInfo("Europe/Berlin")


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("start", "unit", "count", "at", "begin"),
    [
        ("2026-01-01T00:00:00", "M", 1, "2026-03-31T23:59:59", "2026-03-01T00:00:00"),
        ("2026-01-01T00:00:00", "M", 1, "2026-04-01T00:00:00", "2026-04-01T00:00:00"),
        ("2026-01-15T06:00:00", "M", 1, "2026-02-15T05:59:00", "2026-01-15T06:00:00"),
        ("2026-01-01T00:00:00", "Q", 1, "2026-06-30T12:00:00", "2026-04-01T00:00:00"),
        ("2026-01-01T00:00:00", "M", 2, "2026-04-10T12:00:00", "2026-03-01T00:00:00"),
        ("2026-01-01T00:00:00", "Y", 1, "2025-12-31T12:00:00", "2025-01-01T00:00:00"),
        ("2026-01-05T00:00:00", "w", 1, "2026-03-30T00:30:00", "2026-03-30T00:00:00"),
        ("2026-01-05T00:00:00", "w", 2, "2026-01-18T23:00:00", "2026-01-05T00:00:00"),
        ("2026-01-05T12:00:00", "d", 1, "2026-03-30T00:30:00", "2026-03-29T12:00:00"),
    ],
)  # fmt: skip
def test_a_window_begins_at_its_local_start_also_across_a_change_of_clocks(start, unit, count, at, begin):
    assert window_start(Calendar(start, "Europe/Berlin", unit, count), moment(at)) == moment(begin)


@given(
    st.floats(1.6e9, 2.1e9),
    st.sampled_from(["d", "w", "M", "Q", "Y"]),
    st.integers(1, 5),
    st.integers(1, 28),
)
def test_a_window_holds_its_moment_and_begins_with_itself(at, unit, count, day):
    calendar = Calendar(f"2024-02-{day:02}T03:30:00", "America/New_York", unit, count)
    begin = window_start(calendar, at)
    assert begin <= at + 3600
    assert window_start(calendar, begin) == begin
