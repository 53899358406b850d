"""Every rule against its own examples, and what all rules have in common."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from exai_sre.logs.sanitize import PERSONAL_RULES, SECRET_RULES, Rule, Sanitizer, marker
from exai_sre.logs.sanitize.rule import MARKER, unmark

ALL_RULES = (*SECRET_RULES, *PERSONAL_RULES)
SECRETS = Sanitizer()
EVERYTHING = Sanitizer(pii=True)


def sanitizer_for(rule: Rule) -> Sanitizer:
    return EVERYTHING if rule in PERSONAL_RULES else SECRETS


@pytest.mark.parametrize(("rule", "example"), [(rule, example) for rule in ALL_RULES for example in rule.true])
def test_a_rule_takes_the_secret_out_of_its_examples_and_nothing_else(rule: Rule, example: str) -> None:
    text, secrets = unmark(example)
    redacted = sanitizer_for(rule).redact_text(text)
    assert re.sub(MARKER, "#", redacted) == re.sub("«[^»]*»", "#", example)
    assert not any(secret in redacted for secret in secrets)


@pytest.mark.parametrize(("rule", "example"), [(rule, example) for rule in ALL_RULES for example in rule.false])
def test_a_rule_leaves_its_counterexamples_alone(rule: Rule, example: str) -> None:
    assert sanitizer_for(rule).redact_text(example) is example


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_a_rule_has_a_name_a_prefilter_and_examples_of_both_kinds(rule: Rule) -> None:
    assert re.fullmatch("[a-z0-9-]+", rule.name)
    assert bool(rule.keywords) is not bool(rule.trigger)
    assert all(keyword == keyword.lower() for keyword in rule.keywords)
    assert rule.true
    assert rule.false
    assert all(unmark(example)[1] for example in rule.true)


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_a_rule_alone_finds_its_examples_by_its_own_prefilter(rule: Rule) -> None:
    from exai_sre.logs.sanitize.engine import Engine

    found: list[str] = []
    for example in rule.true:
        Engine([rule]).apply(unmark(example)[0], found.append)
    assert set(found) == {rule.name}


def test_names_of_rules_are_unique() -> None:
    names = [rule.name for rule in ALL_RULES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_no_rule_repeats_what_a_quantifier_around_it_repeats(rule: Rule) -> None:
    unbounded = r"(?<!\\)(?:[*+]|\{[0-9]+,\})(?![+])"
    nested = re.search(rf"{unbounded}[^()]*\){unbounded}", rule.pattern)
    assert nested is None


def test_a_further_rule_is_tried_before_the_built_in_ones() -> None:
    rule = Rule(name="badge", keywords=("badge-",), pattern="badge-[0-9]{6}", true=("«badge-123456»",))
    sanitizer = Sanitizer(rules=[rule])
    assert sanitizer.redact_text("secret=badge-123456") == f"secret={marker('badge')}"
    assert replace(rule, name="other").pattern == rule.pattern
