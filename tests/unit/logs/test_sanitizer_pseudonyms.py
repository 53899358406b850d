"""Keyed pseudonyms: equal for equal secrets under the same key, and for nobody else."""

from __future__ import annotations

import hashlib
import re

import pytest

from exai_sre.errors import SettingError
from exai_sre.logs.sanitize import Sanitizer
from exai_sre.logs.sanitize.pseudonyms import Pseudonyms
from exai_sre.logs.sanitize.rule import MARKER

OLD, NEW = b"old" * 8, b"new" * 8
TOKEN = "ghp_" + "aB3dE6gH9j" * 3 + "kL1mN4"


def test_a_tag_is_the_keyed_hash_of_the_secret() -> None:
    expected = hashlib.blake2b(TOKEN.encode(), key=NEW, digest_size=8).hexdigest()
    assert Pseudonyms([NEW]).tags(TOKEN) == [expected]
    assert Sanitizer(pseudonym_keys=[NEW]).redact_text(f"a {TOKEN}") == f"a [REDACTED:github-token:32+:h={expected}]"


def test_values_can_be_joined_over_processes_and_over_the_rotation_of_a_key() -> None:
    before, during, after = (Pseudonyms(keys) for keys in ([OLD], [NEW, OLD], [NEW]))
    assert set(before.tags(TOKEN)) < set(during.tags(TOKEN))
    assert set(after.tags(TOKEN)) < set(during.tags(TOKEN))
    assert not set(before.tags(TOKEN)) & set(after.tags(TOKEN))
    assert before.tags(TOKEN) != before.tags(TOKEN + "x")


def test_a_marker_with_tags_is_a_marker_and_is_left_alone() -> None:
    sanitizer = Sanitizer(pseudonym_keys=[NEW, OLD])
    redacted = sanitizer.redact_text(f"password=hunter2 and {TOKEN} and \ud800")
    assert len(re.findall(MARKER, redacted)) == 2
    assert sanitizer.redact_text(redacted) == redacted
    assert Sanitizer().redact_text(redacted) == redacted


def test_without_a_key_there_are_no_tags() -> None:
    assert not Pseudonyms()
    assert Pseudonyms().tags(TOKEN) == []


@pytest.mark.parametrize("keys", [[b"short"], [b"x" * 65], [NEW, OLD, NEW]])
def test_keys_of_a_wrong_length_or_number_are_an_error(keys: list[bytes]) -> None:
    with pytest.raises(SettingError, match="pseudonym_keys"):
        Sanitizer(pseudonym_keys=keys)
