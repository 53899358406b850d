"""Redaction of nested values: every kind of carrier, copy on write, closed on failure."""

from __future__ import annotations

import copy
import dataclasses
import datetime
from collections import OrderedDict, UserDict, namedtuple
from types import MappingProxyType
from typing import Any

import pydantic
import pytest

from exai_sre.logs.sanitize import Sanitizer, marker
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import TelemetryMetrics

TOKEN = "ghp_" + "aB3dE6gH9j" * 3 + "kL1mN4"
GONE = marker("github-token", len(TOKEN))
KEY = marker("key")
TEXT_KEY = marker("key", 1)


@dataclasses.dataclass(frozen=True)
class Login:
    user: str
    password: str


class Account(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    name: str
    pin: pydantic.SecretStr


class Vault:
    def __init__(self) -> None:
        self.opened = False

    def get_secret_value(self) -> str:
        self.opened = True
        return TOKEN


Point = namedtuple("Point", "label note")


class Odd:
    def __repr__(self) -> str:
        return f"Odd({TOKEN})"


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError(TOKEN)


@pytest.fixture
def sanitizer() -> Sanitizer:
    return Sanitizer()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"a {TOKEN}", f"a {GONE}"),
        ({"a": TOKEN}, {"a": GONE}),
        ({"a": {"b": [1, (TOKEN,)]}}, {"a": {"b": [1, (GONE,)]}}),
        ({TOKEN: 1}, {GONE: 1}),
        ([TOKEN], [GONE]),
        ((TOKEN, 1), (GONE, 1)),
        ({TOKEN}, {GONE}),
        (frozenset({TOKEN}), frozenset({GONE})),
        ({TOKEN: 1}.keys(), [GONE]),
        (Point("a", TOKEN), Point("a", GONE)),
        (TOKEN.encode(), GONE.encode()),
        (bytearray(TOKEN.encode()), GONE.encode()),
        (b"\xff " + TOKEN.encode(), b"\xff " + GONE.encode()),
        (OrderedDict(a=TOKEN), {"a": GONE}),
        (UserDict(a=TOKEN), {"a": GONE}),
        (MappingProxyType({"a": TOKEN}), {"a": GONE}),
        (Login("bob", "x"), {"user": "bob", "password": TEXT_KEY}),
        (Account(name=TOKEN, pin=pydantic.SecretStr("1")), {"name": GONE, "pin": "[REDACTED:type]"}),
        (Odd(), f"Odd({GONE})"),
        (Login, Login),
        (ValueError(TOKEN), f"ValueError: {GONE}"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_secret_is_taken_out_of_every_kind_of_carrier(sanitizer: Sanitizer, value: Any, expected: Any) -> None:
    redacted = sanitizer.redact(value)
    assert redacted == expected
    assert sanitizer.redact(redacted) == redacted


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        17,
        2.5,
        "plain",
        b"plain",
        {"a": {"b": [1, ("c",)]}, 5: {"x"}},
        datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        Account(name="bob", pin=pydantic.SecretStr("1")).model_copy(update={"pin": None}),
        ValueError("plain"),
        object(),
        {"password": None, "secret": True, "token": 5, "api_key": "", "cookie": [], "pwd": "***"},
        {"max_tokens": 4096, "primary_key": 7},
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_without_secrets_comes_back_as_the_same_object(sanitizer: Sanitizer, value: Any) -> None:
    assert sanitizer.redact(value) is value
    assert sanitizer.redact(value) is value


def test_what_stands_under_a_telling_key_goes_whatever_it_is(sanitizer: Sanitizer) -> None:
    event = {"password": 1234, "client_secret": {"a": "b"}, "shop_token": "abc", "cookies": ["a"], "db": {"pwd": b"x"}}
    assert sanitizer.redact(event) == {
        "password": KEY,
        "client_secret": KEY,
        "shop_token": TEXT_KEY,
        "cookies": KEY,
        "db": {"pwd": TEXT_KEY.encode()},
    }


def test_nothing_of_the_callers_is_changed_and_untouched_parts_are_shared(sanitizer: Sanitizer) -> None:
    event = {"clean": {"deep": ["a"]}, "dirty": {"password": "x", "n": [1]}}
    before = copy.deepcopy(event)
    redacted = sanitizer.redact(event)
    assert event == before
    assert redacted["clean"] is event["clean"]
    assert redacted["dirty"]["n"] is event["dirty"]["n"]


def test_a_secret_type_is_never_opened(sanitizer: Sanitizer) -> None:
    vault = Vault()
    assert sanitizer.redact({"a": vault}) == {"a": "[REDACTED:type]"}
    assert not vault.opened


def test_extra_fields_of_a_model_are_looked_at(sanitizer: Sanitizer) -> None:
    account = Account.model_validate({"name": "bob", "pin": "1", "api_key": "k"})
    assert sanitizer.redact(account)["api_key"] == TEXT_KEY


def test_a_string_of_an_own_type_is_looked_at(sanitizer: Sanitizer) -> None:
    class Text(str):
        __slots__ = ()

    plain = Text("plain")
    assert sanitizer.redact(plain) is plain
    assert sanitizer.redact(Text(TOKEN)) == GONE


def test_an_exceptions_chain_notes_and_group_are_looked_at(sanitizer: Sanitizer) -> None:
    inner = ValueError("inner")
    inner.add_note(f"note {TOKEN}")
    outer = RuntimeError("outer")
    outer.__cause__ = inner
    group = ExceptionGroup("group", [outer])
    text = sanitizer.redact(group)
    assert TOKEN not in text
    assert f"note {GONE}" in text
    inner.__context__ = outer
    assert "inner" in sanitizer.redact(outer)


def test_a_hostile_value_is_replaced_and_counted_and_its_neighbours_stay() -> None:
    metrics = TelemetryMetrics.declare(Catalog())
    redacted = Sanitizer(metrics=metrics).redact({"a": Hostile(), "b": [1, Hostile()], "c": "kept"})
    assert redacted == {"a": "[REDACTED:failed]", "b": [1, "[REDACTED:failed]"], "c": "kept"}
    assert metrics.redaction_errors.labels().value == 2


def test_circles_and_depth_are_bounded(sanitizer: Sanitizer) -> None:
    circle: list[Any] = []
    circle.append(circle)
    assert sanitizer.redact(circle) == ["[REDACTED:too-deep]"]
    deep: Any = TOKEN
    for _ in range(100):
        deep = [deep]
    assert TOKEN not in repr(sanitizer.redact(deep))
    wide = [[1] for _ in range(30_000)]
    assert sanitizer.redact(wide)[-1] == "[REDACTED:too-deep]"


def test_a_users_own_key_is_secret() -> None:
    assert Sanitizer(keys=["badge"]).redact({"Badge": "1"}) == {"Badge": TEXT_KEY}
