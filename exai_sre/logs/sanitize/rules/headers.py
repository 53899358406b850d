"""Secrets in HTTP header fields, as headers, in curl commands and in dumps of mappings."""

from __future__ import annotations

import binascii
import re
from typing import Final

from exai_sre.logs.sanitize.judge import is_secret, is_token
from exai_sre.logs.sanitize.keys import Sensitivity
from exai_sre.logs.sanitize.rule import Rule, Span, behind
from exai_sre.logs.sanitize.values import line_span, value_span
from exai_sre.logs.sanitize.words import word_set

__all__ = ["HEADER_RULES"]

_BETWEEN: Final = r"""(?:\\{0,15}+["'`])?+\]?+[ \t]{0,8}+(?:=>|[:=,])[ \t]{0,8}+(?:\\{0,15}+["'`])?+"""
_SCHEMES: Final = word_set("apikey basic bearer bot dpop key negotiate ntlm oauth splunk ssws token")
_SCHEMES_OF_SEVERAL_PARTS: Final = word_set("aws4-hmac-sha256 digest hawk hmac hmac-sha256 signature")


def _credentials(text: str, match: re.Match[str]) -> Span | None:
    """The credentials behind the scheme; without a known scheme the first word that can be a credential."""
    scheme = match["scheme"] or ""
    if scheme in _SCHEMES_OF_SEVERAL_PARTS:
        return line_span(text, match.end())
    if scheme and scheme not in _SCHEMES:
        if is_token(text[slice(*match.span("scheme"))]):
            return match.span("scheme")
        if not is_secret(scheme, Sensitivity.STRONG):
            return None
    return value_span(text, match.end(), Sensitivity.STRONG)


def _bearer(text: str, match: re.Match[str]) -> Span | None:
    return value_span(text, match.end(), Sensitivity.WEAK)


def _basic(text: str, match: re.Match[str]) -> Span | None:
    try:
        decoded = binascii.a2b_base64(text[slice(*match.span("secret"))], strict_mode=True)
    except binascii.Error:
        return None
    return match.span("secret") if b":" in decoded else None


def _curl_user(_text: str, match: re.Match[str]) -> Span | None:
    return match.span("secret") if is_secret(match["secret"], Sensitivity.STRONG) else None


HEADER_RULES: Final = (
    Rule(
        name="authorization",
        about="credentials in an Authorization or Proxy-Authorization field",
        keywords=("authorization",),
        pattern=rf"authorization{_BETWEEN}(?:(?P<scheme>[a-z][a-z0-9_-]{{1,31}}+)[ \t]{{1,4}}+)?+",
        folded=True,
        true=(
            "Proxy-Authorization: Basic «dXNlcjpKaGhuWWlr»",
            '"authorization": "Bearer «abc-123»"',
            "{'Authorization': 'Token «abc-123»', 'Accept': '*/*'}",
            'curl -H "Authorization: «abc123xyz789»" https://example.com',
            "Authorization: «abc123xyz789» was refused",
            'Authorization: Digest «username="bob", realm="r", response="6629fae49393a053"»',
            "authorization=AWS4-HMAC-SHA256 «Credential=AKIA/2026, Signature=fe5f80»",
            "Authorization: Custom «zzy»",
        ),
        false=(
            "Authorization: Bearer ***",
            'curl -H "Authorization: Bearer <API token>" https://example.com',
            "Authorization: required for this route",
            "Authorization: none",
        ),
        locate=_credentials,
    ),
    Rule(
        name="bearer",
        about="token behind the word Bearer",
        keywords=("bearer",),
        pattern=r"bearer" + behind("bearer") + r"[ \t]{1,4}+",
        folded=True,
        true=("sent Bearer «abc123xyz789» to the upstream",),
        false=("bearer authentication is required", "Bearer $TOKEN", "a bearer of news"),
        locate=_bearer,
    ),
    Rule(
        name="basic",
        about="user and password in base64 behind the word Basic",
        keywords=("basic",),
        pattern=r"basic" + behind("basic") + r"[ \t]{1,4}+(?P<secret>[a-z0-9+/]{6,}+={0,2})",
        folded=True,
        true=("sent Basic «dXNlcjpKaGhuWWlr» to the proxy",),
        false=("basic authentication", "Basic settings"),
        locate=_basic,
    ),
    Rule(
        name="cookie",
        about="values of Cookie and Set-Cookie fields",
        keywords=("cookie",),
        pattern=rf"""cookie{_BETWEEN}(?P<secret>[^\s=;,"'`\[\]{{}}()]{{1,128}}+=[^"'`\r\n\\]++)""",
        folded=True,
        true=("Cookie: «sid=8f3a; theme=dark»", "{'set-cookie': '«sid=8f3a; Path=/»', 'a': 'b'}"),
        false=("cookie: accepted", "cookie policy: strict"),
    ),
    Rule(
        name="curl-user",
        about="password of curl's option -u",
        keywords=("curl",),
        pattern=r"""(?<![\w-])(?:-u|--user)[ =]{0,4}+["']?+[^\s"':]{1,128}+:(?P<secret>[^\s"'@]{1,256}+)""",
        true=("curl -u bob:«hunter2» https://example.com", 'curl --user "bob:«hunter2»" https://example.com'),
        false=('curl --user "xxx:yyy"', 'curl -u "$USERNAME:$PASSWORD" https://example.com'),
        locate=_curl_user,
    ),
)
