"""What keys say about their values."""

from __future__ import annotations

import pytest

from exai_sre.logs.sanitize import Sensitivity, sensitivity
from exai_sre.logs.sanitize.key_table import KeyTable
from exai_sre.logs.sanitize.words import word_set

STRONG = sorted(
    word_set(
        "password dbPassword DB-PASSWORD db_password2 passwd pwd secret client_secret clientSecret CLIENTSECRET "
        "api_key apiKey APIKey apikey x-api-key X_API_KEY authorization Proxy-Authorization cookie set-cookie "
        "access_token refreshToken idToken aws_secret_access_key private_key smtp_pass credentials AccountKey "
        "webhook_secret OAuthToken encryption_key SessionToken csrfToken"
    )
)
WEAK = sorted(word_set("token shop_token HEROKU_KEY hubspotKey auth pass test_pass access_id api_keys access_tokens"))
HARMLESS = sorted(
    word_set(
        "key keys tokens max_tokens maxTokens input_tokens tokenizer token_count progressToken next_page_token "
        "primary_key public_key cache_key idempotency-key sort_key monkey password_length secret_name user id "
        "passport bypass author authority keyboard turkey signature 123"
    )
)


@pytest.mark.parametrize("key", STRONG)
def test_a_key_that_names_a_secret_is_strong(key: str) -> None:
    assert sensitivity(key) is Sensitivity.STRONG


@pytest.mark.parametrize("key", WEAK)
def test_a_key_that_may_name_a_secret_is_weak(key: str) -> None:
    assert sensitivity(key) is Sensitivity.WEAK


@pytest.mark.parametrize("key", [*HARMLESS, "", "--", "ключ"])
def test_counters_handles_and_look_alikes_are_harmless(key: str) -> None:
    assert sensitivity(key) is Sensitivity.NONE


def test_only_clean_keys_are_remembered() -> None:
    table = KeyTable()
    assert table.look_up("password", clean=True) is Sensitivity.STRONG
    assert table.look_up("user", clean=False) is Sensitivity.NONE
    assert table.look_up("x" * 1000, clean=True) is Sensitivity.NONE
    assert table.known == {"password": Sensitivity.STRONG}


def test_a_users_own_keys_are_secret_in_any_spelling() -> None:
    table = KeyTable(["badge_number"])
    assert table.look_up("badgeNumber", clean=True) is Sensitivity.STRONG
    assert table.look_up("BADGE-NUMBER", clean=True) is Sensitivity.STRONG
    assert table.look_up("badge", clean=True) is Sensitivity.NONE


def test_the_memory_of_keys_is_bounded() -> None:
    table = KeyTable()
    for number in range(5000):
        table.look_up(f"field{number}", clean=True)
    assert len(table.known) <= 4096
