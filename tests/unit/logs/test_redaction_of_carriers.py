"""Carriers that a look at dicts, lists and texts alone would miss."""

from __future__ import annotations

import dataclasses
import http.cookies
import os
from collections import deque, namedtuple
from typing import Any, NamedTuple

import httpx
import pydantic
import pytest
import yarl
from multidict import CIMultiDict

from exai_sre.logs.sanitize import Sanitizer, marker
from exai_sre.logs.sanitize.exception import exception_text
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import TelemetryMetrics

TOKEN = "ghp_" + "aB3dE6gH9j" * 3 + "kL1mN4"
GONE = marker("github-token", len(TOKEN))
PASSWORD = "hunter2horse"
KEY = marker("key", len(PASSWORD))
TYPE = marker("type")
SANITIZER = Sanitizer()


class Login(NamedTuple):
    user: str
    password: str


@dataclasses.dataclass
class Handle:
    name: str
    material: str = dataclasses.field(repr=False)
    note: str | None = dataclasses.field(default=None, repr=False)


class Model(pydantic.BaseModel):
    name: str
    inner: str = pydantic.Field(repr=False)
    outer: str = pydantic.Field(exclude=True)


class Attribute(NamedTuple):
    name: str
    repr: object = True


class AttrsLike:
    __attrs_attrs__ = (Attribute("user"), Attribute("password", repr=str), Attribute("kept", repr=False))

    def __init__(self, password: str) -> None:
        self.user, self.password, self.kept = "bob", password, "out of sight"

    def __repr__(self) -> str:
        return f"AttrsLike(user={self.user!r})"


class StructLike:
    __struct_fields__ = ("user", "password", "never_set")

    def __init__(self, password: str) -> None:
        self.user, self.password = "bob", password


class Secret:
    """As Starlette's: ``str`` shows it."""

    def __str__(self) -> str:
        return PASSWORD


class Quiet(Exception):
    """Says nothing, and keeps what it was given."""

    def __str__(self) -> str:
        return "refused"


