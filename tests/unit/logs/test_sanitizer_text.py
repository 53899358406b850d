"""Redaction of texts: what stays, what is counted, how long texts and failures are handled."""

from __future__ import annotations

import re

import pytest

from exai_sre.errors import SettingError
from exai_sre.logs.sanitize import Sanitizer
from exai_sre.logs.sanitize.engine import Engine, fold
from exai_sre.logs.sanitize.judge import is_token, passes_luhn
from exai_sre.logs.sanitize.literals import any_of
from exai_sre.logs.sanitize.rule import FAILED, MARKER, Rule, is_in_marker, length_class, marker
from exai_sre.logs.sanitize.rules.keyed import key_before
from exai_sre.logs.sanitize.text import TextRedactor
from exai_sre.metrics import Catalog
from exai_sre.metrics.families import TelemetryMetrics
from exai_sre.names import REDACTION_FAILED, LabelName

SANITIZER = Sanitizer()
TOKEN = "ghp_" + "aB3dE6gH9j" * 3 + "kL1mN4"

HARMLESS = [
    "session 8ad9d3c7-9b54-442d-811d-0ec9c5477761 opened",
    "image sha256:c177dbc3a296954506eb64c33b92963b2c1fbb58d3ebc7f1f1f7687d247b00c3 pulled",
    'etag "e88b3d6a0edf408ab65980a36ca0f2d3"',
    "ts=2026-01-14T18:35:26.408433Z latency_ms=966.630599723568",
    "/srv/app/r672cd/bix5ot3w/secrets/README.md",
    "request_id=01E11B1HNTKF5GSE2ZVATJB5HZ cursor=NDM2MTU1",
    "tokenizer loaded, design-system ready, monkey patched",
    '{"max_tokens": 4096, "usage": {"input_tokens": 17, "output_tokens": 200}}',
    'http_requests_total{method="POST",handler="/v1/chat",code="200"} 7919196',
    "the token: expired; password: required; secret: missing",
    "password=password token=token",
    "PASSWORD=${PASSWORD} and API_KEY=$API_KEY",
    "Traceback: def login(user, password): return check(password=self.password, token=get_token(1))",
    "glm-4.5-air took 0.395s, CVE-2026-27270 fixed in 2c17f3f",
    "token 4711 of 5000 processed",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_text_without_secrets_comes_back_as_the_same_object(text: str) -> None:
    assert Sanitizer().redact_text(text) is text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"a {TOKEN} b {TOKEN} c", "a [REDACTED:github-token] b [REDACTED:github-token] c"),
        (f"password={TOKEN}!rest", "password=[REDACTED:key-value]"),
        (f"secret: {TOKEN}.", "secret: [REDACTED:github-token]."),
        (f"invalid token {TOKEN}: bad credentials", "invalid token [REDACTED:github-token]: bad credentials"),
        ("password=a1,user=bob", "password=[REDACTED:key-value],user=bob"),
        ("password=a&b!c end", "password=[REDACTED:key-value] end"),
        ("password=a\\b end", "password=[REDACTED:key-value] end"),
        ('{"e":"password=hunter2\\nuser=bob"}', '{"e":"password=[REDACTED:key-value]\\nuser=bob"}'),
        ("password=f(x)y z", "password=f(x)y z"),
        ('password="never closed', 'password="[REDACTED:key-value]'),
        ("password='it\"s' end", "password='[REDACTED:key-value]' end"),
        ('"{\\"password\\":\\"cut" next', '"{\\"password\\":\\"[REDACTED:key-value]" next'),
        ("secret=" + "aB3xZ9" * 250 + " end", "secret=[REDACTED:key-value] end"),
        ("token=" + "aB3xZ9" * 250 + " end", "token=[REDACTED:key-value] end"),
        ("?token=" + "aB3xZ9" * 250 + "&x=1", "?token=[REDACTED:url-query]&x=1"),
        ("pin: password=7", "pin: password=7"),
        ("secret=aaaaaaaabbbbbbbb", "secret=aaaaaaaabbbbbbbb"),
        ("cvv=123", "cvv=[REDACTED:key-value]"),
    ],
)
def test_bounds_of_values_are_found_in_any_notation(text: str, expected: str) -> None:
    redacted = SANITIZER.redact_text(text)
    assert re.sub(r":[0-9]+\+\]", "]", redacted) == expected
    assert SANITIZER.redact_text(redacted) == redacted


def test_a_marker_in_place_of_an_earlier_secret_is_left_alone() -> None:
    text = "Authorization: Bearer [REDACTED:jwt], password=[REDACTED:x], redis://u:[REDACTED:url-password]@h"
    assert Sanitizer().redact_text(text) is text


def test_personal_data_is_taken_out_on_request_only() -> None:
    text = "bob@example.com paid with 4012888888881881, call +49 30 2348873"
    assert Sanitizer().redact_text(text) is text
    assert Sanitizer(pii=["card"]).redact_text(text).count("[REDACTED:") == 1
    assert Sanitizer(pii=True).redact_text(text).count("[REDACTED:") == 3


def test_an_unknown_kind_of_personal_data_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(SettingError, match=r"pii='shoe'.*email, iban, card, ssn, phone, ipv4, mac, ipv6, wallet"):
        Sanitizer(pii=["shoe"])


