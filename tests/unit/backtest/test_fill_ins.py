"""What stands in for missing data in a replay, against the words of the rules."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.backtest.fill_ins import with_fill_ins
from exai_sre.backtest.history import WIDTH, from_increases, runs_of, window_sums
from exai_sre.backtest.increases import IncreaseSeries, increase_histories
from exai_sre.backtest.minutes import Minutes
from exai_sre.backtest.replay import replay
from exai_sre.backtest.report_text import trial_lines
from exai_sre.backtest.trial import hold_trial
from exai_sre.metrics import Matcher
from exai_sre.slo import EventsIndicator, make_slo

INDICATOR = EventsIndicator("requests_total", good=(Matcher("code", ("200",)),))
HALF_HOUR = 1800


def slo_of(missing, **more):
    return make_slo("a", "s", Decimal("0.99"), INDICATOR, missing=missing, **more)


def history_of(increases, start=0):
    """A history of all events of five minutes at each minute; ``None`` where there is no increase."""
    total = [value or 0.0 for value in increases]
    absent = runs_of(at for at, value in enumerate(increases) if value is None)
    return from_increases("s-a", start, [0.0] * len(total), total, absent=absent)


def increases_of(history):
    return [list(window_sums(counts, WIDTH)) for counts in (history.bad, history.total)]


def by_the_rules(increases, start, grouped):
    """Each evaluation on its own: the average of the tiles that the last day holds, a sixth of it, one at least."""
    counted, tiles = [], {}
    for at, value in enumerate(increases):
        now = start + 60 * at
        held = [tile for end, tile in tiles.items() if now - 86_400 <= end < now]
        if value is None:
            value = max(sum(held) / len(held) / 6, 1.0) if held else (0.0 if grouped else 1.0)
        if now % HALF_HOUR == 0:
            inside = [seen for back, seen in enumerate(reversed(counted), 1) if back <= 30]
            known = [back for back in range(1, len(inside) + 1) if increases[at - back] is not None or inside[back - 1]]
            if known:
                tiles[now] = sum(inside) / 5
        counted.append(value)
    return counted


@settings(max_examples=40, deadline=None)
@given(
    runs=st.lists(st.tuples(st.integers(5, 400), st.one_of(st.none(), st.integers(0, 900))), min_size=1, max_size=6),
    start=st.integers(0, 30).map(lambda minute: minute * 60),
    grouped=st.booleans(),
)
def test_a_missing_increase_is_what_five_minutes_had_on_the_last_day(runs, start, grouped):
    increases = [None if value is None else float(value) for length, value in runs for _ in range(length)]
    slo = slo_of("bad", group_by=("tool",) if grouped else ())
    history = history_of(increases, start)
    # How events lie within the first five minutes cannot be told: what the history says of them is taken.
    known = [None if value is None else seen for value, seen in zip(increases, increases_of(history)[1], strict=True)]
    filled = with_fill_ins(slo, history)
    expected = by_the_rules(known, start, grouped)
    bad, total = increases_of(filled)
    assert total[5:] == pytest.approx(expected[5:], abs=1e-4)
    missed = [value if increases[at] is None else 0.0 for at, value in enumerate(total)]
    assert bad[5:] == pytest.approx(missed[5:], abs=1e-4)


def test_missing_time_may_be_good_or_left_out():
    history = history_of([50.0] * 100 + [None] * 60 + [50.0] * 40)
    bad, total = increases_of(with_fill_ins(slo_of("good"), history))
    assert (max(bad), total[130]) == (0.0, pytest.approx(49, abs=2))
    assert with_fill_ins(slo_of("excluded"), history) is history
    whole = history_of([50.0] * 200)
    assert with_fill_ins(slo_of("bad"), whole) is whole


def test_an_hour_without_data_pages_where_it_counts_as_bad_and_only_there():
    history = history_of([500.0] * 600 + [None] * 60 + [500.0] * 60)
    fired = {missing: replay(slo_of(missing), history).of("page") for missing in ("bad", "good", "excluded")}
    assert (fired["good"], fired["excluded"]) == ([], [])
    assert fired["bad"][0].start - 600 * 60 <= 600
    trial = hold_trial(slo_of("bad"), minutes_with_a_gap())
    assert any("60 minutes without data, counted as bad" in line for line in trial_lines([trial]))


def minutes_with_a_gap():
    minutes = Minutes("s-a")
    for minute in (*range(300), *range(360, 500)):
        minutes.add(minute, 0.0, 100.0)
    return minutes.history("x.csv")


def test_an_increase_is_missing_once_all_its_minutes_are():
    assert minutes_with_a_gap().absent == ((304, 360),)
    minutes = Minutes("s-a")
    for minute in (0, 5, 11):
        minutes.add(minute, 0.0, 1.0)
    assert minutes.history("x.csv").absent == ((10, 11),)


@pytest.mark.parametrize(("missing", "minutes"), [("bad", 20), ("excluded", 11)])
def test_what_is_missing_up_to_now_counts_where_missing_data_mean_something(missing, minutes):
    points = [(60.0 * minute, 5.0) for minute in (*range(1, 5), *range(8, 12))]
    (history,) = increase_histories(slo_of(missing), [], [IncreaseSeries({}, points)], 20 * 60.0)
    assert (history.minutes, history.absent[0]) == (minutes, (4, 7))
    assert history.missing == minutes - len(points)
