"""Personal data: switched on, all or by kind, by those who must not log it."""

from __future__ import annotations

import re
from hashlib import sha256
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from exai_sre.logs.sanitize.judge import passes_luhn
from exai_sre.logs.sanitize.rule import Rule, Span, start
from exai_sre.logs.sanitize.rules.iban import iban_span
from exai_sre.logs.sanitize.words import word_set

__all__ = ["PERSONAL_RULES"]

_LOCAL_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&*+?^_{|}~-")
_LONGEST_LOCAL: Final = 64
_TOP_LEVEL: Final = re.compile(r"[A-Za-z]{2,63}|xn--[A-Za-z0-9-]{2,59}")
_FEWEST_DIGITS: Final = 8
_MOST_DIGITS: Final = 15
_PHONE: Final = (
    r"\+[1-9](?<=" + start("+.") + r"\+[1-9])(?:[ .()/-]{0,2}+[0-9]){7,14}+(?![0-9])"
    r"|" + start(".+-") + r"\([0-9]{3}\)[ ]?[0-9]{3}-[0-9]{4}(?![\w-])"
    r"|" + start(".+-") + r"0?[1-9][0-9]{1,2}-[0-9]{3,4}-[0-9]{4}(?![\w-])"
)
# What stands before a number of four parts that is a version and no address.
_VERSION_WORD: Final = re.compile(
    r"(?i:\b(?:version|ver|v|release|rev|build|upgraded?|downgraded?|update[ds]?|install(?:ed|ing)?|from|to|tag|chrome|agent)"
    r"[ \t:=/]{1,3})$|(?i:\bv)$|[A-Za-z]/$"
)
_ADDRESS_WORD: Final = re.compile(r"(?i:\b(?:connection|request|packet|client|peer|host|address|addr|ip|remote)\b)")
_LOOKED_BACK: Final = 24
_BASE58: Final = {c: n for n, c in enumerate("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")}
_SAMPLE_SSN: Final = word_set("000000000 111111111 222222222 333333333 123456789 987654321")
_NEAR_SSN: Final = re.compile(r"(?i:ssn|social[ _-]?security)[^\n]{0,24}$")


def _address(text: str, match: re.Match[str]) -> Span | None:
    """The address around an at sign; its local part at most 64 characters (RFC 5321, 4.5.3.1.1)."""
    first = at = match.start()
    while first > 0 and at - first < _LONGEST_LOCAL and text[first - 1] in _LOCAL_CHARACTERS:
        first -= 1
    top_level = match["domain"].rpartition(".")[2]
    return (first, match.end()) if first < at and _TOP_LEVEL.fullmatch(top_level) else None


def _card(_text: str, match: re.Match[str]) -> Span | None:
    digits = "".join(character for character in match[0] if character.isdigit())
    return match.span() if passes_luhn(digits) and len(set(digits)) > 1 else None


def _number(_text: str, match: re.Match[str]) -> Span | None:
    digits = sum(character.isdigit() for character in match[0])
    return match.span() if _FEWEST_DIGITS <= digits <= _MOST_DIGITS else None


def _ipv4(text: str, match: re.Match[str]) -> Span | None:
    """An address of four numbers up to 255 that no word before it makes a version."""
    try:
        IPv4Address(match[0])
    except AddressValueError:
        return None
    before = text[max(0, match.start() - _LOOKED_BACK) : match.start()]
    version = _VERSION_WORD.search(before) is not None and _ADDRESS_WORD.search(before) is None
    return None if version else match.span()


def _ipv6(_text: str, match: re.Match[str]) -> Span | None:
    """An address by RFC 4291, 2.2, that is no time of day and no bare pair of colons."""
    found = match[0]
    if not any(character.isdigit() for character in found) or (found.count(":") < 3 and "::" not in found):
        return None
    try:
        IPv6Address(found)
    except AddressValueError:
        return None
    return match.span()


def _ssn(text: str, match: re.Match[str]) -> Span | None:
    """A number that the Social Security Administration can have given out, or the tax office (area from 900)."""
    digits = match[0].replace("-", "").replace(" ", "")
    if digits[:3] in ("000", "666") or digits[3:5] == "00" or digits[5:] == "0000" or digits in _SAMPLE_SSN:
        return None
    if (
        match[0].isdigit()
        and match[0] != text
        and not _NEAR_SSN.search(text, max(0, match.start() - 64), match.start())
    ):
        return None
    return match.span()


def _wallet(_text: str, match: re.Match[str]) -> Span | None:
    """An address in base 58 with a right check sum, or one in bech32 form."""
    found = match[0]
    if found.startswith("bc1"):
        return match.span()
    number = 0
    for character in found:
        number = number * 58 + _BASE58[character]
    raw = number.to_bytes(25, "big") if number < 256**25 else b""
    return match.span() if raw and sha256(sha256(raw[:21]).digest()).digest()[:4] == raw[21:] else None


