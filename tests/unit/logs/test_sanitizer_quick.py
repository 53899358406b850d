"""The short way through plain events: what it gives, the walk over all values would give too."""

from __future__ import annotations

import copy
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.logs.sanitize import SECRET_RULES, Rule, Sanitizer, marker
from exai_sre.logs.sanitize.engine import Engine
from exai_sre.logs.sanitize.identifiers import Identifiers
from exai_sre.logs.sanitize.key_table import KeyTable
from exai_sre.logs.sanitize.quick import PlainEvents
from exai_sre.logs.sanitize.text import TextRedactor
from exai_sre.logs.sanitize.walk import Walk

TOKEN = "ghp_" + "aB3dE6gH9j" * 3 + "kL1mN4"
GONE = marker("github-token", len(TOKEN))
SANITIZERS = {
    name: Sanitizer(scanner=name, pii=pii)
    for name, pii in (("plain", False), ("aho-corasick", True), ("hyperscan", False))
}
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.just(TOKEN),
    st.sampled_from(["request finished", "password=hunter2", "bob@example.com", "0" * 16, "4012888888881881"]),
)
KEYS = st.sampled_from(["a", "event", "detail", "value", "token", "password", "n_tokens", TOKEN, "key"])
EVENTS = st.dictionaries(
    KEYS,
    st.recursive(
        LEAVES,
        lambda inner: st.one_of(st.dictionaries(KEYS, inner, max_size=3), st.lists(inner, max_size=2)),
        max_leaves=5,
    ),
    max_size=5,
)


def walked(event: Any, *, pii: bool = False) -> Any:
    text = TextRedactor(
        SANITIZERS["aho-corasick" if pii else "plain"]._text.engine, lambda _: None, lambda: None, 65536
    )
    return Walk(text, KeyTable(), lambda _: None, lambda: None).value(event)


@settings(max_examples=80, deadline=None)
@given(EVENTS)
def test_the_short_way_gives_what_the_walk_gives(event: dict[str, Any]) -> None:
    before = copy.deepcopy(event)
    for name, sanitizer in SANITIZERS.items():
        redacted = sanitizer.redact(event)
        assert redacted == walked(event, pii=name == "aho-corasick")
        assert (redacted is event) == (redacted == before)
    assert event == before


def plain_events() -> tuple[PlainEvents, TextRedactor]:
    text = TextRedactor(Engine(SECRET_RULES, scanner="plain"), lambda _: None, lambda: None, 65536)
    return PlainEvents(text, KeyTable()), text


@pytest.mark.parametrize(
    "event",
    [
        {"password": "x"},
        {1: "x"},
        {"a": [1]},
        {"a": 4012888888881881},
        {"name": "token", "value": "x"},
        {TOKEN: 1},
        {f"part{number}": {"a": 1} for number in range(50)},
        {"k" * 200: 1},
    ],
)
def test_what_is_not_plain_is_left_to_the_walk(event: dict[Any, Any]) -> None:
    assert plain_events()[0].redact(event) is None


def test_a_circle_is_left_to_the_walk() -> None:
    event: dict[str, Any] = {"a": 1}
    event["a"] = event
    assert plain_events()[0].redact(event) is None


def test_an_event_is_copied_on_the_way_to_a_secret_only() -> None:
    events, _ = plain_events()
    event = {"a": {"b": "clean"}, "c": {"d": {"e": f"x {TOKEN}"}}, "f": f"y {TOKEN}", "g": None}
    redacted = events.redact(event)
    assert redacted == {"a": {"b": "clean"}, "c": {"d": {"e": f"x {GONE}"}}, "f": f"y {GONE}", "g": None}
    assert redacted is not None
    assert redacted["a"] is event["a"]
    assert events.redact({"note": "the key is missing"}) == {"note": "the key is missing"}


def test_one_in_eight_looks_is_remembered_and_long_texts_are_looked_at_alone() -> None:
    events, text = plain_events()
    for number in range(8):
        events.redact({"detail": f"line number {number} of the list"})
    assert "line number 7 of the list" in text.clean
    assert "line number 6 of the list" not in text.clean
    event = {"a": "word " * 5000, "b": "other " * 5000, "c": f"end {TOKEN}"}
    assert events.redact(event) == {**event, "c": f"end {GONE}"}


def test_the_memory_of_keys_is_bounded() -> None:
    events, _ = plain_events()
    for number in range(0, 5000, 50):
        event = {f"field{each}": 1 for each in range(number, number + 50)}
        assert events.redact(event) is event
    assert 0 < len(events._harmless) <= 4096


def test_a_text_that_stands_in_an_event_twice_is_replaced_in_both_places() -> None:
    events, _ = plain_events()
    event = {"a": TOKEN, "b": {"c": TOKEN, "d": 1}, "e": "clean"}
    assert events.redact(event) == {"a": GONE, "b": {"c": GONE, "d": 1}, "e": "clean"}


