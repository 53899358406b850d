"""One incident in a real Alertmanager: one notification for each SLO, and no ticket beside a page.

The configuration is the generated one; only its waiting times are scaled, sixty seconds to one.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from exai_sre.generate import RuleOptions, alertmanager_config
from exai_sre.generate.alertmanager import Timing
from exai_sre.generate.alertmanager.timing import TICKET_WAIT
from exai_sre.generate.burn_alerts import slo_alerts
from exai_sre.slo import QueryIndicator, make_slo
from tests.integration.alertmanager_rig import alertmanager, inbox

pytestmark = [pytest.mark.needs_alertmanager, pytest.mark.timeout(60)]

SECOND = TICKET_WAIT // 5
"""Seconds of production to a second of the test."""

SCALED = Timing(page_wait=1, symptom_wait=0, ticket_wait=5, page_interval=2, ticket_interval=5)


def slo(name, **more):
    return make_slo(name, "shop", Decimal("0.999"), QueryIndicator("good_total", None, "all_total"), **more)


EVERY = ("1x", "3x", "6x", "14.4x")
"""All tiers, slowest first."""

NAMES = ("checkout", "search", "basket", "late-page", "no-page")
SLOS = [*map(slo, NAMES), slo("tools", group_by=("tool",))]


def burning(name, *tiers, **labels):
    """Labels of an SLO's burn alerts as its own rules give them."""
    chosen = next(each for each in SLOS if each.name == name)
    alerts = [alert for alert in slo_alerts(chosen, RuleOptions()) if alert.tier]
    assert [alert.tier.name for alert in alerts] == ["14.4x", "6x", "3x", "1x"]
    wanted = [alert for alert in alerts if alert.tier.name in tiers]
    return [{"alertname": alert.name, **labels, **alert.labels} for alert in wanted]


def script():
    """What fires when, in seconds."""
    # Each way in which the tiers of one evaluation can arrive: at once, slow first, and fast first.
    yield 0.0, burning("checkout", *EVERY)
    yield from ((0.1 * at, burning("search", tier)) for at, tier in enumerate(EVERY))
    yield from ((0.1 * at, burning("basket", tier)) for at, tier in enumerate(reversed(EVERY)))
    yield 0.0, burning("late-page", "1x", "3x")
    yield SCALED.ticket_wait - 1.5, burning("late-page", "6x")
    yield 0.0, burning("no-page", "1x", "3x")
    yield 0.0, [*burning("tools", "14.4x", "3x", tool="chat"), *burning("tools", "3x", "1x", tool="planner")]


async def incidents(directory, seconds):
    """Who was told within so many seconds, and when it began."""
    async with inbox() as heard:
        options = RuleOptions(webhook_url=heard.url, watchdog_url=heard.url)
        config = alertmanager_config(SLOS, options=options, timing=SCALED)
        async with alertmanager(directory, config) as running:
            clock = asyncio.get_running_loop().time
            begin = clock()
            for at, alerts in sorted(script(), key=lambda each: each[0]):
                await asyncio.sleep(max(0.0, begin + at - clock()))
                await running.fire(alerts)
            await asyncio.sleep(max(0.0, begin + seconds - clock()))
    return heard, begin


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """All incidents at once in one Alertmanager, long enough for a second ticket to be sent."""
    return asyncio.run(incidents(tmp_path_factory.mktemp("alertmanager"), 2.5 * SCALED.ticket_wait))


def said(told):
    return [
        (each.receiver, [(alert["burnrate_tier"], alert.get("tool", "")) for alert in each.alerts]) for each in told
    ]


@pytest.mark.parametrize("name", ["checkout", "search", "basket"])
def test_all_tiers_firing_are_one_notification_for_each_slo_on_the_real_clock(told, name):
    heard, _ = told
    assert said(heard.of(f"shop-{name}")) == [("exai-page", [("14.4x", "")])]


def test_no_ticket_is_sent_when_its_page_fires_within_five_minutes_on_the_real_clock(told):
    heard, _ = told
    assert said(heard.of("shop-late-page")) == [("exai-page", [("6x", "")])]


def test_a_ticket_without_a_page_is_sent_once_it_has_waited_on_the_real_clock(told):
    heard, begin = told
    assert said(heard.of("shop-no-page")) == [("exai-ticket", [("3x", "")])]
    assert heard.of("shop-no-page")[0].at - begin >= SCALED.ticket_wait - 0.5


def test_the_page_of_one_group_silences_no_ticket_of_another_on_the_real_clock(told):
    heard, _ = told
    assert said(heard.of("shop-tools")) == [
        ("exai-page", [("14.4x", "chat")]),
        ("exai-ticket", [("3x", "planner")]),
    ]


def test_the_scaled_times_have_the_shape_of_the_generated_ones():
    generated = Timing()
    assert generated.ticket_wait == TICKET_WAIT == SCALED.ticket_wait * SECOND
    assert generated.ticket_interval == SCALED.ticket_interval * SECOND
    assert SCALED.page_wait < SCALED.ticket_wait
    assert generated.page_wait < generated.ticket_wait