PERSONAL_RULES: Final = (
    Rule(
        name="email",
        keywords=("@",),
        pattern=r"@(?P<domain>[A-Za-z0-9-]{1,63}+(?:\.[A-Za-z0-9-]{1,63}+){1,8}+)",
        true=("user «bob.4+x@mail.example.co.uk» logged in", '{"to":"«tv0@xn--bcher-kva.example»"}'),
        false=("git@b3pxt", "retry 3 @ 6ms", "@example.com is a domain"),
        locate=_address,
        about="e-mail address",
    ),
    Rule(
        name="iban",
        keywords=(),
        trigger=r"[A-Z]{2}[0-9]{2}[ -]?[A-Z0-9]{4}",
        shape=r"[A-Z]{2}[0-9]{2}[ -]?[A-Z0-9]{4}",
        pattern=r"(?<![A-Za-z0-9_/+=-])[A-Z]{2}[0-9]{2}(?:[ -]?+[A-Z0-9]){11,30}+",
        true=(
            "pay to «DE89 3704 0044 0532 0130 00» now",
            "«GB29NWBK60161331926819»",
            "«NO93 8601 1117 947» X in a sentence",
        ),
        false=("DE88 3704 0044 0532 0130 00", "ref CH2588763066615493418 note", "US12 is a zone"),
        locate=iban_span,
        about="international bank account number (ISO 13616)",
    ),
    Rule(
        name="card",
        keywords=(),
        trigger=r"[0-9]{4}[ -]?[0-9]{4}",
        shape=r"[0-9]{12}|[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}|[0-9]{4}[ -][0-9]{6}[ -]",
        pattern=(
            start(".-") + r"(?:[2-6][0-9]{12,18}+|[2-6][0-9]{3}(?P<gap>[ -])[0-9]{4}(?P=gap)[0-9]{4}(?P=gap)[0-9]{1,7}+"
            r"|3[47][0-9]{2}(?P<space>[ -])[0-9]{6}(?P=space)[0-9]{5})(?!\w|[.-][0-9])"
        ),
        true=("charge card «5177 8193 9070 0911» amount 645.00", "«4012888888881881» «4012-8888-8888-1881»"),
        false=("invoice 3528526515872033 archived", "p99=65.4012888888881881", "order 4012888888881881-7"),
        locate=_card,
        about="payment card number (ISO 7812, Luhn)",
    ),
    Rule(
        name="ssn",
        keywords=(),
        trigger=r"[0-9]{3}-?[0-9]{2}-?[0-9]{4}(?![0-9])",
        shape=r"[0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{4}",
        pattern=(
            r"(?<![\w.+/#$-])(?<![0-9] )[0-9]{3}(?:(?P<gap>[- ])[0-9]{2}(?P=gap)|-?[0-9]{2}-?)[0-9]{4}"
            r"(?!\w|[.,-][0-9]|-\w)"
        ),
        true=("ssn «281-48-9915» on file", "«078051121»", "SSN: «078051121» and «911-70-1234»"),
        false=("order 281-48-99155", "078-05-0000", "size 281489915 bytes", "000-12-3456"),
        locate=_ssn,
        about="US social security or individual taxpayer number",
    ),
    Rule(
        name="phone",
        keywords=(),
        trigger=r"[0-9]{3}-[0-9]{3,4}-?[0-9]|\+[1-9]|\([0-9]{3}\)",
        shape=r"[0-9]{3}-[0-9]{3,4}-?[0-9]|\+[1-9]|\([0-9]{3}\)",
        pattern=_PHONE,
        true=("sms to «+1 590-555-0151» queued", "call «(415) 555-0132» or «+49 30 2348873»", "«090-1234-5678»"),
        false=("order #664291-14 qty 54", "at 2026-04-23T20:47:22", "CVE-2026-27270", "tel +12"),
        locate=_number,
        about="phone number",
    ),
    Rule(
        name="ipv4",
        keywords=(),
        trigger=r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",
        shape=r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",
        pattern=r"(?<![\w.+-])(?<![\w.]:)[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w-]|\.[0-9])",
        true=("client «110.179.61.208» connected", "«75.39.106.27»:52344 -> «10.0.0.1»:443", "«10.0.0.0»/123"),
        false=("upgrade 6.64.830.9800 done", "version 3.11.2.1 is out", "1.2.3", "oid 1.3.6.1.4.1"),
        locate=_ipv4,
        about="IPv4 address",
    ),
    Rule(
        name="mac",
        keywords=(),
        trigger=r"[0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.",
        shape=r"[0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.",
        pattern=(
            r"(?<![\w:.-])(?:[0-9A-Fa-f]{2}(?P<gap>[:-])(?:[0-9A-Fa-f]{2}(?P=gap)){4}[0-9A-Fa-f]{2}"
            r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![\w:-]|\.[0-9])"
        ),
        true=("eth0 «00:1a:2B:3c:4d:5e» up", "«00-1A-2B-3C-4D-5E»", "port «001a.2b3c.4d5e»"),
        false=("10:2F:33-AC-29-C3", "at 20:33:20", "00:1a:2b:3c:4d"),
        about="hardware address (IEEE 802)",
    ),
    Rule(
        name="ipv6",
        keywords=(),
        trigger=r"::|(?:[0-9A-Fa-f]{1,4}:){4}",
        shape=r"::|(?:[0-9A-Fa-f]{1,4}:){4}",
        pattern=(
            r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{1,4}|(?<=::))(?![\w:]|\.[0-9])"
        ),
        true=(
            "peer [«2001:db8::cc0e:a946:4583:807»]:443",
            "«::ffff:192.0.2.1»",
            "gateway «fe80::1»%eth0",
            "«2001:db8:0:0:0:0:192.168.1.1»",
        ),
        false=("std::cout", "text2001:db8::1", "22:41:51 tick", "a::b"),
        locate=_ipv6,
        about="IPv6 address",
    ),
    Rule(
        name="wallet",
        keywords=(),
        trigger=r"bc1[a-z0-9]{20}|[13][1-9A-HJ-NP-Za-km-z]{25}",
        shape=r"bc1[a-z0-9]{20}|[13][1-9A-HJ-NP-Za-km-z]{25}",
        pattern=r"(?<![A-Za-z0-9])(?:bc1[ac-hj-np-z02-9]{11,71}+|[13][1-9A-HJ-NP-Za-km-z]{25,34}+)(?![A-Za-z0-9])",
        true=("sent to «16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ»", "«bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq»"),
        false=("16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyX", "bc1 is a prefix"),
        locate=_wallet,
        about="Bitcoin address",
    ),
)