class Talkative:
    def __repr__(self) -> str:
        return "Talkative()"

    def __str__(self) -> str:
        return f"token {TOKEN}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Login("bob", PASSWORD), Login("bob", KEY)),
        (Handle("a", PASSWORD), {"name": "a", "material": TYPE, "note": None}),
        (Model(name="a", inner="b", outer="c"), {"name": "a", "inner": TYPE, "outer": TYPE}),
        (AttrsLike(PASSWORD), {"user": "bob", "password": KEY, "kept": TYPE}),
        (StructLike(PASSWORD), {"user": "bob", "password": KEY}),
        (Secret(), TYPE),
        (deque([TOKEN]), [GONE]),
        ({b"authorization": b"Bearer x"}, {b"authorization": marker("key", 8).encode()}),
        ([(b"host", b"a"), (b"x-api-key", PASSWORD.encode())], [(b"host", b"a"), (b"x-api-key", KEY.encode())]),
        ([["accept", "*/*"], ["x-api-key", PASSWORD]], [["accept", "*/*"], ["x-api-key", KEY]]),
        ({"password": PASSWORD}.items(), [("password", KEY)]),
        ({"name": "X-Api-Key", "value": PASSWORD}, {"name": "X-Api-Key", "value": KEY}),
        ({"Key": "db_password", "Value": PASSWORD}, {"Key": "db_password", "Value": KEY}),
        (["mysql", "--password", PASSWORD], ["mysql", "--password", marker("key-value", len(PASSWORD))]),
        (("run", "--token", TOKEN, "-v"), ("run", "--token", GONE, "-v")),
        (CIMultiDict({"Authorization": "Bearer x"}), {"Authorization": marker("key", 8)}),
        (TOKEN.encode("utf-16-le"), GONE.encode()),
        (TOKEN.encode("utf-32"), None),
        (memoryview(TOKEN.encode()), GONE.encode()),
        (Talkative(), "Talkative()"),
        (Quiet(TOKEN), f"{Quiet.__module__}.Quiet: refused"),
        ({Login("bob", PASSWORD): 1}, {Login("bob", KEY): 1}),
        ({(TOKEN,): 1}, {(GONE,): 1}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_secret_is_taken_out_of_it(value: Any, expected: Any) -> None:
    redacted = SANITIZER.redact(value)
    assert TOKEN not in repr(redacted)
    assert PASSWORD not in repr(redacted)
    if expected is not None:
        assert redacted == expected
    assert SANITIZER.redact(redacted) is redacted


@pytest.mark.parametrize(
    "value",
    [
        namedtuple("Point", "x y")(1, 2),
        [("token", "the"), ("token", "cat")],
        ["password", "email"],
        [("password", "missing"), ("user", "required")],
        {"name": "max_tokens", "value": "4096"},
        {"name": "secret_count", "value": 4},
        {"value": PASSWORD},
        ["ls", "-l", "src"],
        [1, "--password", PASSWORD],
        {1: 2, None: 3, ("a", 1): 4},
        "plain".encode("utf-16"),
        AttrsLike("").__class__,
        range(10**12),
        http.cookies.SimpleCookie("theme=dark"),
        deque([1, 2]),
        os.path,
        10**40,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_only_looks_alike_comes_back_as_the_same_object(value: Any) -> None:
    assert SANITIZER.redact(value) is value


@pytest.mark.parametrize("kind", [yarl.URL, httpx.URL])
def test_the_password_of_a_url_object_goes_whichever_of_its_texts_shows_it(kind: Any) -> None:
    redacted = SANITIZER.redact({"url": kind(f"https://bob:{PASSWORD}@h.example/a")})
    assert PASSWORD not in f"{redacted} {redacted['url']!s} {redacted['url']!r}"


def test_a_number_is_personal_data_where_its_digits_are() -> None:
    card = 4012888888881881
    assert Sanitizer(pii=["card"]).redact({"n": card}) == {"n": marker("card", 16)}
    assert Sanitizer(pii=["card"]).redact({"n": card + 1}) == {"n": card + 1}
    assert SANITIZER.redact({"n": card}) == {"n": card}


def test_keys_that_become_the_same_keep_their_values() -> None:
    redacted = SANITIZER.redact({TOKEN: 1, TOKEN[:-1] + "5": 2, TOKEN[:-1] + "6": 3})
    assert redacted == {GONE: 1, f"{GONE}#2": 2, f"{GONE}#3": 3}
    assert SANITIZER.redact(redacted) is redacted


def test_a_key_that_could_be_no_key_any_more_becomes_text() -> None:
    @dataclasses.dataclass(frozen=True)
    class Pair:
        user: str
        password: str

    redacted = SANITIZER.redact({Pair("bob", PASSWORD): 1, "b": 2})
    assert list(redacted.values()) == [1, 2]
    assert PASSWORD not in repr(redacted)
    assert "bob" in repr(redacted)


def test_a_value_that_fails_under_a_telling_key_goes_and_its_neighbours_stay() -> None:
    class Endless(list[int]):
        def __len__(self) -> int:
            raise OSError(TOKEN)

    metrics = TelemetryMetrics.declare(Catalog())
    redacted = Sanitizer(metrics=metrics).redact({"event": "kept", "password": Endless(), "n": 1})
    assert redacted == {"event": "kept", "password": marker("key"), "n": 1}
    assert metrics.redaction_errors.labels().value == 1


def test_a_long_chain_of_exceptions_is_bounded_and_each_is_told_once() -> None:
    first = error = ValueError("0")
    for number in range(1, 3000):
        later = ValueError(str(number))
        later.__context__ = error
        later.__cause__ = first
        error = later
    text = exception_text(error)
    assert text.splitlines()[:3] == ["ValueError: 2999", "ValueError: 0", "ValueError: 2998"]
    assert text.splitlines()[-1] == "... and further exceptions"
    assert len(text.splitlines()) == 257


def test_members_of_a_group_come_in_order_behind_causes() -> None:
    group = ExceptionGroup("g", [ValueError("a"), ExceptionGroup("h", [KeyError("b")]), OSError("c")])
    group.__cause__ = TypeError("why")
    assert [line.split(" (")[0] for line in exception_text(group).splitlines()] == [
        "ExceptionGroup: g",
        "TypeError: why",
        "ValueError: a",
        "ExceptionGroup: h",
        "KeyError: 'b'",
        "OSError: c",
    ]


VALUE = marker("key-value", len(PASSWORD))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{b'x-api-key': b'~'}", f"{{b'x-api-key': b'{VALUE}'}}"),
        ("[(b'host', b'h'), (b'x-api-key', b'~')]", f"[(b'host', b'h'), (b'x-api-key', b'{VALUE}')]"),
        ("{'name': 'DB_PASSWORD', 'value': '~'}", f"{{'name': 'DB_PASSWORD', 'value': '{VALUE}'}}"),
        ('{"name":"DB_PASSWORD","value":"~"}', f'{{"name":"DB_PASSWORD","value":"{VALUE}"}}'),
        ('{"cookies": ["~"], "n": [1]}', f'{{"cookies": ["{VALUE}"], "n": [1]}}'),
        ('{\\"secrets\\": [\\"~\\"]}', f'{{\\"secrets\\": [\\"{VALUE}\\"]}}'),
        ('secrets: ["~', 'secrets: ["~'),
        ('secrets: ["~"', f'secrets: ["{VALUE}"'),
        ("secrets=['~', ['a']] n", f"secrets=[{marker('key-value', 21)}] n"),
        ('"secrets": ["a]b", "~"], 1', f'"secrets": ["{marker("key-value", 19)}"], 1'),
        ('"password": ["This field is required."]', '"password": ["This field is required."]'),
        ('"password": ["required"]', '"password": ["required"]'),
        ('x="password", "y": 3', 'x="password", "y": 3'),
    ],
)
def test_the_text_of_a_structure_gives_away_what_the_structure_does(text: str, expected: str) -> None:
    redacted = SANITIZER.redact_text(text.replace("~", PASSWORD))
    assert redacted == expected.replace("~", PASSWORD)
    assert SANITIZER.redact_text(redacted) == redacted


def test_credentials_of_several_parts_go_to_the_end_of_the_line() -> None:
    text = SANITIZER.redact_text("Authorization: Digest username=bob, response=6629fae49393a053")
    assert text.startswith("Authorization: Digest [REDACTED:authorization:")
    assert text.endswith("+]")
    assert "bob" not in text
