"""Properties of redaction: no leak in any carrier, idempotence, copy on write, one line per event."""

from __future__ import annotations

import base64
import copy
import io
import json
import string
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.logs import LogTail, Sanitizer, configure_logging, get_logger, shutdown_logging
from exai_sre.logs.renderers import RENDERERS, renderer_for
from exai_sre.logs.sanitize import marker
from exai_sre.logs.sanitize.words import word_set

SANITIZER = Sanitizer()
EVERYTHING = Sanitizer(pii=True)
ALPHANUMERIC = string.ascii_letters + string.digits


def drawn(characters: str, length: int) -> st.SearchStrategy[str]:
    return st.text(characters, min_size=length, max_size=length).filter(lambda text: len(set(text)) > 6)


HEX = string.digits + "abcdef"
KINDS = {
    "glm": st.tuples(drawn(HEX, 32), drawn(ALPHANUMERIC, 16)).map(".".join),
    "kimi": drawn(ALPHANUMERIC, 48).map("sk-{}".format),
    "github": drawn(ALPHANUMERIC, 36).map("ghp_{}".format),
    "supabase": drawn(ALPHANUMERIC + "_-", 31).map("sb_secret_{}".format),
    "aws": drawn(string.ascii_uppercase + string.digits, 16).map("AKIA{}".format),
    "jwt": st.tuples(drawn(ALPHANUMERIC, 33), drawn(ALPHANUMERIC, 40), drawn(ALPHANUMERIC + "_-", 43)).map(
        lambda parts: f"eyJ{parts[0]}.eyJ{parts[1]}.{parts[2]}"
    ),
}
TOKENS = st.one_of(*KINDS.values())
PASSWORDS = st.tuples(drawn(ALPHANUMERIC, 10), st.sampled_from("%$#!@^*+~"), drawn(ALPHANUMERIC, 8)).map("".join)
KEYS = st.sampled_from(
    sorted(
        word_set(
            "password pwd passwd secret client_secret clientSecret api_key X-API-Key smtp_pass encryption_key "
            "auth_token DB_PASSWORD webhook-secret private_key refreshToken"
        )
    )
)


def raised(secret: str) -> Exception:
    inner = ValueError("inner")
    inner.add_note(f"note {secret}")
    outer = ExceptionGroup(f"several {secret}", [inner])
    outer.__cause__ = KeyError(secret)
    return outer


CARRIERS: dict[str, Callable[[str], Any]] = {
    "text": lambda secret: f"provider rejected key {secret} (401)",
    "sentence end": lambda secret: f"it was {secret}.",
    "quoted": lambda secret: f'client = C("{secret}")',
    "dict": lambda secret: {"a": {"b": [1, (secret,)]}},
    "key": lambda secret: {secret: 1},
    "set": lambda secret: {secret},
    "bytes": lambda secret: b"x " + secret.encode(),
    "json": lambda secret: json.dumps({"args": {"k": secret}}),
    "json in json": lambda secret: json.dumps(json.dumps({"nested": {"k": secret}})),
    "environment": lambda secret: f"env: EX_KEY={secret} PORT=8079",
    "header": lambda secret: f"Authorization: Bearer {secret}",
    "query": lambda secret: f"GET https://h.example/v1?page=2&api_key={secret}&n=1",
    "userinfo": lambda secret: f"https://bot:{secret}@h.example/a",
    "exception": raised,
    "traceback": lambda secret: f"  File 'a.py', line 3\n    f({secret!r})\nValueError: {secret}",
    "escaped line end": lambda secret: f"first\\n{secret}\\nlast",
}


@settings(max_examples=150, deadline=None)
@given(TOKENS, st.sampled_from(sorted(CARRIERS)))
def test_no_token_leaks_in_any_carrier(secret: str, carrier: str) -> None:
    redacted = SANITIZER.redact(CARRIERS[carrier](secret))
    assert secret not in repr(redacted)


NOTATIONS: dict[str, Callable[[str, str], tuple[str, str]]] = {
    "assignment": lambda key, secret: (f"cfg {key}=", " end"),
    "colon": lambda key, secret: (f"cfg {key}: ", " end"),
    "single quotes": lambda key, secret: (f"cfg {key}: '", "' end"),
    "double quotes": lambda key, secret: (f'cfg {key} = "', '" end'),
    "json": lambda key, secret: (f'{{"a":1,"{key}":"', '","b":2}'),
    "escaped json": lambda key, secret: (f'{{\\"{key}\\": \\"', '\\", \\"b\\": 2}'),
    "twice escaped json": lambda key, secret: (f'\\\\\\"{key}\\\\\\":\\\\\\"', '\\\\\\"}'),
    "option": lambda key, secret: (f"run --{key} ", " --verbose"),
    "option with equals": lambda key, secret: (f"run --{key}=", " --verbose"),
    "call": lambda key, secret: (f"Client({key}='", "', n=1)"),
    "xml": lambda key, secret: (f"<{key}>", f"</{key}>"),
    "log line": lambda key, secret: (f"{key}=", ", user=bob"),
    "escaped line": lambda key, secret: (f"first\\n{key}=", "\\nlast=1"),
}


