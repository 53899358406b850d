"""What HTTP frames share: the meter, the errors, the ids of a request."""

import math
import tracemalloc

import pytest

from exai_sre.context import Baggage, Inbound, TraceContext
from exai_sre.context.baggage import Member
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import HttpServerMetrics
from exai_sre.middleware.correlation_id import NO_IDS, ids_of_request
from exai_sre.middleware.error_handling import error_headers, error_status
from exai_sre.middleware.http_server import HttpExchange, HttpFrame, HttpInstruments
from exai_sre.middleware.metrics_collection import HttpMeter
from exai_sre.outcome import Outcome
from exai_sre.tracing import Tracing

TRACE = TraceContext("a" * 32, "b" * 16, sampled=True)


def test_a_meter_counts_by_method_route_and_status_and_keeps_unknown_ones_apart():
    metrics = HttpServerMetrics.declare(Catalog(), ("/a",))
    meter = HttpMeter(metrics)
    for method, route in (("GET", "/a"), ("GET", "/a"), ("BREW", "/b")):
        meter.record(method, route, 200, 0.01)
    counted = {bound.values: bound.total for bound in metrics.duration.series() if bound.total}
    assert counted == {("GET", "/a", "200"): 2, ("_OTHER", "_OTHER", "200"): 1}


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.CLIENT_ERROR, 400),
        (Outcome.ERROR, 500),
        (Outcome.UPSTREAM_ERROR, 502),
        (Outcome.OVERLOAD, 503),
        (Outcome.TIMEOUT, 504),
    ],
)
def test_an_outcome_has_one_status(outcome, status):
    assert error_status(outcome) == status


@pytest.mark.parametrize(
    ("seconds", "headers"),
    [(1.2, {"Retry-After": "2"}), (0, {"Retry-After": "0"}), (math.inf, {}), (None, {}), (-1, {})],
)
def test_an_error_that_knows_when_to_come_back_says_so(seconds, headers):
    error = RuntimeError()
    error.retry_after = seconds
    assert error_headers(error) == headers


def test_the_ids_of_a_request_are_its_own_unless_its_caller_is_a_stranger():
    arrived = Inbound("caller-id-1", TRACE, Baggage((Member("k", "v"),)))
    ours, public = ids_of_request(arrived), ids_of_request(arrived, public=True)
    assert (ours.parent, ours.link, ours.baggage) == (TRACE, None, arrived.baggage)
    assert (public.correlation_id, public.parent, public.link, public.baggage) == (
        "caller-id-1",
        None,
        TRACE,
        Baggage(),
    )


def test_a_request_leaves_its_line_once():
    class Lines(list[str]):
        def info(self, event: str, **fields: object) -> None:
            self.append(event)

        debug = warning = error = info

    lines = Lines()
    frame = HttpFrame(HttpInstruments(logger=lines))
    exchange = HttpExchange("unit-id-1", 0.0, "GET", "/a")
    frame.leave(exchange, 200, Outcome.OK)
    frame.leave(exchange, 500, Outcome.ERROR)
    assert lines == ["http_request"]
    silent = HttpFrame(HttpInstruments())
    silent.leave(HttpExchange("unit-id-1"), 200, Outcome.OK)
    silent.late_error(exchange, RuntimeError())
    assert silent.silent


def test_what_callers_put_for_a_method_is_neither_kept_nor_the_name_of_a_span():
    meter = HttpMeter(HttpServerMetrics.declare(Catalog(), ("/a",)))
    tracemalloc.start()
    try:
        for number in range(200):
            meter.record(f"{number}" * 10_000, "/a", 200, 0.01)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 200_000
    frame = HttpFrame(HttpInstruments(tracing=Tracing()))
    call = frame.span(NO_IDS, HttpExchange("unit-id-1", 0.0, "SPAM" * 999))._call
    assert (call.name, call.attributes) == ("_OTHER", {"http.request.method": "_OTHER"})
