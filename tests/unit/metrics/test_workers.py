"""Many processes, one set of metrics: whoever reads sees what everyone wrote, and the dead are not forgotten."""

from __future__ import annotations

from math import isnan

import pytest

from exai_sre.context.trace import TraceContext, current_trace
from exai_sre.metrics import OVERFLOW, Catalog, Label, Matcher, Selection, exposition
from exai_sre.metrics.cells import Store
from exai_sre.metrics.multiprocess import Workers
from exai_sre.metrics.multiprocess_files import ARCHIVE
from tests.unit.metrics.workers_group import BOUND, SERVED, Worker, cell_files


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "group"


def sampled(number):
    return TraceContext(f"{number:032x}", f"{number:016x}", sampled=True)


def test_every_process_reads_what_all_wrote(directory):
    first, second = Worker(directory), Worker(directory)
    first.calls.labels(client="a").inc(2)
    second.calls.labels(client="a").inc(3)
    second.calls.labels(client="b").inc()
    first.seconds.labels().observe(0.05)
    second.seconds.labels().observe(0.5)
    read = first.read()
    assert read == second.read()
    assert (read['calls_total{client="a"}'], read['calls_total{client="b"}']) == (5, 1)
    assert (read['call_seconds_bucket{le="0.1"}'], read["call_seconds_count"]) == (1, 2)
    assert read["call_seconds_sum"] == pytest.approx(0.55)


def test_counts_of_the_dead_stay_and_their_gauges_go(directory):
    first, second = Worker(directory), Worker(directory)
    for worker, running in ((first, 2), (second, 3)):
        worker.calls.labels(client="a").inc()
        worker.running.labels().set(running)
        worker.worst.labels().set(running)
    assert (first.read()["running_calls"], first.read()["worst_ratio"]) == (5, 3)
    second.die()
    read = first.read()
    assert (read['calls_total{client="a"}'], read["running_calls"], read["worst_ratio"]) == (2, 2, 2)
    first.die()
    third = Worker(directory)
    read = third.read()
    assert read['calls_total{client="a"}'] == 2
    assert read.get("running_calls", 0.0) == 0


def test_a_gauge_that_only_the_dead_had_is_no_longer_known(directory):
    first, second = Worker(directory), Worker(directory)
    second.running.labels().set(7)
    second.worst.labels().set(0.7)
    assert first.read()["worst_ratio"] == 0.7
    second.die()
    read = first.read()
    assert read["running_calls"] == 0
    assert isnan(read["worst_ratio"])


def test_the_newest_exemplar_of_all_processes_is_exposed_and_outlives_its_process(directory):
    workers = [Worker(directory) for _ in range(3)]
    for number, worker in enumerate(workers, 1):
        token = current_trace.set(sampled(number))
        worker.seconds.labels().observe(0.5)
        worker.calls.labels(client="a").inc()
        current_trace.reset(token)
    workers[2].die()
    workers[0].workers.fold()
    assert ARCHIVE in cell_files(directory)
    text = exposition(workers[1].workers.merged, "application/openmetrics-text")[0].decode()
    assert text.count(f'trace_id="{3:032x}"') == 2


def test_the_files_of_the_dead_are_folded_into_one_archive(directory):
    for _ in range(4):
        worker = Worker(directory)
        worker.calls.labels(client="a").inc()
        worker.die()
    last = Worker(directory)
    assert len(cell_files(directory)) == 2
    assert last.read()['calls_total{client="a"}'] == 4


def test_a_bound_label_is_bound_over_all_processes(directory):
    workers = [Worker(directory) for _ in range(3)]
    for number in range(4 * BOUND):
        workers[number % 3].calls.labels(client=f"client {number}").inc()
    reads = [worker.read() for worker in workers]
    assert reads[0] == reads[1] == reads[2]
    series = {name: value for name, value in reads[0].items() if name.startswith("calls_total")}
    assert len(series) == BOUND + 1
    assert series[f'calls_total{{client="{OVERFLOW}"}}'] == 3 * BOUND
    assert sum(series.values()) == 4 * BOUND


def test_what_another_process_found_room_for_is_adopted_whatever_the_bound(directory):
    worker = Worker(directory)
    family = worker.workers.merged.declare(worker.calls.instrument)
    for number in range(BOUND + 2):
        assert family.adopt((f"{number}",)) is family.adopt((f"{number}",))
    assert family.labels(client="one more").values == (OVERFLOW,)


