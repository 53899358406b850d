"""Arguments in log lines: the short way says what the long one says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exai_sre.logs import Sanitizer
from exai_sre.middleware.mcp_arguments import argument_text
from exai_sre.middleware.request_logging import summarise

SANITIZER = Sanitizer()
VALUES = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False) | st.text(max_size=300)


@given(st.dictionaries(st.text(max_size=70), VALUES, max_size=40))
def test_the_short_way_says_what_the_long_one_says(arguments):
    assert argument_text(arguments, SANITIZER) == summarise(arguments, SANITIZER)


@pytest.mark.parametrize(
    "arguments",
    [None, {}, [], "text", {"nested": {"a": [1]}}, {"long": "x" * 5000}, {1: "a"}, {"n" * 65: 1}, {"o": object()}],
)
def test_what_is_not_few_and_flat_takes_the_long_way(arguments):
    assert argument_text(arguments, SANITIZER) == summarise(arguments, SANITIZER)
    assert argument_text(arguments, None) == summarise(arguments, None)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(2**70, str(2**70)), (float("nan"), "null"), (float("inf"), "null"), ("\ud800", '"\ud800"'), ("é\n", '"é\\n"')],
)
def test_what_is_no_ordinary_json_is_shown_all_the_same(value, shown):
    assert argument_text({"a": value}, SANITIZER) == summarise({"a": value}, SANITIZER) == f'{{"a":{shown}}}'


def test_secrets_are_taken_out_by_name_and_by_what_they_look_like():
    text = argument_text({"password": "qwerty77", "url": "https://bob:hunter2@db/x", "n": 1}, SANITIZER)
    assert text is not None
    assert "qwerty77" not in text
    assert "hunter2" not in text
    assert '"n":1' in text


class Counting:
    """A sanitizer that knows one secret, and counts how often texts are looked at."""

    def __init__(self) -> None:
        self.texts = 0

    def redact(self, event: Any) -> Any:
        return event

    def redact_text(self, text: str) -> str:
        self.texts += 1
        return text.replace("hunter2", "[REDACTED]")


@pytest.mark.parametrize(("arguments", "texts"), [({"a": "hunter2"}, 0), ({"a": "x" * 250 + "hunter2"}, 1)])
def test_texts_are_left_to_who_scans_them_later_unless_they_are_cut(arguments, texts):
    sanitizer = Counting()
    argument_text(arguments, sanitizer)
    assert sanitizer.texts == 1
    shown = argument_text(arguments, sanitizer, scanned_later=True)
    assert sanitizer.texts == 1 + texts
    assert shown is not None
    assert ("hunter" in shown) is (texts == 0)


@dataclass
class Card:
    """A value that some encoders know to take apart."""

    number: str


class Opaque:
    """A sanitizer whose results are no JSON."""

    def redact(self, event: Any) -> Any:
        return {"a": Card("4111111111111111"), "b": [UUID(int=7), (1, float("nan"))]} if event else event

    def redact_text(self, text: str) -> str:
        return text


def test_what_a_redaction_makes_is_never_taken_apart():
    for arguments in ({"a": 1}, {"a": [1]}):
        assert argument_text(arguments, Opaque()) == '{"a":"Card","b":["UUID",[1,null]]}'


class Broken:
    """A sanitizer that fails."""

    def redact(self, event: Any) -> Any:
        raise ValueError(event)

    def redact_text(self, text: str) -> str:
        raise ValueError(text)


def test_a_redaction_that_fails_shows_the_shape_alone():
    assert argument_text({"a": "secret"}, Broken()) == "a: str(6)"
