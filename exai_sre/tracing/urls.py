"""URLs as they may stand in spans and logs: without credentials, otherwise byte for byte."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final
from urllib.parse import unquote_plus

__all__ = ["REDACTED", "redact_url", "redacting_url_filter"]

REDACTED: Final = "REDACTED"
"""Stands in for what was taken out (the semantic conventions' word for URLs)."""

_LONGEST: Final = 8192
_USERINFO = re.compile(r"//[^/?#]*@", re.ASCII)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", re.ASCII)
# One word of the name is enough.
_SENSITIVE: Final = frozenset(
    {"apikey", "auth", "authorization", "bearer", "cookie", "credential", "credentials", "jwt", "passphrase"}
    | {"passwd", "password", "pwd", "secret", "session", "sessionid", "sig", "signature", "token", "assertion"}
    | {"accesskey", "accesstoken", "authtoken", "secretkey", "awsaccesskeyid", "pass"}
)
# The whole name must match: as a part of a longer name these words are common and harmless.
_SENSITIVE_ALONE: Final = frozenset({"code", "key", "sid", "ticket", "nonce", "state"})
# Names such as access_key: harmless alone, a credential behind one of these.
_BEFORE_KEY: Final = frozenset({"access", "api", "auth", "client", "encryption", "private", "secret", "signing"})


def _sensitive(name: str) -> bool:
    decoded = unquote_plus(name)
    words = [word.lower() for word in _WORDS.findall(decoded)]
    if decoded.lower() in _SENSITIVE_ALONE or "".join(words) in _SENSITIVE:
        return True
    if not _SENSITIVE.isdisjoint(words):
        return words[-1] not in {"count", "expires", "expiry", "type", "limit", "algorithm", "version"}
    return any(after == "key" and before in _BEFORE_KEY for before, after in pairwise(words))


def _redact_pairs(text: str) -> str:
    if "=" not in text:
        return text
    pairs = []
    for pair in re.split(r"([&;])", text):
        name, equals, value = pair.partition("=")
        pairs.append(f"{name}={REDACTED}" if equals and value and _sensitive(name) else pair)
    return "".join(pairs)


def redact_url(url: str) -> str:
    """``url`` with its userinfo and the values of credential-like parameters replaced.

    Parameters are looked for in the query and in the fragment, also behind a path-like
    fragment (``#/done?token=...``); names count in any case and spelling. Everything else is
    unchanged, byte for byte. A text longer than 8192 characters is cut before it is read.
    """
    url = url[:_LONGEST]
    url = _USERINFO.sub(f"//{REDACTED}:{REDACTED}@", url, count=1) if "@" in url else url
    rest, hash_sign, fragment = url.partition("#")
    base, question, query = rest.partition("?")
    route, inner, parameters = fragment.partition("?")
    fragment = f"{_redact_pairs(route)}{inner}{_redact_pairs(parameters)}"
    return f"{base}{question}{_redact_pairs(query)}{hash_sign}{fragment}"


def redacting_url_filter(redact: Callable[[str], str] = redact_url) -> Callable[[Any], str]:
    """``redact`` for URLs of any type, as OpenTelemetry's instrumentation of aiohttp clients asks for it.

    A URL on which it fails becomes empty: the span is kept, and the request goes out.
    """

    def url_filter(url: Any) -> str:
        try:
            return redact(str(url))
        except Exception:
            return ""

    return url_filter