def test_a_bound_label_stays_bound_over_generations(directory):
    for number in range(3 * BOUND):
        worker = Worker(directory)
        worker.calls.labels(client=f"client {number}").inc()
        worker.die()
    series = [value for name, value in Worker(directory).read().items() if name.startswith("calls_total")]
    assert (len(series), sum(series)) == (BOUND + 1, 3 * BOUND)


def test_the_series_limit_holds_over_all_processes(directory):
    families = []
    for _ in range(2):
        worker = Worker(directory)
        label = worker.calls.instrument.labels[0]
        families.append(
            worker.workers.catalog.counter("limited_total", "L.", labels=(label,), chart=SERVED, series_limit=3)
        )
    for number in range(4):
        families[number % 2].labels(client=f"{number}").inc()
    worker.workers.gather()
    merged = {one.values[0]: one.value for one in worker.workers.merged.family("limited_total").series()}
    assert merged == {"0": 1, "1": 1, "2": 1, OVERFLOW: 1}


def test_what_is_put_off_elsewhere_is_written_at_once(directory):
    """Nobody settles the words of a process that was killed."""
    worker, reader = Worker(directory), Worker(directory)
    series, timed = worker.calls.labels(client="a"), worker.seconds.labels()
    series.tick()
    timed.notes().add(0.5)
    assert not series.deferred
    assert not timed.notes().values
    timed.notes(series).add(0.5)
    assert not timed.notes(series).values
    assert not series.deferred
    read = reader.read()
    assert (read['calls_total{client="a"}'], read["call_seconds_count"]) == (2, 2)
    assert read['call_seconds_bucket{le="0.1"}'] == 0
    assert read["call_seconds_sum"] == 1.0


def test_a_selection_over_the_merged_catalog_sees_all_processes(directory):
    first, second = Worker(directory), Worker(directory)
    first.calls.labels(client="a").inc()
    first.workers.gather()
    chosen = Selection(first.workers.merged.family("calls_total"), chosen=(Matcher("client", ("b",)),))
    assert chosen.read() == (0, 1)
    second.calls.labels(client="b").inc(4)
    first.workers.gather({"calls_total"})
    assert chosen.read() == (4, 5)


def test_only_wanted_instruments_are_gathered(directory):
    worker = Worker(directory)
    worker.calls.labels(client="a").inc()
    worker.seconds.labels().observe(1.0)
    worker.workers.gather({"call_seconds"})
    assert [one.name for one in worker.workers.merged] == ["call_seconds"]


def test_other_sources_are_shown_beside_what_all_processes_wrote(directory):
    worker = Worker(directory)
    worker.calls.labels(client="a").inc()
    beside = Catalog()
    beside.counter("beside_total", "B.", chart=SERVED).labels().inc(7)
    worker.workers.merged.add_source(beside.readings)
    read = worker.read()
    assert (read['calls_total{client="a"}'], read["beside_total"]) == (1, 7)


def test_a_refresh_brings_the_series_of_the_merged_catalog_up_to_date(directory):
    first, second = Worker(directory), Worker(directory)
    told = []
    first.workers.merged.before_collect(lambda: told.append(1))
    second.calls.labels(client="a").inc(3)
    first.workers.merged.refresh()
    assert [series.value for series in first.workers.merged.family("calls_total").series()] == [3]
    assert told


def test_on_demand_gauges_are_read_before_an_exposition(directory):
    worker = Worker(directory)
    worker.workers.catalog.before_collect(lambda: worker.running.labels().set(9))
    assert worker.read()["running_calls"] == 9


def test_series_of_another_release_are_passed_over(directory):
    old = Workers(directory)
    old.catalog.histogram("call_seconds", "Calls.", buckets=(7.0,), chart=SERVED).labels().observe(1.0)
    old.catalog.counter("gone_total", "Gone.", chart=SERVED).labels().inc()
    worker = Worker(directory)
    worker.seconds.labels().observe(0.5)
    read = worker.read()
    assert read["call_seconds_count"] == 1
    assert not [name for name in read if "gone" in name]


