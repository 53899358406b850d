"""W3C baggage and tracestate: limits, syntax, order."""

import pytest

from exai_sre.context import extract, inject, unit_of_work
from exai_sre.context.baggage import MAX_BYTES, Baggage, Member
from exai_sre.context.tracestate import valid_tracestate, with_member


def test_baggage_keeps_order_metadata_and_decoded_values():
    text = "user=a%20b;ttl=3;private, tenant = x%2Cy"
    baggage = Baggage.parse(text)
    assert baggage == Baggage((Member("user", "a b", "ttl=3;private"), Member("tenant", "x,y")))
    assert str(baggage) == "user=a%20b;ttl=3;private,tenant=x%2Cy"
    assert Baggage.parse(str(baggage)) == baggage


@pytest.mark.parametrize("value", ["", "50%", "a\u00fcb", "q=1&r=2", 'say "x"\\', "\x00"])
def test_every_value_survives_the_round_trip(value):
    baggage = Baggage((Member("key", value),))
    assert Baggage.parse(str(baggage)) == baggage


def test_a_repeated_key_answers_with_its_last_value():
    baggage = Baggage.parse("a=1,a=2")
    assert baggage is not None
    assert (baggage.get("a"), baggage.get("b")) == ("2", None)
    assert baggage.only({"b"}) == Baggage()


@pytest.mark.parametrize(
    "text",
    [
        "noequals",
        "=v",
        "k=a b",
        'k="v"',
        "k=v;",
        "a=1,,b=2",
        "a\u00e9=1",
        "k=v;bad property",
        "k=v;p\r\n=\r\nx",
        ",".join(f"k{n}=v" for n in range(65)),
        "k=" + "v" * MAX_BYTES,
    ],
)
def test_malformed_or_oversized_baggage_is_dropped_whole(text):
    assert Baggage.parse(text) is None


def test_the_limits_themselves_are_within():
    assert Baggage.parse(",".join(f"k{n}=v" for n in range(64))) is not None
    assert Baggage.parse("k=" + "v" * (MAX_BYTES - 2)) is not None


def test_what_became_longer_by_decoding_leaves_no_longer_than_the_limit():
    # A byte that is no text is read as the replacement character, which takes nine characters to write.
    arrived = extract({"baggage": "tenant=" + "%ff" * 2700 + ",user=u1"}).baggage
    headers: dict[str, str] = {}
    with unit_of_work(baggage=arrived):
        inject(headers, baggage=["tenant", "user"])
    assert len(headers.get("baggage", "")) <= MAX_BYTES


def test_a_tracestate_keeps_its_order_and_loses_blank_members():
    assert valid_tracestate("b=1 , ,a@vendor=x y,0z/*-_=2") == "b=1,a@vendor=x y,0z/*-_=2"
    assert valid_tracestate("") == ""


@pytest.mark.parametrize(
    "text",
    [
        "a=1,a=2",
        "A=1",
        "a",
        "a=",
        "a=b=c",
        "a=\u00e9",
        "a=" + "x" * 257,
        "k" * 257 + "=1",
        ",".join(f"k{n}=v" for n in range(33)),
        "a=1," * 10_000,
    ],
)
def test_a_malformed_tracestate_is_dropped_whole(text):
    assert valid_tracestate(text) is None


def test_thirty_two_members_are_within():
    assert valid_tracestate(",".join(f"k{n}=v" for n in range(32))) is not None


def test_a_member_of_ours_moves_to_the_front_and_the_last_makes_room():
    full = ",".join(f"k{n}=v" for n in range(32))
    changed = with_member(full, "k5", "new")
    assert changed.split(",")[0] == "k5=new"
    assert len(changed.split(",")) == 32
    assert with_member(full, "own", "1").split(",")[-1] == "k30=v"
    assert with_member("", "own", "1") == "own=1"
