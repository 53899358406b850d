"""Leak proof of the exits that take any value: logs in every form, spans, OpenTelemetry's logs."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import pytest

from exai_sre.logs.sanitize import Sanitizer
from tests.property.leak_cases import CASES, EXITS, PER_EXIT, combinations, notices, prove
from tests.property.leak_exits import OF_VALUES


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", OF_VALUES)
def test_no_piece_of_a_secret_comes_out(name: str) -> None:
    prove(name)


@pytest.mark.parametrize("name", OF_VALUES)
def test_the_proof_sees_a_leak(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sanitizer, "redact", lambda _self, event: event)
    monkeypatch.setattr(Sanitizer, "redact_text", lambda _self, text: text)
    assert notices(name)


def test_all_exits_together_take_as_many_cases_as_asked_for() -> None:
    assert PER_EXIT * len(EXITS) >= CASES


@pytest.mark.parametrize("name", OF_VALUES)
def test_nothing_of_the_callers_changes_on_the_way_out(name: str) -> None:
    for kind, draw, carrier, build in combinations(name):
        secret = draw(Random(carrier))
        value, twin = build(secret), build(secret)
        EXITS[name]([value])
        assert state(value) == state(twin), (kind, carrier)


def state(value: Any) -> str:
    """All that one can see of a value: its texts, and of an exception what hangs on it."""
    inner = [vars(value)] if hasattr(value, "__dict__") else []
    if isinstance(value, BaseException):
        inner += [value.args, value.__cause__, value.__context__, getattr(value, "__notes__", None)]
    return re.sub("0x[0-9a-f]+", "0x", f"{value!r} {value!s} {inner!r}")
