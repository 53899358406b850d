"""SLOs, indicators and burn tiers as values."""

from __future__ import annotations

from dataclasses import asdict, replace
from decimal import Decimal
from typing import Any

import pytest

from exai_sre.errors import SpecError
from exai_sre.metrics import Matcher
from exai_sre.slo import TIERS, EventsIndicator, QueryIndicator, Source, make_slo, tiers_for
from exai_sre.slo.model import Alerting, Notice, NotificationTarget
from exai_sre.slo.tiers import parse_tier
from exai_sre.slo.windows import DAY, HOUR, MINUTE

EVENTS = EventsIndicator("requests_total", good=(Matcher("outcome", ("ok",)),))


def test_thirty_days_have_the_four_tiers_of_the_workbook() -> None:
    assert [(tier.name, tier.factor, tier.long, tier.short, tier.severity) for tier in TIERS] == [
        ("14.4x", Decimal("14.4"), HOUR, 5 * MINUTE, "page"),
        ("6x", Decimal(6), 6 * HOUR, 30 * MINUTE, "page"),
        ("3x", Decimal(3), DAY, 2 * HOUR, "ticket"),
        ("1x", Decimal(1), 3 * DAY, 6 * HOUR, "ticket"),
    ]


def test_four_weeks_spend_the_same_shares_of_the_budget() -> None:
    tiers = tiers_for(28 * DAY)
    assert [tier.name for tier in tiers] == ["13.44x", "5.6x", "2.8x", "0.93x"]
    assert float(tiers[3].factor) == pytest.approx(0.9333333333333333)


def test_an_slo_knows_its_id_and_its_exact_budget() -> None:
    slo = make_slo("availability", "shop", Decimal("0.999"), EVENTS)
    assert slo.id == "shop-availability"
    assert slo.budget == Decimal("0.001")
    assert slo.display_name == "availability"
    assert slo.source == Source()
    assert slo.tiers[0].threshold(slo.budget) == Decimal("0.0144")


def test_a_tier_that_can_never_fire_is_set_apart() -> None:
    slo = make_slo("median", "shop", Decimal("0.5"), EVENTS)
    assert [tier.name for tier in slo.tiers] == ["1x"]
    assert [tier.name for tier in slo.unreachable] == ["14.4x", "6x", "3x"]


def test_a_threshold_of_exactly_one_can_never_fire() -> None:
    slo = make_slo("third", "shop", 1 - 1 / Decimal("14.4"), EVENTS)
    assert slo.tiers[0].factor == Decimal("14.4")
    edge = make_slo("sixth", "shop", 1 - Decimal("0.25") / 1, EVENTS)
    assert [tier.name for tier in edge.unreachable] == ["14.4x", "6x"]


def test_equal_slos_are_equal_and_hashable_whatever_their_labels() -> None:
    labelled = make_slo("a", "b", Decimal("0.9"), EVENTS, labels={"team": "x"}, annotations={"note": "y"})
    assert (
        len({labelled, make_slo("a", "b", Decimal("0.9"), EVENTS, labels={"team": "x"}, annotations={"note": "y"})})
        == 1
    )
    assert asdict(labelled)["labels"] == {"team": "x"}


@pytest.mark.parametrize("objective", ["0", "1", "1.5", "-0.1"])
def test_an_objective_lies_between_zero_and_one(objective: str) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        make_slo("a", "b", Decimal(objective), EVENTS)


def test_a_window_lies_above_zero_seconds() -> None:
    with pytest.raises(ValueError, match="above zero seconds"):
        make_slo("a", "b", Decimal("0.9"), EVENTS, window=0)
    assert make_slo("a", "b", Decimal("0.9"), EVENTS, window=DAY).tiers


def test_an_indicator_counts_either_good_or_bad_events() -> None:
    ok = (Matcher("outcome", ("ok",)),)
    with pytest.raises(ValueError, match="either good or bad"):
        EventsIndicator("x_total")
    with pytest.raises(ValueError, match="either good or bad"):
        EventsIndicator("x_total", good=ok, bad=ok)
    with pytest.raises(ValueError, match="stands with good"):
        EventsIndicator("x_seconds", bad=ok, within=0.5)
    with pytest.raises(ValueError, match="need labels or a bound"):
        EventsIndicator("x_total", good=())
    with pytest.raises(ValueError, match="need labels or a bound"):
        EventsIndicator("x_total", bad=())
    with pytest.raises(ValueError, match="either good or bad"):
        QueryIndicator(None, None, "up")


@pytest.mark.parametrize(
    ("tiers", "words"),
    [
        ("14.4x 1h/5m page,14.4x 6h/30m ticket", "two burn tiers are named 14.4x, so their alerts"),
        ("1.001x 1h/5m page,1.002x 6h/30m ticket", "two burn tiers are named 1x"),
    ],
)
def test_tiers_of_the_same_name_are_refused_where_the_slo_was_defined(tiers: str, words: str) -> None:
    wanted = tuple(map(parse_tier, tiers.split(",")))
    with pytest.raises(SpecError, match=words) as raised:
        make_slo("a", "shop", Decimal("0.999"), EVENTS, tiers=wanted, source=Source("slo.yaml", 7))
    assert str(raised.value).startswith("slo.yaml:7: tiers: SLO shop-a: two burn tiers")
    assert "give each a burn rate, and so a name, of its own" in raised.value.remedy


@pytest.mark.parametrize(
    "change",
    [{"short": HOUR}, {"short": 2 * HOUR}, {"short": 0}, {"factor": Decimal(0)}, {"hold": -1}],
)
def test_a_tier_needs_a_long_and_a_shorter_window_and_a_burn_rate(change: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"burn tier 14\.4x has no long window with a shorter one") as raised:
        make_slo("a", "shop", Decimal("0.999"), EVENTS, tiers=(replace(TIERS[0], **change),))
    assert "'14.4x 1h/5m page min 3'" in raised.value.remedy


def test_each_severity_may_tell_people_of_its_own() -> None:
    pager, mail, all_of_us = (NotificationTarget(name, "webhook") for name in ("pager", "mail", "all"))
    alerting = Alerting(page=Notice(targets=(pager,)), targets=(all_of_us,))
    assert (alerting.told("page"), alerting.told("ticket")) == ((pager,), (all_of_us,))
    assert replace(alerting, ticket=Notice(targets=(mail,))).told("ticket") == (mail,)
