"""Personal data: switched on by those who must not log it."""

from __future__ import annotations

import re
from typing import Final

from exai_sre.logs.sanitize.judge import passes_luhn
from exai_sre.logs.sanitize.rule import Rule, Span, start

__all__ = ["PERSONAL_RULES"]

_LOCAL_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&*+?^_{|}~-")
_LONGEST_LOCAL: Final = 64
_TOP_LEVEL: Final = re.compile(r"[A-Za-z]{2,63}|xn--[A-Za-z0-9-]{2,59}")
_FEWEST_DIGITS: Final = 8
_MOST_DIGITS: Final = 15
_PHONE: Final = (
    start("+.") + r"\+[1-9](?:[ .()/-]{0,2}+[0-9]){7,14}+(?![0-9])"
    r"|" + start(".+-") + r"\([0-9]{3}\)[ ]?[0-9]{3}-[0-9]{4}(?![\w-])"
    r"|" + start(".+-") + r"0?[1-9][0-9]{1,2}-[0-9]{3,4}-[0-9]{4}(?![\w-])"
)


def _address(text: str, match: re.Match[str]) -> Span | None:
    """The address around an at sign; its local part at most 64 characters (RFC 5321, 4.5.3.1.1)."""
    start = at = match.start()
    while start > 0 and at - start < _LONGEST_LOCAL and text[start - 1] in _LOCAL_CHARACTERS:
        start -= 1
    top_level = match["domain"].rpartition(".")[2]
    return (start, match.end()) if start < at and _TOP_LEVEL.fullmatch(top_level) else None


def _card(_text: str, match: re.Match[str]) -> Span | None:
    digits = "".join(character for character in match[0] if character.isdigit())
    return match.span() if passes_luhn(digits) and len(set(digits)) > 1 else None


def _number(_text: str, match: re.Match[str]) -> Span | None:
    digits = sum(character.isdigit() for character in match[0])
    return match.span() if _FEWEST_DIGITS <= digits <= _MOST_DIGITS else None


PERSONAL_RULES: Final = (
    Rule(
        name="email",
        keywords=("@",),
        pattern=r"@(?P<domain>[A-Za-z0-9-]{1,63}+(?:\.[A-Za-z0-9-]{1,63}+){1,8}+)",
        true=("user «bob.4+x@mail.example.co.uk» logged in", '{"to":"«tv0@xn--bcher-kva.example»"}'),
        false=("git@b3pxt", "retry 3 @ 6ms", "@example.com is a domain", "user@10.0.0.1"),
        locate=_address,
    ),
    Rule(
        name="card",
        keywords=(),
        trigger=r"[0-9]{4}[ -]?[0-9]{4}",
        pattern=(
            start(".-") + r"(?:[2-6][0-9]{12,18}+|[2-6][0-9]{3}(?P<gap>[ -])[0-9]{4}(?P=gap)[0-9]{4}(?P=gap)[0-9]{1,7}+"
            r"|3[47][0-9]{2}(?P<space>[ -])[0-9]{6}(?P=space)[0-9]{5})(?!\w|[.-][0-9])"
        ),
        true=("charge card «5177 8193 9070 0911» amount 645.00", "«4012888888881881» «4012-8888-8888-1881»"),
        false=("invoice 3528526515872033 archived", "p99=65.4012888888881881", "order 4012888888881881-7"),
        locate=_card,
    ),
    Rule(
        name="phone",
        keywords=(),
        trigger=r"[0-9]{4}",
        pattern=_PHONE,
        true=("sms to «+1 590-555-0151» queued", "call «(415) 555-0132» or «+49 30 2348873»", "«090-1234-5678»"),
        false=("order #664291-14 qty 54", "at 2026-04-23T20:47:22", "CVE-2026-27270", "ssn 078-05-1120"),
        locate=_number,
    ),
)
