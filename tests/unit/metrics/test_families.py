"""Writing through bound instruments."""

import threading

import pytest

from exai_sre.context import TraceContext, current_trace
from exai_sre.errors import CatalogError
from exai_sre.metrics import OTHER, OVERFLOW, Catalog, Label, NotCharted
from exai_sre.metrics.cells import Store

NOT_CHARTED = NotCharted("a test")
TRACE = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", sampled=True)


@pytest.fixture
def catalog():
    return Catalog()


def test_a_counter_adds_up_and_refuses_to_go_down(catalog):
    counter = catalog.counter("x_total", "H.", chart=NOT_CHARTED).labels()
    counter.inc()
    counter.inc(2.5)
    assert counter.value == 3.5
    for amount in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="cannot be increased"):
            counter.inc(amount)
    assert counter.value == 3.5


def test_a_gauge_goes_both_ways(catalog):
    gauge = catalog.gauge("x", "H.", chart=NOT_CHARTED).labels()
    gauge.set(5)
    gauge.inc(2)
    gauge.dec()
    assert gauge.value == 6
    assert gauge.total == 6


def test_an_observation_on_a_bound_belongs_to_the_bucket_below(catalog):
    histogram = catalog.histogram("x", "H.", buckets=(1, 2), chart=NOT_CHARTED).labels()
    for value in (0.5, 1.0, 1.5, 2.5):
        histogram.observe(value)
    assert histogram.buckets == [2, 1, 1]
    assert histogram.count == 4
    assert histogram.sum == 5.5
    assert histogram.at_most(1) == 2


def test_a_value_outside_a_closed_set_counts_as_other(catalog):
    family = catalog.counter("x_total", "H.", labels=(Label("a", values=("b", "c")),), chart=NOT_CHARTED)
    family.labels(a="nonsense").inc()
    family.labels(a="more nonsense").inc()
    assert [(bound.values, bound.value) for bound in family.series()] == [((OTHER,), 2)]


def test_ten_thousand_names_beyond_the_bound_make_one_more_series_and_lose_no_count(catalog):
    family = catalog.counter("x_total", "H.", labels=(Label("a", bound=3),), chart=NOT_CHARTED)
    for number in range(10_000):
        family.labels(a=f"name-{number}").inc()
    assert family.size == 4
    assert sum(bound.value for bound in family.series()) == 10_000
    assert family.labels(a=OVERFLOW).value == 9_997
    assert family.labels(a="name-1").value == 1


@pytest.mark.parametrize("labels", [{}, {"a": "b", "z": "b"}, {"z": "b"}])
def test_missing_or_unknown_labels_are_an_error_that_names_both(catalog, labels):
    family = catalog.counter("x_total", "H.", labels=(Label("a", values=("b",)),), chart=NOT_CHARTED)
    family.labels(a="b")
    with pytest.raises(CatalogError, match="declared are"):
        family.labels(**labels)


def test_series_can_be_created_at_zero_so_that_the_first_event_is_not_lost(catalog):
    labels = (Label("a", values=("x", "y")), Label("b", bound=5))
    family = catalog.counter("x_total", "H.", labels=labels, chart=NOT_CHARTED)
    family.ensure(b=("1", "2"))
    assert [bound.values for bound in family.series()] == [("x", "1"), ("x", "2"), ("y", "1"), ("y", "2")]
    with pytest.raises(CatalogError, match="open label"):
        family.ensure()
    with pytest.raises(CatalogError, match="declared are"):
        family.ensure(z=("1",))


def test_increments_from_many_threads_are_all_counted(catalog):
    counter = catalog.counter("x_total", "H.", chart=NOT_CHARTED).labels()
    threads = [threading.Thread(target=lambda: [counter.inc() for _ in range(2_000)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value == 16_000


def test_only_a_sampled_trace_leaves_an_exemplar(catalog):
    histogram = catalog.histogram("x", "H.", buckets=(1, 2), chart=NOT_CHARTED).labels()
    counter = catalog.counter("y_total", "H.", chart=NOT_CHARTED).labels()
    histogram.observe(0.5)
    for trace in (TraceContext(TRACE.trace_id, TRACE.span_id, sampled=False), TRACE):
        token = current_trace.set(trace)
        histogram.observe(1.5)
        counter.inc()
        current_trace.reset(token)
        found = histogram.exemplar(1)
        assert (found is not None) == trace.sampled
    assert histogram.exemplar(0) is None
    assert found.trace_id == TRACE.trace_id
    assert found.value == 1.5
    assert counter.exemplar.trace_id == TRACE.trace_id


def test_cells_live_in_whatever_segment_the_store_is_given(catalog):
    segments = []

    def segment(size):
        segments.append(memoryview(bytearray(size)))
        return segments[-1]

    catalog = Catalog(Store(segment))
    family = catalog.histogram(
        "x", "H.", buckets=tuple(range(1, 100)), labels=(Label("a", bound=99),), chart=NOT_CHARTED
    )
    bound = [family.labels(a=str(number)) for number in range(40)]
    for number, histogram in enumerate(bound):
        histogram.observe(number)
    assert len(segments) > 1
    assert [histogram.sum for histogram in bound] == list(range(40))
    assert any(bytes(segments[-1])), "the values stand in the segment itself"


def test_a_series_larger_than_a_segment_gets_a_segment_of_its_own():
    store = Store()
    cells = store.allocate(20_000)
    assert cells.length == 20_000
    cells.doubles[19_999] = 1.0
    assert store.allocate(1).doubles is not cells.doubles
