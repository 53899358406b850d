"""Secrets drawn at random for the leak proof: some known by their form, some by their key alone."""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Callable, Iterable
from random import Random

LOWER_HEX = string.digits + "abcdef"
ALPHANUMERIC = string.ascii_letters + string.digits
URL_SAFE = ALPHANUMERIC + "_-"
UPPER = string.ascii_uppercase + "234567"


def drawn(draw: Random, characters: str, length: int) -> str:
    """Characters at random, ending in one that a word may end in."""
    return "".join(draw.choices(characters, k=length - 2)) + draw.choice("ace") + draw.choice("357")


def jwt(draw: Random) -> str:
    payload = base64.urlsafe_b64encode(f'{{"sub":"{drawn(draw, ALPHANUMERIC, 18)}"}}'.encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{payload}.{drawn(draw, ALPHANUMERIC, 43)}"


TOKENS: dict[str, Callable[[Random], str]] = {
    "anthropic": lambda draw: f"sk-ant-api03-{drawn(draw, ALPHANUMERIC, 93)}AA",
    "aws": lambda draw: f"AKIA{''.join(draw.choices(UPPER, k=16))}",
    "github": lambda draw: f"ghp_{drawn(draw, ALPHANUMERIC, 36)}",
    "gitlab": lambda draw: f"glpat-{drawn(draw, ALPHANUMERIC, 20)}",
    "glm": lambda draw: f"{drawn(draw, LOWER_HEX, 32)}.{drawn(draw, ALPHANUMERIC, 16)}",
    "google": lambda draw: f"AIza{drawn(draw, ALPHANUMERIC, 35)}",
    "jwt": jwt,
    "kimi": lambda draw: f"sk-{drawn(draw, ALPHANUMERIC, 48)}",
    "slack": lambda draw: f"xoxb-{draw.randrange(10**11, 10**12)}-{drawn(draw, ALPHANUMERIC, 24)}",
    "supabase": lambda draw: f"sb_secret_{drawn(draw, ALPHANUMERIC, 31)}",
}
"""Secrets that give themselves away, wherever they stand."""


def password(draw: Random) -> str:
    return f"{drawn(draw, ALPHANUMERIC, 10)}{draw.choice('%$!^*~')}{drawn(draw, ALPHANUMERIC, 9)}"


PASSWORDS: dict[str, Callable[[Random], str]] = {
    "password": password,
    "hex": lambda draw: drawn(draw, LOWER_HEX, 24),
    "words": lambda draw: f"{drawn(draw, string.ascii_lowercase, 9)}{drawn(draw, string.ascii_lowercase, 9)}",
}
"""Secrets that only the key before them gives away."""

_RUN = re.compile("[A-Za-z0-9]{8,}")


def fragments(secret: str) -> Iterable[str]:
    """Pieces of eight letters and digits, which no escaping changes: beginning, middle and end of each run.

    The first run of a token may begin with its public prefix, which does not count.
    """
    for run in _RUN.findall(secret):
        yield run[-8:]
        middle = len(run) // 2
        yield run[middle - 4 : middle + 4]
        yield run[min(4, len(run) - 8) :][:8]


def in_base64(secret: str) -> str:
    return base64.b64encode(f"bob:{secret}".encode()).decode()
