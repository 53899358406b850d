"""Histories from CSV, OpenMetrics, increases and a range source; known incidents; every fault with its place."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exai_sre.backtest.csv_history import csv_histories, looks_like_csv
from exai_sre.backtest.history import window_sums
from exai_sre.backtest.incidents import known_incidents
from exai_sre.backtest.moments import clock_text, minutes_text, parse_moment
from exai_sre.backtest.openmetrics_history import openmetrics_histories
from exai_sre.backtest.prometheus_answers import Series as Answered
from exai_sre.backtest.prometheus_history import prometheus_histories
from exai_sre.errors import SpecError
from exai_sre.metrics import Matcher
from exai_sre.slo import EventsIndicator, QueryIndicator, make_slo

T = 1_767_225_600


def slo_of(indicator, **more):
    return make_slo("a", "s", Decimal("0.999"), indicator, **more)


COUNTER = EventsIndicator("requests_total", filter=(Matcher("job", ("web",)),), good=(Matcher("code", ("200",)),))
BOUND = EventsIndicator("took_seconds", good=(), within=0.5)


def events(history):
    return [int(value) for value in window_sums(history.bad, 1)], [
        int(value) for value in window_sums(history.total, 1)
    ]


def test_moments_are_read_in_each_form():
    assert parse_moment("2026-01-01T00:00:00Z") == parse_moment(" 2026-01-01 00:00 ") == T
    assert parse_moment("2026-01-01T01:00:00+01:00") == parse_moment(str(T)) == parse_moment(f"{T}000") == T
    with pytest.raises(ValueError, match="is no moment"):
        parse_moment("yesterday")


def test_moments_and_lengths_are_shown_to_the_minute():
    assert clock_text(T + 3660) == "2026-01-01 01:01"
    assert [minutes_text(seconds) for seconds in (0, 60, 7500, 273600)] == ["0m", "1m", "2h 5m", "3d 4h"]


@pytest.mark.parametrize(
    "text",
    ["time,good,total\n{0},9,10\n{1},20,20\n", "time,bad,total\n{0},1,10\n# pause\n\n{1},0,20\n",
     "\ufeffTime, good, bad\n{0},9,1\n{1},20,0\n"],
)  # fmt: skip
def test_csv_is_read_in_each_form(text):
    assert looks_like_csv(text)
    (history,) = csv_histories(text.format(T, T + 60), "x.csv", ["s-a"])
    assert history.start == T + 60
    assert events(history) == ([1, 0], [10, 20])


def test_csv_of_several_slos_gives_a_history_each_and_leaves_others_out():
    text = f"time,good,total,slo\n{T},1,1,b\n{T},2,3,a\n{T},1,1,other\n"
    assert [(one.slo, events(one)) for one in csv_histories(text, "x", ["a", "b"])] == [
        ("a", ([1], [3])), ("b", ([0], [1])),
    ]  # fmt: skip


def test_long_steps_are_spread_short_ones_added_up_and_gaps_counted():
    (long,) = csv_histories(f"time,bad,total\n{T},6,60\n{T + 180},0,30\n{T + 540},3,3\n", "x", ["s"])
    assert events(long) == ([2, 2, 2, 0, 0, 0, 0, 0, 0, 1, 1, 1], [20, 20, 20, 10, 10, 10, 0, 0, 0, 1, 1, 1])
    assert long.missing == 3
    (short,) = csv_histories(f"time,bad,total\n{T},1,2\n{T + 15},1,2\n{T + 60},1,2\n", "x", ["s"])
    assert events(short) == ([2, 1], [4, 2])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("when,good,total\n", "x.csv:1: unknown column 'when'"),
        ("time,good\n", "x.csv:1: the columns are not"),
        ("", "x.csv:1: the columns are not"),
        ("time,good,total\n1,2\n", "x.csv:2: has more or fewer values"),
        ("time,good,total\nnoon,1,2\n", "x.csv:2: time: 'noon' is no moment"),
        ("time,good,total\n60,-1,2\n", "x.csv:2: good: '-1' is no count"),
        ("time,good,total\n60,nan,2\n", "x.csv:2: good: 'nan' is no count"),
        ("time,good,total\n60,few,2\n", "x.csv:2: good: 'few' is no count"),
        ("time,good,total\n60,3,2\n", "x.csv:2: counts more events in a part"),
        ("time,good,total\n60,1,2\n60,1,2\n", "x.csv:3: time: is not later"),
        ("time,good,total\n", "x.csv: holds no row"),
        ('time,good,total\n"60,1,2\n', "x.csv:2: has more or fewer"),
        ("time,good,total\n60,1,2\n90000000000,1,2\n", "x.csv:3: time: lies more than 400 days"),
    ],
)
def test_a_faulty_csv_names_its_place(text, what):
    with pytest.raises(SpecError, match=r".") as caught:
        csv_histories(text, "x.csv", ["s"])
    assert what in str(caught.value)
    assert ";" in str(caught.value)


def test_a_csv_without_a_column_slo_needs_one_slo():
    with pytest.raises(SpecError, match="does not say of which of 2 SLOs"):
        csv_histories(f"time,good,total\n{T},1,1\n", "x", ["a", "b"])


def test_a_field_beyond_all_limits_is_a_fault_of_its_line():
    with pytest.raises(SpecError, match=r"x\.csv:2: is no CSV"):
        csv_histories(f"time,good,total\n{T},{'1' * 140000},1\n", "x.csv", ["s"])


def samples(name, values, start=T):
    return "".join(f"{name} {value} {start + 60 * at}\n" for at, value in enumerate(values))


def test_openmetrics_counters_are_classified_and_resets_taken_out():
    text = (
        "# TYPE requests counter\n"
        + samples('requests_total{job="web",code="200"}', [100, 110, 115, 5])
        + samples('requests_total{job="web",code="500"}', [7, 7, 9, 9])
        + samples('requests_total{job="other",code="500"}', [0, 50, 99, 199])
        + "unrelated_metric 5\n# EOF\n"
    )
    (history,) = openmetrics_histories(text, "x", [slo_of(COUNTER)])
    assert events(history) == ([0, 0, 2, 0], [0, 10, 7, 5])


def test_a_series_that_appears_later_counts_from_zero():
    text = samples('requests_total{job="web",code="200"}', [1, 2, 3, 4, 5]) + samples(
        'requests_total{job="web",code="500"}', [3, 4], T + 180
    )
    (history,) = openmetrics_histories(text, "x", [slo_of(COUNTER)])
    assert events(history)[0] == [0, 0, 0, 3, 1]


def test_a_bound_takes_its_bucket_from_the_count_and_milliseconds_are_understood():
    text = samples('took_seconds_count{x="a\\"}b"}', [0, 10, 20]) + samples(
        'took_seconds_bucket{x="a\\"}b",le="0.5"}', [0, 9, 15]
    )
    text += samples('took_seconds_bucket{x="a\\"}b",le="1.0"}', [0, 9, 19]) + samples(
        'took_seconds_bucket{le="odd"}', [0, 9]
    )
    milliseconds = "".join(f"{' '.join(line.split(' ')[:-1])} {line.split(' ')[-1]}000\n" for line in text.splitlines())
    for one in (text, milliseconds):
        (history,) = openmetrics_histories(one, "x", [slo_of(BOUND)])
        assert events(history) == ([0, 1, 4], [0, 10, 10])


def test_bad_events_may_be_named_instead_of_good_ones():
    indicator = EventsIndicator("requests_total", bad=(Matcher("code", ("500",)),))
    text = samples('requests_total{code="200"}', [0, 1]) + samples('requests_total{code="500"}', [0, 2])
    (history,) = openmetrics_histories(text, "x", [slo_of(indicator)])
    assert events(history) == ([0, 2], [0, 3])


def test_groups_have_a_history_each():
    indicator = EventsIndicator("requests_total", bad=(Matcher("code", ("500",)),))
    text = samples('requests_total{code="200",tool="x"}', [0, 1]) + samples(
        'requests_total{code="500",tool="y"}', [0, 2]
    )
    histories = openmetrics_histories(text, "x", [slo_of(indicator, group_by=("tool",))])
    assert [(one.group, events(one)) for one in histories] == [
        ("tool=x", ([0, 0], [0, 1])), ("tool=y", ([0, 2], [0, 2])),
    ]  # fmt: skip


def test_recorded_increases_in_a_text_go_before_counters():
    text = samples('slo:sli_total:increase5m{sloth_id="s-a"}', [50] * 8) + samples(
        'slo:sli_error:increase5m{sloth_id="s-a"}', [5] * 8
    )
    for indicator in (COUNTER, QueryIndicator(None, "bad", "all")):
        (history,) = openmetrics_histories(text, "x", [slo_of(indicator)])
        assert events(history) == ([1] * 8, [10] * 8)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("nonsense\n", "x:1: is no sample of OpenMetrics"),
        ('requests_total{job="web"} 5\n', "x:1: has no timestamp"),
        ('requests_total{job="web"} five 6\n', "x:1: has no timestamp"),
        ("other 1 60\n", "x: holds no series of a wanted SLO; wanted are"),
        (
            'requests_total{job="web"} 1 60\nrequests_total{job="web"} 1 90000000000\n',
            "x: s-a: spans 1041666 days, more",
        ),
    ],
)
def test_a_faulty_text_names_its_line(text, what):
    with pytest.raises(SpecError) as caught:
        openmetrics_histories(text, "x", [slo_of(COUNTER)])
    assert str(caught.value).startswith(what)


class Source:
    """Answers by the beginning of the expression."""

    def __init__(self, answers):
        self.answers, self.asked = answers, []

    def query_range(self, expr, start, end, step):
        self.asked.append((expr, start, end, step))
        return next((found for begin, found in self.answers.items() if expr.startswith(begin)), [])


def points(values):
    return [(T + 60.0 * at, value) for at, value in enumerate(values)]


def test_prometheus_is_asked_for_recorded_increases_first():
    source = Source(
        {
            "slo:sli_total": [Answered({"sloth_id": "s-a"}, points([10.0] * 6))],
            "slo:sli_error": [Answered({}, points([1.0, float("nan"), *[1.0] * 4]))],
        }
    )
    (history,) = prometheus_histories(slo_of(COUNTER), source, T + 300.5, 1)
    assert history.total[-1] == 12
    assert source.asked[0][1:] == (T + 300 - 86400 + 60, T + 300, 60)


def test_prometheus_is_asked_for_what_the_rules_would_record_where_nothing_is():
    plain = Source({"sum(": [Answered({}, points([10.0] * 6))], "(": [Answered({}, points([1.0] * 6))]})
    (history,) = prometheus_histories(slo_of(COUNTER), plain, T + 300, 1)
    assert history.bad[-1] == pytest.approx(1.2, rel=1e-5)
    assert "requests_total" in plain.asked[1][0]


def test_a_prometheus_that_knows_nothing_is_an_error():
    with pytest.raises(SpecError, match="Prometheus has no series of s-a in 1 days"):
        prometheus_histories(slo_of(COUNTER), Source({}), T, 1)
    with pytest.raises(SpecError, match="Prometheus has no series"):
        prometheus_histories(slo_of(COUNTER), Source({"slo:sli_total": [Answered({}, [])]}), T, 1)
    unknown = Source({"slo:sli_total": [Answered({}, points([float("nan")]))]})
    assert prometheus_histories(slo_of(COUNTER), unknown, T, 1) == []


def test_known_incidents_are_read_from_yaml_and_csv():
    yaml = "- {name: b, start: 2026-01-02T00:00:00Z, end: '2026-01-02T01:00:00Z', slo: s-a}\n" + (
        "- {name: a, start: 2026-01-01T00:00:00Z, end: 2026-01-01T01:00:00Z}\n"
    )
    csv = f"Name,Start,End,slo\nb,{T + 86400},{T + 90000},s-a\na,{T},{T + 3600},\n"
    for text in (yaml, csv):
        first, second = known_incidents(text, "known")
        assert (first.name, first.start, first.end, first.concerns("other")) == ("a", T, T + 3600, True)
        assert (second.name, second.concerns("s-a"), second.concerns("other")) == ("b", True, False)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("- {name: a, start: 2026-01-02T00:00:00Z, end: 2026-01-01T00:00:00Z}\n", "known:1: [0]: ends before"),
        ("- {name: a, start: soon, end: 2026-01-01T00:00:00Z}\n", "known:1: [0].start: is no moment: 'soon'"),
        ("# none\n", "known: names no incident"),
        ("name,start,end\na,5,4\n", "known:2: ends before it begins"),
        ("name,start,end\na,5\n", "known:2: '' is no moment"),
    ],
)
def test_a_faulty_incident_list_names_its_place(text, what):
    with pytest.raises(SpecError) as caught:
        known_incidents(text, "known")
    assert str(caught.value).startswith(what)
