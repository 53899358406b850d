"""One structure, two readings: PromQL text and cells."""

import pytest

from exai_sre.metrics import Catalog, Label, Matcher, NotCharted, Selection

LABELS = (Label("outcome", values=("ok", "error", "cancelled")), Label("tool", bound=10))


@pytest.fixture
def histogram():
    return Catalog().histogram("x", "H.", buckets=(0.1, 0.5), labels=LABELS, chart=NotCharted("a test"))


@pytest.mark.parametrize(
    ("matcher", "promql"),
    [
        (Matcher("a", ("b",)), 'a="b"'),
        (Matcher("a", ("b",), negated=True), 'a!="b"'),
        (Matcher("a", ("b", "c")), 'a=~"b|c"'),
        (Matcher("a", ("b", "c"), negated=True), 'a!~"b|c"'),
        (Matcher("a", ('say "hi"\n\\',)), 'a="say \\"hi\\"\\n\\\\"'),
        (Matcher("a", ("tools/call", "a.b")), 'a=~"tools/call|a\\\\.b"'),
    ],
)
def test_a_matcher_is_written_as_promql(matcher, promql):
    assert matcher.promql == promql


def test_a_selection_counts_the_series_that_satisfy_all_matchers(histogram):
    histogram.labels(outcome="ok", tool="a").observe(0.05)
    histogram.labels(outcome="ok", tool="b").observe(0.3)
    histogram.labels(outcome="error", tool="a").observe(0.05)
    histogram.labels(outcome="cancelled", tool="a").observe(0.05)
    valid, ok = [Matcher("outcome", ("cancelled",), negated=True)], [Matcher("outcome", ("ok",))]
    assert Selection(histogram, valid).read() == (3, 3)
    assert Selection(histogram, valid, chosen=ok).read() == (2, 3)
    assert Selection(histogram, valid, within=0.1).read() == (2, 3)
    assert Selection(histogram, valid, chosen=ok, within=0.1).read() == (1, 3)
    assert Selection(histogram, [*ok, Matcher("tool", ("b",))]).read() == (1, 1)


def test_a_selection_sees_series_that_appear_later_and_what_changes_in_them(histogram):
    selection = Selection(histogram, [Matcher("outcome", ("ok",))], within=0.1)
    assert selection.read() == (0, 0)
    series = histogram.labels(outcome="ok", tool="late")
    series.observe(0.05)
    assert selection.read() == (1, 1)
    series.observe(0.4)
    assert selection.read() == (1, 2)


def test_counters_and_gauges_sum_their_values():
    catalog = Catalog()
    counter = catalog.counter("x_total", "H.", chart=NotCharted("a test"))
    counter.labels().inc(3)
    assert Selection(counter).read() == (3, 3)


def test_a_threshold_between_buckets_cannot_be_read(histogram):
    with pytest.raises(ValueError, match="not in tuple"):
        Selection(histogram, within=0.3)
