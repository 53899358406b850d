"""Every rule against its own examples, and what all rules have in common."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from exai_sre.errors import SettingError
from exai_sre.logs.sanitize import PERSONAL_RULES, SECRET_RULES, Rule, Sanitizer, marker
from exai_sre.logs.sanitize.engine import Engine
from exai_sre.logs.sanitize.rule import MARKER, unmark
from exai_sre.logs.sanitize.rules import (
    ai,
    chat,
    cloud,
    code,
    headers,
    keyed,
    material,
    monitoring,
    payment,
    software,
    urls,
)

FAMILIES: dict[str, tuple[Rule, ...]] = {
    "ai": ai.AI_RULES,
    "chat": chat.CHAT_RULES,
    "cloud": cloud.CLOUD_RULES,
    "code": code.CODE_RULES,
    "headers": headers.HEADER_RULES,
    "keyed": keyed.KEYED_RULES,
    "material": material.MATERIAL_RULES,
    "monitoring": monitoring.MONITORING_RULES,
    "payment": payment.PAYMENT_RULES,
    "personal": PERSONAL_RULES,
    "software": software.SOFTWARE_RULES,
    "urls": urls.URL_RULES,
}
ALL_RULES = (*SECRET_RULES, *PERSONAL_RULES)
SECRETS = Sanitizer()
EVERYTHING = Sanitizer(pii=True)
UNBOUNDED = r"(?<![\\*+?}])(?:[*+]|\{[0-9]+,\})(?![+])"
NESTED = re.compile(rf"{UNBOUNDED}[^()]*\){UNBOUNDED}")

of_each_family = pytest.mark.parametrize("family", FAMILIES)


def sanitizer_for(family: str) -> Sanitizer:
    return EVERYTHING if family == "personal" else SECRETS


def test_there_are_more_than_200_kinds_with_names_of_their_own_and_each_is_in_use() -> None:
    names = [rule.name for rule in ALL_RULES]
    assert len(names) == len(set(names))
    assert len(SECRET_RULES) >= 200
    assert {rule.name for family in FAMILIES.values() for rule in family} == set(names)


@of_each_family
def test_a_rule_takes_the_secret_out_of_its_examples_and_nothing_else(family: str) -> None:
    for rule in FAMILIES[family]:
        for example in rule.true:
            text, secrets = unmark(example)
            redacted = sanitizer_for(family).redact_text(text)
            assert re.sub(MARKER, "#", redacted) == re.sub("«[^»]*»", "#", example), rule.name
            assert not any(secret in redacted for secret in secrets), rule.name


@of_each_family
def test_a_rule_leaves_its_counterexamples_alone(family: str) -> None:
    for rule in FAMILIES[family]:
        for example in rule.false:
            assert sanitizer_for(family).redact_text(example) is example, rule.name


@of_each_family
def test_a_rule_alone_finds_its_examples_by_its_own_prefilter(family: str) -> None:
    for rule in FAMILIES[family]:
        engine = Engine([rule], scanner="plain")
        found: list[str] = []
        for example in rule.true:
            text = unmark(example)[0]
            assert engine.suspicious(text), rule.name
            engine.apply(text, found.append)
        assert set(found) == {rule.name}


@of_each_family
def test_a_rule_has_a_name_a_prefilter_and_examples_of_both_kinds(family: str) -> None:
    for rule in FAMILIES[family]:
        assert re.fullmatch("[a-z0-9-]{2,64}", rule.name)
        assert bool(rule.keywords) is not bool(rule.trigger), rule.name
        assert all(keyword == keyword.lower() for keyword in (*rule.keywords, *rule.names)), rule.name
        assert rule.about, rule.name
        assert rule.true, rule.name
        assert rule.false, rule.name
        assert all(unmark(example)[1] for example in rule.true), rule.name


@of_each_family
def test_a_shape_is_found_in_all_examples(family: str) -> None:
    for rule in FAMILIES[family]:
        if rule.shape:
            assert all(re.search(rule.shape, unmark(example)[0]) for example in rule.true), rule.name


@of_each_family
def test_no_rule_repeats_what_a_quantifier_around_it_repeats(family: str) -> None:
    assert [rule.name for rule in FAMILIES[family] if NESTED.search(rule.pattern)] == []


def test_a_nested_quantifier_would_be_seen() -> None:
    assert NESTED.search("(?:a*)+")
    assert NESTED.search("(?:a*+)++") is None


def test_a_further_rule_is_tried_before_the_built_in_ones() -> None:
    rule = Rule(name="badge", keywords=("badge-",), pattern="badge-[0-9]{6}", true=("«badge-123456»",))
    sanitizer = Sanitizer(rules=[rule])
    assert sanitizer.redact_text("secret=badge-123456") == f"secret={marker('badge', 12)}"
    assert replace(rule, name="other").pattern == rule.pattern


def test_a_users_rule_without_keywords_is_found_by_its_trigger_whatever_the_scanner() -> None:
    rule = Rule(name="plate", keywords=(), trigger="[A-Z]{2}~", pattern="[A-Z]{2}~[0-9]{4}", true=("«AB~1234»",))
    for scanner in ("plain", "aho-corasick", "hyperscan"):
        sanitizer = Sanitizer(rules=[rule], scanner=scanner)
        assert sanitizer.redact({"detail": "car AB~1234 left"}) == {"detail": f"car {marker('plate', 7)} left"}


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"name": "Badge Nr"}, "no name for a marker"),
        ({"name": "b" * 65}, "no name for a marker"),
        ({"keywords": ()}, "would never be tried"),
        ({"keywords": ("badge-", "BADGE-")}, "keyword 'BADGE-' is never found; write it in lower-case ASCII"),
        ({"keywords": ("",)}, "keyword '' is never found"),
        ({"keywords": ("größe",)}, "keyword 'größe' is never found"),
        ({"names": ("Acme",)}, "keyword 'Acme' is never found"),
    ],
)
def test_a_rule_that_would_silently_find_nothing_is_refused(parts: dict[str, object], said: str) -> None:
    rule = Rule(name="badge", keywords=("badge-",), pattern="badge-[0-9]{6}", true=("«badge-123456»",))
    with pytest.raises(SettingError, match=said):
        replace(rule, **parts)  # type: ignore[arg-type]
