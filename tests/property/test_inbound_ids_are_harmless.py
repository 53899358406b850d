"""Whatever arrives as an id: no exception, and what is refused is nowhere repeated."""

from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.context import Baggage, Inbound, extract, extract_meta, inject, unit_of_work
from exai_sre.context.baggage import Member
from exai_sre.context.carriers import extract_fields
from exai_sre.context.ids import CorrelationIds, IdRule
from exai_sre.tracing import redact_url

NAMES = st.sampled_from(["X-Request-ID", "x-correlation-id", "traceparent", "TraceState", "baggage", "other"])
ANY = st.one_of(st.text(max_size=80), st.integers(), st.none(), st.lists(st.text(max_size=20), max_size=3))


def round_trip(inbound: Inbound) -> Inbound:
    """What a peer reads of the ids that it is sent."""
    headers: dict[str, str] = {}
    with unit_of_work(inbound.correlation_id, inbound.trace, inbound.baggage):
        inject(headers, baggage=[member.key for member in inbound.baggage.members])
    return extract(headers)


@given(st.dictionaries(NAMES, ANY))
@settings(max_examples=150, deadline=None)
def test_any_headers_are_read_without_an_error_and_what_was_accepted_travels_on_unchanged(headers):
    inbound = extract(headers)
    again = round_trip(inbound)
    assert again.rejected == ()
    assert (again.trace, again.baggage) == (inbound.trace, inbound.baggage)
    assert inbound.correlation_id in (None, again.correlation_id)


VALUES = st.one_of(
    st.sampled_from(
        [
            "request-0001",
            "short",
            "x" * 64,
            "x" * 65,
            f"00-{'a' * 32}-{'b' * 16}-01",
            f"00-{'a' * 32}-{'0' * 16}-01",
            f"cc-{'a' * 32}-{'b' * 16}-03-more",
            "a=1",
            "a=1, b=2 ,",
            "a=1,a=2",
            "k=v;p=1",
            "",
        ]
    ),
    st.text(alphabet=st.characters(max_codepoint=255), max_size=80),
)
FIELDS = st.lists(
    st.tuples(
        st.sampled_from(["x-request-id", "x-correlation-id", "traceparent", "tracestate", "baggage", "accept"]), VALUES
    ),
    max_size=6,
)


@given(FIELDS, st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_fields_of_asgi_say_what_a_mapping_of_the_same_headers_says(pairs, own_rule):
    rule = IdRule(shortest=1, longest=256) if own_rule else IdRule()
    folded: dict[str, list[str]] = {}
    for name, value in pairs:
        folded.setdefault(name, []).append(value)
    raw = [(name.encode(), value.encode("latin-1")) for name, value in pairs]
    assert extract_fields(raw, rule) == extract(folded, rule)


@given(st.dictionaries(st.text(max_size=30), ANY))
@settings(max_examples=100, deadline=None)
def test_any_meta_is_read_without_an_error(meta):
    for reason in extract_meta(meta).rejected:
        assert reason.value.isidentifier()


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_a_baggage_value_survives_the_round_trip(value):
    value = value.encode("utf-8", "replace").decode()
    baggage = Baggage((Member("key", value),))
    assert Baggage.parse(str(baggage)) == baggage


@given(st.lists(st.integers(0, 1 << 45), min_size=2, max_size=50))
@settings(max_examples=100, deadline=None)
def test_ids_ascend_whatever_the_clock_does(times):
    clock = iter(times)
    ids = CorrelationIds(lambda: next(clock), lambda bits: 0)
    made = [ids.next() for _ in times]
    assert made == sorted(set(made))


@given(st.text(max_size=100))
@settings(max_examples=200, deadline=None)
def test_redacting_a_url_twice_changes_nothing_more(url):
    once = redact_url(url)
    assert redact_url(once) == once
