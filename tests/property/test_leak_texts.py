"""Leak proof of the exits that take texts: labels, exemplars, baggage, files and streams."""

from __future__ import annotations

from itertools import cycle
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.logs.sanitize import Sanitizer
from exai_sre.logs.sanitize.stream import StreamRedactor
from tests.property.leak_carriers import TEXTS
from tests.property.leak_cases import notices, prove
from tests.property.leak_exits import OF_TEXTS, SANITIZER
from tests.property.leak_secrets import TOKENS, fragments


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", OF_TEXTS)
def test_no_piece_of_a_secret_comes_out(name: str) -> None:
    prove(name)


@pytest.mark.parametrize("name", OF_TEXTS)
def test_the_proof_sees_a_leak(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sanitizer, "redact", lambda _self, event: event)
    monkeypatch.setattr(Sanitizer, "redact_text", lambda _self, text: text)
    assert notices(name)


LINES = st.lists(
    st.one_of(
        st.sampled_from(["request served route=/v1/chat status=200", "", "a: b", "-----BEGIN a", "x," * 300]),
        st.tuples(st.sampled_from(sorted(TEXTS)), st.sampled_from(sorted(TOKENS)), st.integers(0, 999)),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(LINES, st.lists(st.integers(1, 400), min_size=1, max_size=5), st.booleans(), st.integers(0, 3))
def test_however_a_stream_is_cut_into_pieces_no_secret_comes_out(
    lines: list[Any], sizes: list[int], eager: bool, repeats: int
) -> None:
    """Secrets lie across the bounds of pieces, lines and blocks."""
    texts, secrets = [], []
    for line in lines:
        if isinstance(line, tuple):
            carrier, kind, seed = line
            secrets.append(TOKENS[kind](Random(seed)))
            line = TEXTS[carrier](secrets[-1])
        texts.append(line)
    text = ("\n".join(texts) + "\n" + "padding " * 400) * 4**repeats
    stream = StreamRedactor(SANITIZER.redact_text, eager=eager)
    out, at, size = "", 0, cycle(sizes)
    while at < len(text):
        step = next(size) * 7**repeats
        out, at = out + stream.feed(text[at : at + step]), at + step
    out += stream.finish()
    assert not [piece for secret in secrets for piece in fragments(secret) if piece in out]
    assert out.count("padding ") == text.count("padding ")
    assert stream.thrown_away == 0
