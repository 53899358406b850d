"""The error budget policy: read with every fault named, decided without leaving a way out."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from exai_sre.backtest.gate import decide, overall
from exai_sre.backtest.gate_policy import Limits, read_policy, unknown_ids
from exai_sre.backtest.promises import Promise
from exai_sre.backtest.recorded import Recorded
from exai_sre.backtest.standing import standing_of
from exai_sre.slo.documents import Faults
from exai_sre.slo.tiers import TIERS

POLICY = """\
default: {minimum_budget: 0.1, minimum_coverage: 0.5}
slos:
  shop-a: {block_on: none}
  shop-b: {minimum_budget: 0.3, block_on: ticket}
freezes:
  - {start: 2026-12-24T00:00:00Z, end: 2026-12-26, reason: holidays, author: ada}
  - {start: 2026-01-01T00:00:00Z, end: 2026-01-02T00:00:00Z, reason: x, author: y, slos: [shop-b]}
exceptions:
  - {slo: shop-a, reason: hotfix, author: ada, expires: 2026-06-30}
  - {slo: shop-b, reason: hotfix, author: ada, expires: 2026-06-30T12:00:00Z, allows: [budget, burning]}
"""


def reading(text):
    faults = Faults()
    return read_policy(text, "policy.yaml", faults), [str(fault) for fault in faults.errors]


def test_a_policy_is_read_with_its_defaults():
    policy, faults = reading(POLICY)
    assert faults == []
    assert policy.limits("other") == Limits(Decimal("0.1"), "page", Decimal("0.5"))
    assert policy.limits("shop-a") == Limits(Decimal("0.1"), "none", Decimal("0.5"))
    assert policy.limits("shop-b") == Limits(Decimal("0.3"), "ticket", Decimal("0.5"))
    assert [freeze.slos for freeze in policy.freezes] == [(), ("shop-b",)]
    assert policy.freezes[0].end - policy.freezes[0].start == 3 * 86_400
    assert [exception.allows for exception in policy.exceptions] == [
        ("freeze", "burning", "budget", "coverage"),
        ("budget", "burning"),
    ]
    assert policy.exceptions[0].source.line == 9


def test_each_id_that_no_slo_has_is_a_fault_at_its_line():
    policy, _ = reading(POLICY)
    assert [str(fault) for fault in unknown_ids(policy, ["shop-b", "shop-c"])] == [
        "policy.yaml:3: no SLO has the id 'shop-a'; did you mean 'shop-c'?",
        "policy.yaml:9: no SLO has the id 'shop-a'; did you mean 'shop-c'?",
    ]


def freeze(**changes):
    values = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z", "reason": "x", "author": "y"} | changes
    return "freezes:\n  - {" + ", ".join(f"{key}: {value}" for key, value in values.items() if value) + "}\n"


def exception(**changes):
    values = {"slo": "a", "reason": "x", "author": "y", "expires": "2026-01-02"} | changes
    return "exceptions:\n  - {" + ", ".join(f"{key}: {value}" for key, value in values.items() if value) + "}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("default: {minimum_budget: 1.5}", "default.minimum_budget: must lie between 0 and 1"),
        ("default: {minimum_budget: '0.5'}", "must be a number"),
        ("default: {block_on: pages}", "must be one of page, ticket, none, not 'pages'; did you mean 'page'?"),
        ("default: {budget: 0.1}", "unknown key 'budget'"),
        ("default: 0.1", "default: must be a mapping"),
        ("slos: [a]", "slos: must be a mapping"),
        ("slos: {a: 1}", "slos.a: must be a mapping"),
        ("slos: {a: {}, a: {}}", "is given twice"),
        ("text", "must be a mapping"),
        ("default: {}\n---\ndefault: {}", "holds 2 policies"),
        ("freezes: {}", "freezes: must be a list"),
        ("freezes: [1]", "freezes[0]: must be a mapping"),
        (freeze(reason=""), "the field 'reason' is missing"),
        (freeze(end="2026-01-01T00:00:00Z"), "is not after the start"),
        (freeze(end="soon"), "freezes[0].end: is no moment"),
        (freeze(slos="[1]"), "freezes[0].slos[0]: must be text"),
        ("exceptions: [1]", "exceptions[0]: must be a mapping"),
        (exception(author=""), "the field 'author' is missing"),
        (exception(expires=""), "the field 'expires' is missing"),
        (exception(expires="never"), "exceptions[0].expires: is no moment: 'never'"),
        (exception(allows="[data]"), "must be one of freeze, burning, budget, coverage, not 'data'"),
        (exception(slo="''"), "exceptions[0].slo: must not be empty"),
    ],
)
def test_a_faulty_policy_is_refused_with_its_place(text, said):
    policy, faults = reading(text)
    assert said in "\n".join(faults)
    assert all(fault.startswith("policy.yaml") for fault in faults)
    assert policy.freezes == policy.exceptions == ()


PROMISE = Promise("shop-b", Decimal("0.999"), 30 * 86_400, TIERS)
NOON = 1_767_265_200.0
"""2026-01-01 11:00 UTC."""


def standing(spent=0.0005, alerts=(), coverage=1.0, age=0.0):
    recorded = Recorded(ratios={"30d": spent}, age=age, freshest=age, coverage=coverage, alerts=dict(alerts))
    return standing_of(PROMISE, (), recorded)


def verdict(standing, text, at=NOON):
    decision = decide(standing, reading(text)[0], at)
    return decision.verdict, decision.rule


def test_the_first_rule_that_blocks_decides_and_every_other_is_told():
    policy, _ = reading(POLICY.replace("expires: 2026-06-30", "expires: 2025-06-30"))
    decision = decide(standing(0.0009, {"3x": "ticket"}.items(), coverage=0.1), policy, NOON)
    assert (decision.verdict, decision.rule) == ("block", "freeze")
    assert [each.rule for each in decision.objections] == ["freeze", "burning", "budget", "coverage"]
    assert "remove it" in decision.notes[0]


def test_an_exception_must_lift_every_objection():
    assert verdict(standing(0.0009), POLICY) == ("block", "freeze")
    assert verdict(standing(0.0009), POLICY.replace("[budget, burning]", "[budget, freeze]")) == ("pass", "exception")
    assert verdict(standing(0.0009), POLICY.replace(", allows: [budget, burning]", "")) == ("pass", "exception")


@pytest.mark.parametrize(("severity", "blocks"), [("page", "page ticket"), ("ticket", "ticket"), ("", "ticket")])
@pytest.mark.parametrize("block_on", ["page", "ticket", "none"])
def test_what_fires_blocks_as_the_policy_says(severity, blocks, block_on):
    found = verdict(standing(alerts={"x": severity}.items()), f"default: {{block_on: {block_on}}}")
    assert found == (("block", "burning") if block_on in blocks.split() else ("pass", "budget"))


def test_a_spent_budget_blocks_even_where_none_must_be_left():
    assert verdict(standing(0.001), "default: {minimum_budget: 0}") == ("block", "budget")
    assert verdict(standing(0.00091), "default: {minimum_budget: 0.1}") == ("block", "budget")
    assert verdict(standing(0.00089), "default: {minimum_budget: 0.1}") == ("pass", "budget")


def test_what_is_unknown_is_unknown_unless_something_blocks():
    stale = standing(age=900.0)
    assert verdict(stale, "default: {minimum_coverage: 0.5}") == ("unknown", "data")
    assert verdict(stale, freeze()) == ("block", "freeze")
    assert verdict(replace(standing(), budget_remaining=None), "default: {}") == ("unknown", "data")


def test_the_worst_decides_over_all_and_nothing_decided_is_unknown():
    policy, _ = reading("default: {}")
    good, bad, blind = (decide(each, policy, NOON) for each in (standing(), standing(0.5), standing(age=900.0)))
    assert overall([good, blind, bad]) == "block"
    assert overall([good, blind]) == "unknown"
    assert overall([good]) == "pass"
    assert overall([]) == "unknown"
