"""Baggage is judged with its key, as a sanitizer judges any field."""

from __future__ import annotations

from exai_sre.context.baggage import Baggage, Member
from exai_sre.logs import Sanitizer


def test_a_telling_key_makes_its_value_a_secret():
    baggage = Baggage((Member("password", "correct-horse", ""), Member("tenant", "T1", "")))
    redacted = baggage.redacted(Sanitizer().redact_text)
    assert "horse" not in str(redacted)
    assert redacted.get("tenant") == "T1"


def test_a_redaction_that_changes_keys_too_is_applied_to_the_value_alone():
    assert Baggage((Member("tenant", "t1", ""),)).redacted(str.upper).get("tenant") == "T1"
