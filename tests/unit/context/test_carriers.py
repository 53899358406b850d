"""Reading and writing ids in headers and in _meta."""

import contextvars
from collections.abc import Iterator

import pytest
from multidict import CIMultiDict
from starlette.datastructures import Headers

from exai_sre.context import Baggage, TraceContext, correlation_id, current_trace, unit_of_work
from exai_sre.context.baggage import Member
from exai_sre.context.carriers import NOTHING, extract, extract_meta, inject, inject_meta
from exai_sre.context.rejection import Rejection

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"
FIELDS = [
    ("X-Request-ID", "request-0001"),
    ("TraceParent", PARENT),
    ("traceState", "a=1"),
    ("TRACESTATE", "b=2"),
    ("Baggage", "user=u1"),
    ("baggage", "tenant=t1"),
]


def mappings() -> Iterator[object]:
    folded: dict[str, list[str]] = {}
    for name, value in FIELDS:
        folded.setdefault(name, []).append(value)
    yield folded
    yield CIMultiDict(FIELDS)
    yield Headers(raw=[(name.lower().encode(), value.encode()) for name, value in FIELDS])


@pytest.mark.parametrize("headers", list(mappings()), ids=["plain", "aiohttp", "starlette"])
def test_ids_are_read_from_every_kind_of_headers_in_any_case(headers):
    inbound = extract(headers)
    assert inbound.correlation_id == "request-0001"
    assert inbound.trace == TraceContext(TRACE, SPAN, sampled=True, tracestate="a=1,b=2")
    assert inbound.baggage == Baggage((Member("user", "u1"), Member("tenant", "t1")))
    assert inbound.rejected == ()


def test_no_headers_hold_nothing():
    assert extract({}) is NOTHING
    assert extract(None) is NOTHING
    assert extract({"accept": "*/*"}) == NOTHING


def test_two_headers_with_one_value_agree_and_with_two_values_are_refused():
    assert extract({"x-request-id": "same-id-1", "x-correlation-id": "same-id-1"}).correlation_id == "same-id-1"
    refused = extract({"x-request-id": "same-id-1", "x-correlation-id": "other-id-1"})
    assert (refused.correlation_id, refused.rejected) == (None, (Rejection.ID_AMBIGUOUS,))


@pytest.mark.parametrize(
    "parent",
    [
        PARENT + "-extra",
        "ff" + PARENT[2:],
        PARENT.upper(),
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        PARENT[:-1],
        "x" * 100_000,
        "",
        [PARENT, PARENT],
    ],
)
def test_a_bad_traceparent_is_refused_and_its_tracestate_with_it(parent):
    inbound = extract({"traceparent": parent, "tracestate": "a=1"})
    assert (inbound.trace, inbound.rejected) == (None, (Rejection.TRACEPARENT,))


def test_a_higher_version_is_read_by_its_prefix():
    inbound = extract({"traceparent": f"42-{TRACE}-{SPAN}-00-later"})
    assert inbound.trace == TraceContext(TRACE, SPAN, sampled=False)


def test_bad_tracestate_and_baggage_are_dropped_while_the_rest_stands():
    inbound = extract({"traceparent": PARENT, "tracestate": "A=1", "baggage": "oops"})
    assert inbound.trace == TraceContext(TRACE, SPAN, sampled=True)
    assert inbound.baggage == Baggage()
    assert inbound.rejected == (Rejection.TRACESTATE, Rejection.BAGGAGE)


def test_meta_holds_the_same_unprefixed_and_our_own_key():
    meta = {"traceparent": PARENT, "tracestate": "a=1", "baggage": "k=v", "exai-sre/correlation-id": "meta-id-1"}
    inbound = extract_meta(meta)
    assert inbound.correlation_id == "meta-id-1"
    assert inbound.trace == TraceContext(TRACE, SPAN, sampled=True, tracestate="a=1")
    assert inbound.baggage.get("k") == "v"