def test_a_limit_too_small_to_work_with_is_an_error() -> None:
    with pytest.raises(SettingError, match="limit='100'"):
        Sanitizer(limit=100)


def test_redactions_are_counted_by_rule() -> None:
    metrics = TelemetryMetrics.declare(Catalog())
    Sanitizer(metrics=metrics).redact_text(f"{TOKEN} {TOKEN}")
    assert metrics.redactions.labels(**{LabelName.RULE: "github-token"}).value == 2
    assert metrics.redaction_errors.labels().value == 0


@pytest.mark.parametrize("offset", [*range(-45, 46, 5), -4096, 4096])
def test_a_secret_on_the_edge_of_a_cut_leaves_no_part_of_itself(offset: int) -> None:
    sanitizer = Sanitizer(limit=20_000)
    for edge in (10_000, 50_000 - 10_000):
        text = "x" * (edge + offset) + f" {TOKEN} "
        text += "x" * (50_000 - len(text))
        redacted = sanitizer.redact_text(text)
        assert len(redacted) <= 20_000
        assert not any(TOKEN[at : at + 10] in redacted for at in range(len(TOKEN) - 9))
        assert "[CUT:" in redacted
        assert sanitizer.redact_text(redacted) == redacted


def test_a_text_that_grows_beyond_the_limit_by_its_markers_is_cut_again() -> None:
    sanitizer = Sanitizer(limit=20_000)
    redacted = sanitizer.redact_text("pwd=ab " * 2800)
    assert len(redacted) <= 20_000
    assert sanitizer.redact_text(redacted) == redacted


def failing_rule(*_: object) -> None:
    raise RuntimeError("a defect in a rule")


def test_a_failure_looks_alike_wherever_it_was_met() -> None:
    assert marker(FAILED) == REDACTION_FAILED


def test_a_failure_replaces_the_text_and_is_counted() -> None:
    metrics = TelemetryMetrics.declare(Catalog())
    rule = Rule(name="broken", keywords=("x",), pattern="x", true=("«x»",), locate=failing_rule)
    assert Sanitizer(rules=[rule], metrics=metrics).redact_text("a x b") == "[REDACTED:failed]"
    assert Sanitizer(rules=[rule]).redact_text("a x b") == "[REDACTED:failed]"
    assert metrics.redaction_errors.labels().value == 1


def test_a_text_that_does_not_settle_is_replaced() -> None:
    failures: list[int] = []
    rule = Rule(name="restless", keywords=("x",), pattern="x", true=("«x»",))
    engine = Engine([rule], lambda _, secret: f"{secret}x", "plain")
    text = TextRedactor(engine, lambda _: None, lambda: failures.append(1), 1000)
    assert text.redact("x") == "[REDACTED:failed]"
    assert failures == [1]


def test_a_marker_names_the_rule_and_the_class_of_the_length() -> None:
    assert SANITIZER.redact_text(f"a {TOKEN} b") == "a [REDACTED:github-token:32+] b"
    assert [length_class(length) for length in (1, 7, 8, 15, 16, 31, 32, 1000)] == [1, 1, 8, 8, 16, 16, 32, 512]
    assert marker("key") == "[REDACTED:key]"
    for made in (marker("key"), marker("a-b", 9), marker("a", 70, ["0123456789abcdef"] * 2)):
        assert re.fullmatch(MARKER, made)


def test_nothing_within_a_marker_is_taken_out() -> None:
    text = f"a {marker('session-token', 40)} b"
    assert is_in_marker(text, 5)
    assert is_in_marker(text, text.index("]"))
    assert not is_in_marker(text, 0)
    assert not is_in_marker(text, text.index("]") + 1)
    assert not is_in_marker("[REDACTED: is no marker", 12)


def test_lower_case_for_patterns_keeps_the_length() -> None:
    assert fold("PASSWORD=Ab") == "password=ab"
    assert fold("TO\u212aEN \u0130") == "token \u0130"


def test_the_memory_of_clean_texts_is_bounded_and_holds_short_texts_only() -> None:
    text = TextRedactor(Engine([]), lambda _: None, lambda: None, 1000)
    for number in range(5000):
        text.redact(f"line {number}")
    text.redact("long " * 50)
    assert len(text.clean) <= 4096
    assert max(map(len, text.clean)) <= 128


def test_a_literal_that_begins_with_another_is_left_out_of_the_pattern() -> None:
    import re

    pattern = re.compile(any_of(["key", "keyword", "ke.", "token"]))
    assert [found[0] for found in pattern.finditer("keyword ke. kex token")] == ["key", "ke.", "token"]
    assert re.compile(any_of([])).search("anything") is None


def test_a_number_needs_fifteen_digits_to_look_like_a_token() -> None:
    assert is_token("173300372349564089")
    assert not is_token("17330037234")
    assert is_token("aBcDeFgHiJkLmNoPqRsTuV")
    assert not is_token("a b c d e 1 2 3")


def test_luhns_check_digit_tells_a_card_from_a_number() -> None:
    assert passes_luhn("4012888888881881")
    assert not passes_luhn("4012888888881882")


def test_a_key_is_read_back_to_its_start_at_most_64_characters() -> None:
    assert key_before("a my.db-pass_word", 17) == "my.db-pass_word"
    assert len(key_before("k" * 100, 100)) == 64
    assert key_before("[REDACTED:url-password", 22) == ""
