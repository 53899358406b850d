"""How much a key says about its value: ``db_password`` all, ``cache_key`` nothing."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

from exai_sre.logs.sanitize.words import word_set

__all__ = ["Sensitivity", "sensitivity"]


class Sensitivity(IntEnum):
    """What a key says about its value."""

    NONE = 0
    """Nothing."""
    WEAK = 1
    """A secret if it looks like one: a lone ``token``, some vendor's ``_key``."""
    STRONG = 2
    """A secret, whatever it looks like."""


_WORD: Final = re.compile(r"[A-Z]++(?![a-z])|[A-Z]?[a-z]++|[0-9]++")
_UPPER: Final = re.compile(r"(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z0-9])(?=[A-Z])")
_LONGEST: Final = 128

_STRONG_WORDS: Final = word_set(
    "accesskey accesstoken apikey apisecret apitoken authkey authorization authtoken bearertoken clientsecret "
    "cookie cookies credential credentials cvc cvv encryptionkey hmackey idtoken masterkey passcode passphrase "
    "passwd password passwords passwort privatekey pwd refreshtoken secret secretkey secrets sessionkey "
    "sessiontoken signingkey webhooksecret"
)
_STRONG_ENDS: Final = ("password", "passwd", "passphrase", "secret")
_STRONG_KEYS: Final = word_set(
    "access account admin api app auth aws azure bot cipher client consumer crypto data deploy des encryption "
    "gateway hmac integration jwt kms license master merchant openai owner personal private project root rsa "
    "secret security server service session shared signing ssh storage stripe subscription symmetric tls wrapping "
    "write"
)
_STRONG_TOKENS: Final = word_set(
    "access api app auth authentication authorization bearer bot client csrf deploy device id identity jwt login "
    "oauth personal private refresh registration reset secret security service session sso user verification "
    "webhook xsrf"
)
_STRONG_PASSES: Final = word_set("admin db ftp imap ldap mail mysql pg postgres proxy redis root smtp ssh user")
_HARMLESS_KEYS: Final = word_set(
    "arrow bucket business cache candidate column composite config control correlation dedup deduplication dict "
    "each edge end entity enter env escape event field file first foreign from function group hash header host "
    "hot i18n idempotency index invalid item json label last list lookup map max message metric min missing "
    "modifier natural next no node object page partition path prev previous primary public query range registry "
    "request resource routing row s3 search series shard shift short sort span start state surrogate tab the this "
    "to trace translation unique unknown yaml"
)
_HARMLESS_TOKENS: Final = word_set(
    "bos cancel cancellation cached cls completion continuation current design each eos first input last lexer "
    "mask max min next no num output pad page pagination parser per progress prompt reasoning sep special stop "
    "sync syntax the this to total unexpected unk"
)


def sensitivity(key: str) -> Sensitivity:
    """What ``key`` says about its value, in any spelling: ``dbPassword``, ``DB-PASSWORD``, ``db_password2``.

    The last word decides, the one before it refines: counters (``max_tokens``), names of database
    keys (``primary_key``) and protocol handles (``progress_token``) say nothing.
    """
    words = _words(key)
    if not words:
        return Sensitivity.NONE
    last = words[-1]
    if last in _STRONG_WORDS or last.endswith(_STRONG_ENDS):
        return Sensitivity.STRONG
    return _refined(last, words[-2] if len(words) > 1 else "")


def _words(key: str) -> list[str]:
    if key.isascii() and key.isalpha() and key.islower():
        return [key[-_LONGEST:]]
    words = [word.lower() for word in _WORD.findall(_UPPER.sub("_", key[-_LONGEST:]))]
    while words and words[-1].isdigit():
        words.pop()
    return words


def _refined(last: str, before: str) -> Sensitivity:
    if last in ("key", "keys"):
        return _of_key(before, plural=last == "keys")
    if last in ("token", "tokens"):
        return _of_token(before, plural=last == "tokens")
    if last == "pass":
        return Sensitivity.STRONG if before in _STRONG_PASSES else Sensitivity.WEAK
    if last == "auth" or (before, last) == ("access", "id"):
        return Sensitivity.WEAK
    return Sensitivity.NONE


def _of_key(before: str, *, plural: bool) -> Sensitivity:
    if before in _STRONG_KEYS:
        return Sensitivity.WEAK if plural else Sensitivity.STRONG
    return Sensitivity.NONE if plural or not before or before in _HARMLESS_KEYS else Sensitivity.WEAK


def _of_token(before: str, *, plural: bool) -> Sensitivity:
    if before in _STRONG_TOKENS:
        return Sensitivity.WEAK if plural else Sensitivity.STRONG
    return Sensitivity.NONE if plural or before in _HARMLESS_TOKENS else Sensitivity.WEAK
