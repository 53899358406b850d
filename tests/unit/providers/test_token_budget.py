from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.providers.base import Message
from server.providers.budget import MIN_OUTPUT_TOKENS, estimate_tokens, output_budget


def test_prose_is_overestimated_rather_than_underestimated() -> None:
    prose = "The quick brown fox jumps over the lazy dog. " * 100
    assert estimate_tokens([Message("user", prose)]) >= 1000  # ten tokens a sentence


def test_signs_outside_ascii_count_as_a_token_each() -> None:
    assert estimate_tokens([Message("user", "漢字" * 50)]) >= 100


@pytest.mark.parametrize(
    ("prompt", "asked", "expected"),
    [
        (100, None, 800),
        (600, None, 400),
        (744, None, MIN_OUTPUT_TOKENS),
        (745, None, None),
        (100, 50, 50),
        (100, 5000, 800),
        (300, 800, None),
        (999, 1, 1),
        (1000, 1, None),
        (2_000_000, None, None),
    ],
)
def test_prompt_and_answer_share_the_context(prompt: int, asked: int | None, expected: int | None) -> None:
    assert output_budget(prompt, asked, context=1000, max_output=800) == expected


@settings(max_examples=200, deadline=None)
@given(
    prompt=st.integers(0, 10_000),
    asked=st.none() | st.integers(1, 10_000),
    context=st.integers(2, 10_000),
    max_output=st.integers(1, 9_999),
)
def test_what_is_granted_fits_every_bound(prompt: int, asked: int | None, context: int, max_output: int) -> None:
    granted = output_budget(prompt, asked, context=context, max_output=max_output)
    if granted is not None:
        assert 1 <= granted <= max_output
        assert prompt + granted <= context
        assert asked is None or granted <= asked
