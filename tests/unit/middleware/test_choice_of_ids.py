"""Which ids a message runs under; what an error body holds."""

import pytest

from exai_sre.context import Baggage, Inbound, Rejection, TraceContext, correlation_id, current_trace, unit_of_work
from exai_sre.context.baggage import Member
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import TelemetryMetrics
from exai_sre.middleware import WebSocketRequest, choose_ids, count_rejections, error_body, status_outcome
from exai_sre.outcome import Outcome

MESSAGE = TraceContext("a" * 32, "1" * 16, sampled=True)
CARRIER = TraceContext("b" * 32, "2" * 16, sampled=False)
BAGGAGE = Baggage((Member("k", "v"),))


def test_the_messages_own_ids_go_first_and_the_carriers_trace_becomes_a_link():
    ids = choose_ids(Inbound("message-id", MESSAGE), Inbound("carrier-id", CARRIER, BAGGAGE), shared=False)
    assert (ids.correlation_id, ids.parent, ids.link, ids.baggage) == ("message-id", MESSAGE, CARRIER, BAGGAGE)


def test_a_position_that_is_the_same_twice_is_no_link():
    ids = choose_ids(Inbound(trace=MESSAGE), Inbound(trace=MESSAGE), shared=False)
    assert (ids.parent, ids.link) == (MESSAGE, None)


def test_without_ids_of_its_own_a_message_takes_the_carriers():
    ids = choose_ids(Inbound(baggage=BAGGAGE), Inbound("carrier-id", CARRIER), shared=False)
    assert (ids.correlation_id, ids.parent, ids.link, ids.baggage) == ("carrier-id", CARRIER, None, BAGGAGE)


def test_a_carrier_of_many_messages_gives_none_of_them_its_id_and_is_only_a_link():
    ids = choose_ids(Inbound(), Inbound("carrier-id", CARRIER), shared=True)
    assert (ids.correlation_id, ids.parent, ids.link) == (None, None, CARRIER)


def test_refusals_are_counted_by_reason():
    metrics = TelemetryMetrics.declare(Catalog())
    count_rejections(metrics)(Inbound(rejected=(Rejection.BAGGAGE, Rejection.ID_LENGTH)))
    assert {bound.values[0]: bound.value for bound in metrics.rejected_ids.series()} == {"baggage": 1, "id_length": 1}


def test_each_message_of_a_connection_has_an_id_of_its_own_below_the_connections():
    with unit_of_work("connection-1", CARRIER):
        request = WebSocketRequest({"x-request-id": "connection-1"})
    assert (request.connection_id, request.carrier.trace, request.transport) == ("connection-1", CARRIER, "websocket")
    seen = []
    for _ in range(2):
        with request.message() as unit:
            assert correlation_id.get() == unit
            assert current_trace.get() is None
            seen.append(unit)
    assert len({*seen, "connection-1"}) == 3
    with request.message(Inbound("message-id", MESSAGE)) as unit:
        assert (unit, current_trace.get()) == ("message-id", MESSAGE)


def test_a_connection_outside_a_unit_of_work_takes_the_id_that_arrived_or_a_fresh_one():
    assert WebSocketRequest({"X-Request-Id": "arrived-1"}).connection_id == "arrived-1"
    assert len(WebSocketRequest({}).connection_id) == 36
    assert WebSocketRequest({}, connection_id="given-id-1").connection_id == "given-id-1"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (101, Outcome.OK),
        (304, Outcome.OK),
        (404, Outcome.CLIENT_ERROR),
        (429, Outcome.OVERLOAD),
        (500, Outcome.ERROR),
        (502, Outcome.UPSTREAM_ERROR),
        (503, Outcome.OVERLOAD),
        (504, Outcome.TIMEOUT),
    ],
)
def test_a_status_code_has_one_outcome(status, outcome):
    assert status_outcome(status) is outcome


def test_an_error_body_has_one_shape():
    assert error_body(404, "unit-id-1") == {
        "error": {"status": 404, "type": "not_found", "message": "Not Found", "correlation_id": "unit-id-1"}
    }
    assert error_body(599, "unit-id-1", "try later")["error"] == {
        "status": 599,
        "type": "error",
        "message": "try later",
        "correlation_id": "unit-id-1",
    }
