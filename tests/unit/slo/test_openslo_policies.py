"""Alert policies of OpenSLO: burn tiers, whom to tell, and what is refused by name."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from exai_sre.slo import load_slos
from exai_sre.slo.model import BurnTier, NotificationTarget
from tests.unit.slo.openslo_texts import (
    CONDITION,
    DAY,
    PAIR,
    Write,
    condition,
    one,
    policy,
    refused,
    slo_text,
)


def test_two_conditions_of_one_policy_are_a_burn_tier(write: Write) -> None:
    other = policy(
        condition("slow", "1d", "ticket", threshold="3"), flags="alertWhenBreaching: true, alertWhenNoData: true"
    )
    slo = one(write(slo_text(more=f"alertPolicies: [{policy(*PAIR)}, {other}]")))
    assert slo.tiers == (
        BurnTier("14.4x", Decimal("14.4"), 3600, 300, "page", 3),
        BurnTier("3x", Decimal(3), DAY, 7200, "ticket", 10),
    )
    assert slo.alerting.no_data
    assert slo.alerting.targets == (NotificationTarget("pager", "pagerduty", "Us."),)


def test_the_short_window_of_a_single_condition_is_a_twelfth_or_what_its_annotation_says(write: Write) -> None:
    plain = slo_text(more=f"alertPolicies: [{policy(condition('c', '6h'))}]")
    assert one(write(plain)).tiers[0].short == 1800
    assert one(write(plain.replace("6h", "10m"))).tiers[0].short == 120
    said = plain.replace("{name: c}", "{name: c, annotations: {exai-sre/short-window: 15m}}")
    assert one(write(said)).tiers[0].short == 900
    assert not one(write(plain)).alerting.no_data
    wrong = said.replace("short-window", "shrt-window")
    assert "unknown annotation" in refused(
        write(
            "apiVersion: openslo/v1\nkind: AlertCondition\nmetadata: {name: c, annotations: {exai-sre/shrt: a}}\n"
            "spec: " + CONDITION % ("page", "gt", "1", "1h")
        )
    )
    assert "exai-sre/shrt-window" in refused(write(wrong))


def test_policies_conditions_and_targets_may_be_defined_elsewhere(write: Write, tmp_path: Path) -> None:
    write(slo_text(more="alertPolicies: [{alertPolicyRef: p}]"), "slo.yaml")
    write(
        "- apiVersion: openslo/v1\n  kind: AlertPolicy\n  metadata: {name: p}\n  spec:\n    alertWhenBreaching: true\n"
        "    conditions: [{conditionRef: long}, {conditionRef: short}]\n    notificationTargets: [{targetRef: t}]\n"
        "- apiVersion: openslo/v1\n  kind: AlertNotificationTarget\n  metadata: {name: t}\n  spec: {target: email}\n"
        + "".join(
            f"- apiVersion: openslo/v1\n  kind: AlertCondition\n  metadata: {{name: {name}}}\n"
            f"  spec: {CONDITION % ('page', 'gte', '6', lookback)}\n"
            for name, lookback in (("long", "6h"), ("short", "30m"))
        ),
        "alerts.yaml",
    )
    (slo,) = load_slos(tmp_path)
    assert slo.tiers == (BurnTier("6x", Decimal(6), 6 * 3600, 1800, "page", 3),)
    assert slo.alerting.targets == (NotificationTarget("t", "email"),)
    (tmp_path / "alerts.yaml").unlink()
    assert refused(tmp_path / "slo.yaml") == "spec.alertPolicies[0].alertPolicyRef: AlertPolicy 'p' is not defined"


@pytest.mark.parametrize(
    ("policies", "words"),
    [
        (policy(condition("c", "1h", op="lte")), "op: lte alerts while the burn rate is low"),
        (policy(condition("c", "1h", severity="warning")), "severity 'warning' is not compiled"),
        (policy(condition("c", "1h", threshold="0")), "is no burn rate: 0"),
        (policy(condition("c", "1h", threshold="1e999")), "is no burn rate"),
        (policy(condition("c", "0h")), "must be longer than nothing"),
        (policy(condition("c", "40d")), "looks back 40d, longer than the SLO's window"),
        (policy(condition("c", "2m")), "need a long and a short window"),
        (policy(PAIR[0].replace("1h}", "1h, alertAfter: 5m}"), PAIR[1]), "are no pair: alertAfter differs"),
        (policy(PAIR[0], condition("short", "1h")), "need a long and a short window"),
        (policy(PAIR[0], condition("short", "5m", "ticket")), "are no pair: threshold or severity differ"),
        (policy(PAIR[0], condition("short", "5m", threshold="2")), "are no pair"),
        (policy(*PAIR) + ", " + policy(*PAIR), "two policies have the same threshold"),
        (policy(*PAIR, flags="alertWhenResolved: true"), "this policy never alerts"),
        (policy("{conditionRef: nowhere}"), "AlertCondition 'nowhere' is not defined"),
    ],
)
def test_alerts_that_cannot_be_compiled_are_refused_by_name(write: Write, policies: str, words: str) -> None:
    assert words in refused(write(slo_text(more=f"alertPolicies: [{policies}]")))


@pytest.mark.parametrize(("after", "hold"), [("0m", 0), ("5m", 300), ("1h", 3600)])
def test_how_long_a_condition_must_hold_is_the_tiers(write: Write, after: str, hold: int) -> None:
    held = [text.replace("lookbackWindow", f"alertAfter: {after}, lookbackWindow") for text in PAIR]
    assert one(write(slo_text(more=f"alertPolicies: [{policy(*held)}]"))).tiers[0].hold == hold
    assert one(write(slo_text(more=f"alertPolicies: [{policy(held[0])}]"))).tiers[0].hold == hold


def test_pages_and_tickets_may_tell_different_people(write: Write) -> None:
    slow = policy(condition("slow", "1d", "ticket", threshold="3"))
    pager, desk = NotificationTarget("pager", "pagerduty", "Us."), NotificationTarget("desk", "email", "Us.")
    other = slow.replace("name: pager", "name: desk").replace("target: pagerduty", "target: email")
    slo = one(write(slo_text(more=f"alertPolicies: [{policy(*PAIR)}, {other}]")))
    assert (slo.alerting.page.targets, slo.alerting.ticket.targets, slo.alerting.targets) == ((pager,), (desk,), ())
    same = one(write(slo_text(more=f"alertPolicies: [{policy(*PAIR)}, {slow}]"), "same.yaml"))
    assert (same.alerting.page.targets, same.alerting.targets) == ((), (pager,))


def test_whom_a_policy_about_missing_data_tells_is_told_of_tickets(write: Write) -> None:
    silent = policy(condition("slow", "1d", "page", threshold="3"), flags="alertWhenNoData: true")
    other = silent.replace("name: pager", "name: desk")
    slo = one(write(slo_text(more=f"alertPolicies: [{policy(*PAIR)}, {other}]")))
    assert [target.name for target in slo.alerting.told("ticket")] == ["desk"]
    assert [target.name for target in slo.alerting.told("page")] == ["pager"]
