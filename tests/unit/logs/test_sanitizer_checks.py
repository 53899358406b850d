"""What rules check beyond their patterns: numbers of the right form that are none, and failures on the way."""

from __future__ import annotations

import pytest

from exai_sre.logs.sanitize import SECRET_RULES, Sanitizer
from exai_sre.logs.sanitize.engine import Engine
from exai_sre.logs.sanitize.rule import Rule
from exai_sre.logs.sanitize.rules.iban import passes_mod_97
from exai_sre.logs.sanitize.rules.keyed import key_before
from exai_sre.logs.sanitize.text import TextRedactor

EVERYTHING = Sanitizer(pii=True)


@pytest.mark.parametrize(
    "text",
    [
        "XX89 3704 0044 0532 0130 00",
        "DE89 3704 0044 0532 01",
        "NO93 8601 1117 9471",
        "AT61190430023457A201",
        "1:2:3::4::5",
        "999.1.1.1",
        "::g",
        "12345678901234567890:A" + "bC3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zaB3",
        "666-12-3456",
    ],
)
def test_what_only_looks_like_it_passes(text: str) -> None:
    assert EVERYTHING.redact_text(text) == text


def test_check_digits_of_what_is_no_account_number_are_wrong() -> None:
    assert passes_mod_97("DE89370400440532013000")
    assert not passes_mod_97("DE8X")


def test_an_escape_before_a_key_is_no_part_of_it() -> None:
    assert key_before("a\\npassword", 11) == "password"


def test_the_memory_of_combinations_of_keywords_is_bounded() -> None:
    words = [f"w{number:02}" for number in range(12)]
    engine = Engine(
        [Rule(name=word, keywords=(word,), pattern=word, true=(f"«{word}»",)) for word in words], scanner="plain"
    )
    for number in range(1, 1 << 11):
        engine.apply(" ".join(word for place, word in enumerate(words) if number >> place & 1), lambda _: None)
    assert len(engine._combinations) <= 1024


def test_a_failure_of_the_quick_look_replaces_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[int] = []
    text = TextRedactor(Engine(SECRET_RULES), lambda _: None, lambda: failures.append(1), 65536)

    def fail(_text: str) -> bool:
        raise RuntimeError("a defect")

    monkeypatch.setattr(text.engine, "suspicious", fail)
    assert text.redact("anything") == "[REDACTED:failed]"
    assert failures == [1]


def test_what_was_seen_to_be_clean_can_be_forgotten() -> None:
    sanitizer = Sanitizer()
    sanitizer.redact_text("nothing here")
    sanitizer.forget()
    assert sanitizer._text.clean == set()