@settings(max_examples=200, deadline=None)
@given(KEYS, PASSWORDS, st.sampled_from(sorted(NOTATIONS)))
def test_a_keyed_password_goes_and_every_byte_around_it_stays(key: str, secret: str, notation: str) -> None:
    before, after = NOTATIONS[notation](key, secret)
    redacted = SANITIZER.redact_text(f"{before}{secret}{after}")
    assert redacted.startswith(before)
    assert redacted.endswith(after)
    assert redacted[len(before) : len(redacted) - len(after)].startswith("[REDACTED:")
    assert secret not in redacted


@settings(max_examples=100, deadline=None)
@given(st.text(string.printable.strip(), min_size=4, max_size=20), st.sampled_from(["bob", "svc-user", ""]))
def test_the_password_of_a_url_goes_and_the_rest_stays(password: str, user: str) -> None:
    quoted = "".join(c if c.isalnum() else f"%{ord(c):02X}" for c in password) + "aZ9"
    redacted = SANITIZER.redact_text(f"redis://{user}:{quoted}@db-1.internal:6379/0?ssl=1 failed")
    stand_in = marker("url-password", len(quoted))
    assert redacted == f"redis://{user}:{stand_in}@db-1.internal:6379/0?ssl=1 failed"


@settings(max_examples=50, deadline=None)
@given(drawn(ALPHANUMERIC + "%$#:", 20), st.sampled_from(["Basic", "basic"]))
def test_basic_credentials_go_wherever_they_stand(credentials: str, scheme: str) -> None:
    encoded = base64.b64encode(f"bob:{credentials}".encode()).decode()
    assert encoded not in SANITIZER.redact_text(f"sent {scheme} {encoded}")


PIECES = st.sampled_from(
    [
        *"\"'`\\=:,;&?@/ <>[](){}$%-._#\n",
        *("password", "token", "key", "api_key", "--secret", "Authorization", "Bearer", "Basic", "cookie", "curl -u "),
        *("://", "%3D", "%26", "=>", "xxxxxx", "***", "${A}", "[REDACTED:jwt]", "[REDACTED:", "]", "a1b2c3d4e5f6", "7"),
        *("hunter2", "bob", "AKIA" + "Q2W3E4R5T6Y7U2I3", "ghp_" + "aB3dE6gH9j" * 3 + "kL1mN4", "user@mail.example"),
        *("eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "4012888888881881", "+49 30 2348873", "\\n", "é", "\u2028", "\x00"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_redacting_twice_is_redacting_once(text: str) -> None:
    for sanitizer in (SANITIZER, EVERYTHING):
        once = sanitizer.redact_text(text)
        assert sanitizer.redact_text(once) == once
        assert once != "[REDACTED:failed]"


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=12), st.binary(max_size=8)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.sampled_from(["a", "b", "password", "n_tokens", "key"]), inner, max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_nothing_of_the_callers_changes_and_a_second_look_finds_nothing(value: Any) -> None:
    before = copy.deepcopy(value)
    redacted = SANITIZER.redact(value)
    assert value == before
    assert SANITIZER.redact(redacted) is redacted


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=20), st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=3)),
        min_size=1,
        max_size=4,
    )
)
def test_every_event_is_one_line_in_every_renderer(events: list[tuple[str, dict[str, str]]]) -> None:
    for name in RENDERERS:
        render = renderer_for(name)
        lines = [render(None, "info", {"event": said, **fields}) for said, fields in events]
        assert len("\n".join(lines).splitlines()) == len(events)
        "".join(lines).encode("utf-8")


@pytest.mark.parametrize("renderer", RENDERERS)
def test_no_secret_reaches_any_exit_of_the_log(renderer: str) -> None:
    secret = "ghp_" + "aB3dE6gH9j" * 3 + "kL1mN4"
    stream, tail, seen = io.StringIO(), LogTail(), list[dict[str, object]]()
    tail.on_line(seen.append)
    configure_logging("svc", renderer, stream=stream, tail=tail)
    try:
        for name, carrier in CARRIERS.items():
            get_logger("a").info(f"{name} {carrier(secret)!r}", value=carrier(secret), exc_info=raised(secret))
    finally:
        shutdown_logging()
        structlog.reset_defaults()
    assert secret not in stream.getvalue()
    assert secret not in repr(tail.lines())
    assert len(stream.getvalue().splitlines()) == len(seen) == len(CARRIERS)
