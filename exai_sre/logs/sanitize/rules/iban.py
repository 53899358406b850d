"""International bank account numbers: length by country and check digits by ISO 13616 and ISO 7064 (mod 97-10)."""

from __future__ import annotations

import re
from typing import Final

from exai_sre.logs.sanitize.rule import Span
from exai_sre.logs.sanitize.words import word_set

__all__ = ["iban_span", "passes_mod_97"]

# Length by country code, from the registry of ISO 13616.
_COUNTRIES: Final = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_LENGTHS: Final = {country: length for length, those in _COUNTRIES.items() for country in word_set(those)}
_BASIC: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]++")
# The basic bank account number where it holds digits alone; others hold letters too.
_DIGITS_ONLY: Final = word_set("AE AT BA BE CZ DE DK EE EG ES FI HR HU IL IS LT ME NO PL PT RS SE SI SK TN")


def iban_span(text: str, match: re.Match[str]) -> Span | None:
    """The number that a match begins with, by its country's length; ``None`` where it is none."""
    length = _LENGTHS.get(match[0][:2])
    if length is None:
        return None
    end, compact = match.start(), ""
    while end < match.end() and len(compact) < length:
        if text[end] not in " -":
            compact += text[end]
        end += 1
    follows = text[end : end + 1]
    if len(compact) < length or (follows and (follows.isalnum() or follows == "_")):
        return None
    if compact[:2] in _DIGITS_ONLY and not compact[4:].isdigit():
        return None
    return (match.start(), end) if passes_mod_97(compact) else None


def passes_mod_97(compact: str) -> bool:
    """Whether the check digits of a number without spaces are right."""
    if not _BASIC.fullmatch(compact):
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1