def test_series_of_a_release_with_other_labels_take_no_room(directory):
    old = Workers(directory)
    labels = (Label("client", bound=BOUND), Label("region", bound=BOUND))
    released = old.catalog.counter("calls_total", "Calls.", labels=labels, chart=SERVED)
    for number in range(BOUND):
        released.labels(client=f"old {number}", region="r").inc()
    worker = Worker(directory)
    for number in range(BOUND):
        worker.calls.labels(client=f"{number}").inc()
    read = worker.read()
    assert {name: read[name] for name in read if "calls_total" in name} == {
        f'calls_total{{client="{number}"}}': 1 for number in range(BOUND)
    }


def test_what_a_process_declares_hides_a_source_of_its_name(directory):
    worker = Worker(directory)
    worker.calls.labels(client="a").inc()
    beside = Catalog()
    beside.counter("calls_total", "B.", chart=SERVED).labels().inc(7)
    worker.workers.merged.add_source(beside.readings)
    assert worker.read() == {'calls_total{client="a"}': 1}


def test_a_scrape_that_others_overtake_leaves_no_old_total_behind(directory):
    first = Worker(directory)
    for client in ("a", "b"):
        first.calls.labels(client=client).inc(10)
    first.workers.gather()
    reading = next(one for one in first.workers.merged.readings() if one.instrument.name == "calls_total")
    points = iter(reading.points)
    next(points)
    second = Worker(directory)
    second.calls.labels(client="b").inc(5)
    first.calls.labels(client="b").inc()
    first.workers.gather()
    assert next(points).numbers == (16,)
    assert [series.value for series in first.series("calls_total")] == [10, 16]


def test_a_process_alone_shares_nothing():
    alone = Workers()
    assert alone.merged is alone.catalog
    assert (alone.born, alone.directory) == ("", None)
    assert alone.lead()
    alone.gather()
    alone.fold()
    alone.step_down()
    alone.close()


def test_counts_go_on_over_a_restart_of_everything(directory):
    first = Worker(directory)
    first.calls.labels(client="a").inc()
    born = first.workers.born
    first.die()
    second = Worker(directory)
    second.calls.labels(client="a").inc()
    assert second.read()['calls_total{client="a"}'] == 2
    assert second.workers.born == born != Worker(directory.with_name("other")).workers.born


def test_one_process_leads_until_it_steps_down_or_ends(directory):
    first, second, third = (Workers(directory) for _ in range(3))
    assert first.lead()
    assert first.lead()
    assert not second.lead()
    first.step_down()
    first.step_down()
    assert second.lead()
    second.close()
    second.close()
    assert not second.lead()
    assert third.lead()


def test_a_file_grows_by_segments_and_every_series_is_found(directory):
    worker, reader = Worker(directory), Worker(directory)
    for number in range(30):
        bounds = tuple(map(float, range(1, 200 + number)))
        worker.workers.catalog.histogram(f"h{number}_seconds", "H.", buckets=bounds, chart=SERVED).labels().observe(1.0)
        reader.workers.catalog.histogram(f"h{number}_seconds", "H.", buckets=bounds, chart=SERVED)
        if number % 7 == 0:
            reader.workers.gather()
    read = reader.read()
    assert [read[f"h{number}_seconds_count"] for number in range(30)] == [1.0] * 30


def test_memory_cells_agree_with_nobody():
    family = Catalog(Store()).counter("a_total", "A.", chart=SERVED)
    with Store().agreement(family.instrument) as elsewhere:
        assert list(elsewhere) == []


def test_gauges_that_only_the_dead_had_leave_no_series_behind(directory):
    label = Label("host", bound=BOUND)
    stays = Workers(directory)
    stays.catalog.gauge("state", "S.", labels=(label,), chart=SERVED)
    for life in range(4):
        workers = Workers(directory)
        state = workers.catalog.gauge("state", "S.", labels=(label,), chart=SERVED)
        for number in range(BOUND):
            state.labels(host=f"{life} {number}").set(1)
        assert exposition(stays.merged)[0].decode().count("state{") == BOUND
        workers.close()
    Workers(directory)
    assert "state{" not in exposition(stays.merged)[0].decode()


def test_a_gauge_of_which_nothing_is_known_yet_counts_from_zero(directory):
    worker, other = Worker(directory), Worker(directory)
    assert isnan(worker.worst.labels().value)
    assert other.worst.labels().value != 0
    worker.worst.labels().inc(-2)
    assert worker.read()["worst_ratio"] == other.read()["worst_ratio"] == -2