def test_a_failure_of_the_short_way_leaves_the_event_to_the_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    sanitizer = Sanitizer(scanner="plain")

    def fail(_event: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(sanitizer._plain, "redact", fail)
    assert sanitizer.redact({"a": f"x {TOKEN}"}) == {"a": f"x {GONE}"}


def test_a_users_own_keys_are_seen_with_every_scanner() -> None:
    sanitizer = Sanitizer(keys=["badge"], scanner="hyperscan")
    assert sanitizer.redact({"badge": "1234"}) == {"badge": "[REDACTED:key:1+]"}


@pytest.mark.parametrize("scanner", ["plain", "aho-corasick", "hyperscan"])
@pytest.mark.parametrize("secret", [str(uuid.UUID(int=2**100)), "5e" * 16, "2026-04-23T20:47:22Z"])
def test_what_a_users_own_rule_finds_in_an_identifier_goes_from_an_event_too(scanner: str, secret: str) -> None:
    rule = Rule(name="own", keywords=(), trigger=secret, pattern=secret, true=(f"«{secret}»",))
    sanitizer = Sanitizer(rules=[rule], scanner=scanner)
    assert sanitizer.redact({"event": "x", "session": secret}) == {"event": "x", "session": marker("own", len(secret))}
    assert sanitizer.redact({"event": {"deep": [secret]}}) == {"event": {"deep": [marker("own", len(secret))]}}


def test_the_sanitizer_is_a_processor_of_structlog() -> None:
    assert Sanitizer()(None, "info", {"event": f"x {TOKEN}"}) == {"event": f"x {GONE}"}


def identified(text: str, *, numbers: bool = True) -> bool:
    return not Identifiers(numbers=numbers).others([text])


@settings(max_examples=50, deadline=None)
@given(st.uuids(), st.datetimes(timezones=st.just(UTC)))
def test_identifiers_and_times_are_recognised_and_no_rule_finds_anything_in_them(
    one: uuid.UUID, when: datetime
) -> None:
    for text in (str(one), f"a{one.hex[1:]}", f"{one.hex[:15]}f", f"{when.isoformat()[:-6]}Z"):
        assert identified(text), text
        for sanitizer in SANITIZERS.values():
            assert sanitizer.redact_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "A" * 32,
        "word",
        "a" * 31 + "-",
        "x" * 32,
        "0" * 15 + "\u0660",
        "0" * 15 + "\ud800",
        "2026-11-22 20:00:00",
        "2026-11-22T20:00:00.12Z",
        "555-0123-4567-ab-2233-445566778899aa",
        "12345678901234567890",
        "0123456789abcdef\n0123456789abcdef",
    ],
)
def test_words_and_what_is_only_like_an_identifier_are_none(text: str) -> None:
    assert not identified(text)


def test_a_mere_number_is_no_identifier_where_cards_are_looked_for() -> None:
    assert identified("4012888888881881")
    assert not identified("4012888888881881", numbers=False)
    pair = ["0123456789abcdef", "f" * 32]
    known = Identifiers(numbers=False)
    assert [known.others(pair), known.others(pair), known.others([pair[1]])] == [[], (), []]
    assert known.others(["4012888888881881", "f" * 32]) == ["4012888888881881"]
    assert Sanitizer(scanner="plain", pii=True).redact({"a": "4012888888881881"})["a"].startswith("[REDACTED:card")


def test_identifiers_are_told_from_the_texts_between_them_whatever_was_remembered() -> None:
    known = Identifiers(numbers=True)
    one, other = "0123456789abcdef", "f" * 32
    assert list(known.others([one, other])) == []
    assert list(known.others([f"{one}\n{other}"])) == [f"{one}\n{other}"]
    assert list(known.others([one, "some words", other, "more"])) == ["some words", "more"]
    assert list(known.others([one] * 20)) == []


def test_a_rule_of_the_users_finds_identifiers_too() -> None:
    account = Rule(name="account", keywords=("-",), pattern="(?:[0-9a-f]{1,12}+-){4}[0-9a-f]{12}", true=("«x»",))
    one = "01234567-89ab-cdef-0123-456789abcdef"
    for scanner in ("plain", "aho-corasick", "hyperscan"):
        assert Sanitizer(rules=[account], scanner=scanner).redact({"a": one}) == {"a": marker("account", 36)}


def test_a_sanitizer_says_what_it_remembers() -> None:
    sanitizer = Sanitizer(scanner="plain")
    sanitizer.redact_text("some words")
    assert sanitizer.remembers("some words")
    assert not sanitizer.remembers("other words")
    sanitizer.forget()
    assert not sanitizer.remembers("some words")
