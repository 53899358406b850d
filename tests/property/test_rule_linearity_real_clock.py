"""Twice the text takes each rule at most about twice the time, whatever the text.

CI looks at each rule with one hostile text of 32 KiB; ``EXAI_LINEARITY_SIZE=1048576`` looks with
all of them at texts up to 1 MiB.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator

import pytest

from exai_sre.logs.sanitize import PERSONAL_RULES, SECRET_RULES, Rule, Sanitizer
from exai_sre.logs.sanitize.engine import Engine
from exai_sre.logs.sanitize.rule import unmark

SIZE = int(os.environ.get("EXAI_LINEARITY_SIZE", "0")) or 32 * 1024
FULL = "EXAI_LINEARITY_SIZE" in os.environ
MOST = 2.2
ATTEMPTS = 12
RULES = (*SECRET_RULES, *PERSONAL_RULES)
SLICES = 8


def hostile(rule: Rule) -> Iterator[str]:
    """What makes a rule begin again and again: its own example cut short, its keywords, what may follow them."""
    text, secrets = unmark(rule.true[0])
    yield text.replace(secrets[0], secrets[0][:-1] + "~ ")
    if FULL:
        keyword = rule.names[0] if rule.names else rule.keywords[0] if rule.keywords else secrets[0][:4]
        yield from (f"{keyword} ", keyword, f"{keyword}=", f'{keyword}: "', f"{keyword}\\\\\\", secrets[0][:-1])


def seconds(run: Callable[[str], object], text: str) -> float:
    began = time.process_time()
    run(text)
    return time.process_time() - began


def slope(run: Callable[[str], object], piece: str) -> float:
    """Time of a text by that of its half; where that looks too much, of a text eight times as long.

    Short times are blurred by what else the processor does; growth faster than the text only
    shows more with its length.
    """
    short = slope_at(run, piece, SIZE)
    return short if short <= MOST else slope_at(run, piece, 8 * SIZE)


def slope_at(run: Callable[[str], object], piece: str, size: int) -> float:
    """The slope for a text of that size, of several attempts the least."""
    whole = (piece * (size // len(piece) + 1))[:size] + "!"
    half = whole[: size // 2] + "!"
    least = float("inf")
    halves, wholes = [], []
    for _ in range(ATTEMPTS):
        halves.append(seconds(run, half))
        wholes.append(seconds(run, whole))
        least = min(wholes) / max(min(halves), 0.0002)
        if least <= MOST:
            break
    return least


@pytest.mark.parametrize("part", range(SLICES))
def test_each_rule_alone_is_linear_real_clock(part: int) -> None:
    gc.disable()
    try:
        slow = {}
        for rule in RULES[part::SLICES]:
            engine = Engine([rule], scanner="plain")
            for piece in hostile(rule):
                found = slope(lambda text, engine=engine: engine.apply(text, lambda _: None), piece)  # type: ignore[misc]
                if found > MOST:
                    slow[rule.name, piece] = found
    finally:
        gc.enable()
    assert slow == {}


def test_a_rule_that_is_not_linear_would_be_seen_real_clock() -> None:
    quadratic = Rule(name="slow", keywords=("a",), pattern="a+$b", true=("«a»",))
    engine = Engine([quadratic], scanner="plain")
    size = 500
    times = [
        min(seconds(lambda text: engine.apply(text, lambda _: None), "a" * n) for _ in range(3))
        for n in (size, 4 * size)
    ]
    assert times[1] / times[0] > 2 * MOST


@pytest.mark.parametrize("scanner", ["plain", "aho-corasick", "hyperscan"])
def test_the_whole_sanitizer_is_linear_real_clock(scanner: str) -> None:
    sanitizer = Sanitizer(pii=True, scanner=scanner, limit=1 << 22)
    for piece in ("token=", "key: 'a1b2c3d4e5f6' ", "a@b.c ", "sk-", "eyJaaaaaaaaaa.", "0123456789abcdef", "1.", "::"):
        assert slope(sanitizer.redact_text, piece) <= MOST