def test_baggage_in_meta_holds_no_line_breaks():
    inbound = extract_meta({"baggage": "tenant=a;p\r\n=\r\nx"})
    assert (inbound.baggage, inbound.rejected) == (Baggage(), (Rejection.BAGGAGE,))


@pytest.mark.parametrize("meta", [None, {}, "text", ["list"], 7])
def test_meta_that_is_no_mapping_holds_nothing(meta):
    assert extract_meta(meta) is NOTHING


def test_values_in_meta_that_are_no_text_are_refused_without_an_error():
    inbound = extract_meta({"traceparent": 5, "baggage": {"a": 1}, "exai-sre/correlation-id": ["x"]})
    assert inbound == extract_meta({"x": 1}).__class__(
        rejected=(Rejection.ID_TYPE, Rejection.TRACEPARENT, Rejection.BAGGAGE)
    )
    assert extract_meta({"traceparent": PARENT, "tracestate": 5}).rejected == (Rejection.TRACESTATE,)


def test_foreign_request_id_in_meta_is_not_ours():
    assert extract_meta({"x-request-id": "abcdefgh1"}).correlation_id is None


def test_nothing_is_written_outside_a_unit_of_work():
    carrier: dict[str, str] = {}
    inject(carrier)
    assert carrier == {}


def test_the_running_ids_are_written_and_baggage_only_by_its_keys():
    trace = TraceContext(TRACE, SPAN, sampled=True, tracestate="a=1")
    baggage = Baggage((Member("user", "u1"), Member("tenant", "t1")))
    with unit_of_work("unit-id-1", trace, baggage):
        headers: dict[str, str] = {}
        inject(headers, baggage=("tenant",))
        assert headers == {
            "x-request-id": "unit-id-1",
            "traceparent": PARENT,
            "tracestate": "a=1",
            "baggage": "tenant=t1",
        }
        meta: dict[str, object] = {"progressToken": 7}
        inject_meta(meta)
        assert meta == {
            "progressToken": 7,
            "exai-sre/correlation-id": "unit-id-1",
            "traceparent": PARENT,
            "tracestate": "a=1",
        }
        quiet: dict[str, str] = {}
        inject(quiet, baggage=("absent",))
        assert "baggage" not in quiet


def test_a_header_of_the_caller_stays_and_is_not_mixed_with_ours():
    with unit_of_work(
        "unit-id-1", TraceContext(TRACE, SPAN, sampled=True, tracestate="a=1"), Baggage((Member("k", "v"),))
    ):
        given = {"X-Request-Id": "caller-id", "Traceparent": "theirs", "Baggage": "theirs"}
        headers = dict(given)
        inject(headers, baggage=("k",))
        assert headers == given
        own_state = {"tracestate": "theirs"}
        inject(own_state)
        assert own_state["tracestate"] == "theirs"


def test_a_unit_of_work_takes_its_ids_away_again_also_after_an_error():
    def fail_inside() -> None:
        with unit_of_work("unit-id-1"):
            raise RuntimeError(correlation_id.get())

    with pytest.raises(RuntimeError, match="unit-id-1"):
        fail_inside()
    assert (correlation_id.get(), current_trace.get()) == (None, None)


def test_a_unit_of_work_that_was_never_entered_closes_without_effect():
    unit_of_work("unit-id-1").__exit__(None, None, None)
    assert correlation_id.get() is None


def test_a_unit_of_work_that_another_context_closes_leaves_that_one_alone():
    unit = unit_of_work("unit-id-1", TraceContext(TRACE, SPAN, sampled=True), Baggage((Member("k", "v"),)))
    # As a framework does that runs both halves of a dependency in threads of their own.
    contextvars.copy_context().run(unit.__enter__)
    with unit_of_work("other-id-2"):
        contextvars.copy_context().run(unit.__exit__, None, None, None)
        assert (correlation_id.get(), current_trace.get()) == ("other-id-2", None)
    assert correlation_id.get() is None
