"""Routes and inhibition as data; tests/contract shows that Alertmanager reads them the same way."""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml

from exai_sre.errors import SpecError
from exai_sre.generate import RuleOptions, alertmanager_config
from exai_sre.generate.alertmanager import Email, Mute, Notifications, PagerDuty, Receiver, Slack, Webhook, our_part
from exai_sre.slo.model import Alerting, BurnTier, Notice, NotificationTarget, Source

MUTE = Mute("nights", ({"times": [{"start_time": "00:00", "end_time": "07:00"}]},))
ONCALL = Receiver("oncall", (PagerDuty(routing_key_file="/s/key"),), ("page",), ("payments",))
CHAT = Receiver("chat", (Slack("/s/slack", "#slo"),), ("ticket",))
BOSS = Receiver("boss", (Email("b@x", "a@x", "mail:25"), Webhook("http://x/")), ())


@pytest.fixture(scope="module")
def config(slos, catalog):
    return yaml.safe_load(alertmanager_config(slos, catalog=catalog))


def slo_route(config, slo_id):
    return next(
        route
        for route in config["route"]["routes"]
        if route["matchers"][0].startswith("sloth_id") and slo_id in route["matchers"][0].split('"')[1].split("|")
    )


def read(slos, **more):
    return yaml.safe_load(alertmanager_config(slos, **more))


def test_pages_leave_at_once_and_tickets_wait_for_inhibition(config):
    route = slo_route(config, "exai-mcp-availability")
    assert (route["receiver"], route["group_wait"]) == ("exai-ticket", "5m")
    (page,) = route["routes"]
    assert (page["receiver"], page["matchers"], page["group_wait"]) == ("exai-page", ['sloth_severity="page"'], "5s")
    assert config["route"]["receiver"] == "exai-ticket"


def test_all_that_an_slo_says_at_a_time_is_one_notification(config):
    route = slo_route(config, "exai-mcp-availability")
    assert route["group_by"] == ["sloth_id"]
    assert "group_by" not in route["routes"][0]


def test_a_symptom_pages_without_waiting(config):
    (route,) = [each for each in config["route"]["routes"] if "ServerTargetDown" in each["matchers"][0]]
    assert route["routes"][0]["group_wait"] == "0s"


def test_the_heartbeat_goes_to_the_dead_mans_switch_alone(config):
    first = config["route"]["routes"][0]
    assert first["receiver"] == "exai-dead-mans-switch"
    assert first["matchers"] == ['alertname="Watchdog"']
    assert "continue" not in first


def test_each_tier_silences_every_slower_one_of_its_slo(config):
    tiers = [rule for rule in config["inhibit_rules"] if rule["source_matchers"][0].startswith("burnrate_tier")]
    pairs = [(rule["source_matchers"][0].split('"')[1], rule["target_matchers"][0].split('"')[1]) for rule in tiers]
    assert pairs == [("14.4x", "6x|3x|1x"), ("6x", "3x|1x"), ("3x", "1x")]
    assert all(rule["equal"] == ["sloth_id"] for rule in tiers)


def test_a_page_silences_tickets_of_its_slo_and_of_no_other_alert(config):
    rule = next(rule for rule in config["inhibit_rules"] if 'sloth_severity="page"' in rule["source_matchers"])
    # Alerts without an SLO share the empty id, and another tool's pages have no tier.
    assert 'burnrate_tier!=""' in rule["source_matchers"]
    assert 'sloth_id!=""' in rule["target_matchers"]


def test_labels_of_groups_must_be_equal_too(slo_of):
    made = read([slo_of(group_by=("tool",)), slo_of(group_by=("tenant", "tool"))])
    tiers = [rule for rule in made["inhibit_rules"] if "burnrate_tier" in str(rule["source_matchers"])]
    assert {tuple(rule["equal"]) for rule in tiers} == {("sloth_id", "tenant", "tool")}


def tier(name, factor, severity="page"):
    return BurnTier(name, Decimal(factor), 3600, 300, severity)


def inhibited(slos):
    rules = read(slos)["inhibit_rules"]
    return [(*rule["source_matchers"], *rule["target_matchers"]) for rule in rules if "equal" in rule][:-1]


def test_a_page_comes_before_a_ticket_that_burns_faster(slo_of):
    tiers = (tier("odd", "10", "ticket"), tier("even", "5"))
    assert inhibited([slo_of(tiers=tiers)]) == [('burnrate_tier="even"', 'burnrate_tier="odd"')]


def test_tiers_whose_order_differs_between_slos_never_silence_each_other_both_ways(slo_of):
    first = slo_of(tiers=(tier("a", "10"), tier("b", "5")), labels={"owner": "x"})
    second = slo_of(tiers=(tier("b", "10"), tier("a", "5")))
    object.__setattr__(second, "name", "other")
    assert inhibited([first, second]) == [
        ('burnrate_tier="a"', 'sloth_id="shop-api"', 'burnrate_tier="b"', 'sloth_id="shop-api"'),
        ('burnrate_tier="b"', 'sloth_id="shop-other"', 'burnrate_tier="a"', 'sloth_id="shop-other"'),
    ]


def test_tiers_of_different_windows_share_their_rules(slo_of):
    month, four_weeks = slo_of(), slo_of(window=28 * 86_400)
    sources = [rule[0] for rule in inhibited([month, four_weeks])]
    assert len(sources) == len(set(sources))
    assert 'burnrate_tier="13.44x"' in sources


def test_dots_in_names_are_literal(slo_of):
    rules = inhibited([slo_of(window=28 * 86_400)])
    assert any(r"5\\.6x" in target for _, target in rules)


def test_addresses_can_be_chosen(slos):
    options = RuleOptions(webhook_url="http://a.example/", watchdog_url="http://b.example/", scrape_interval=1)
    config = read(slos, options=options)
    urls = {each["name"]: each["webhook_configs"][0]["url"] for each in config["receivers"]}
    assert urls == {
        "exai-page": "http://a.example/",
        "exai-ticket": "http://a.example/",
        "exai-dead-mans-switch": "http://b.example/",
    }
    page = slo_route(config, "exai-mcp-availability")["routes"][0]
    assert (page["group_wait"], page["group_interval"]) == ("1s", "1s")


def test_each_owner_has_a_route_to_its_own_receivers(slo_of):
    slos = [slo_of(labels={"owner": "payments"}), slo_of(labels={"team": "search"})]
    object.__setattr__(slos[1], "name", "find")
    config = read(slos, notifications=Notifications((ONCALL, CHAT)))
    payments, search = slo_route(config, "shop-api"), slo_route(config, "shop-find")
    assert payments is not search
    assert (payments["receiver"], payments["routes"][0]["receiver"]) == ("exai-chat", "exai-oncall")
    # Nobody receives pages of this owner, so they go to the default address rather than nowhere.
    assert (search["receiver"], search["routes"][0]["receiver"]) == ("exai-chat", "exai-page")
    assert config["route"]["receiver"] == "exai-chat"


def test_what_a_receiver_is_told_is_merged_into_one_notification(slo_of):
    both = Receiver("more", (Slack("/s/more", "#more"),), ("ticket",))
    config = read([slo_of()], notifications=Notifications((CHAT, both)))
    receiver = next(each for each in config["receivers"] if each["name"] == "exai-chat+more")
    assert [each["channel"] for each in receiver["slack_configs"]] == ["#slo", "#more"]
    assert all(each["send_resolved"] for each in receiver["slack_configs"])


def targeted(slo_of, *targets):
    return slo_of(alerting=Alerting(targets=targets), source=Source("slo/a.yaml", 7))


def test_the_targets_of_an_slo_are_told_and_nobody_else(slo_of):
    slo = targeted(slo_of, NotificationTarget("boss", "Email"), NotificationTarget("chat", "whatever"))
    route = slo_route(read([slo], notifications=Notifications((ONCALL, CHAT, BOSS))), "shop-api")
    assert (route["receiver"], route["routes"][0]["receiver"]) == ("exai-boss+chat", "exai-boss")


def test_pages_and_tickets_may_have_targets_of_their_own(slo_of):
    desk, known = Receiver("desk", BOSS.channels, ()), NotificationTarget("boss", "email")
    for ticket, receiver in (((NotificationTarget("desk", "webhook"),), "exai-desk"), ((), "exai-chat")):
        alerting = Alerting(page=Notice(targets=(known,)), ticket=Notice(targets=ticket))
        config = read([slo_of(alerting=alerting)], notifications=Notifications((ONCALL, CHAT, BOSS, desk)))
        route = slo_route(config, "shop-api")
        assert (route["receiver"], route["routes"][0]["receiver"]) == (receiver, "exai-boss")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (NotificationTarget("bos", "email"), "no receiver 'bos' in r.yaml; did you mean 'boss'?"),
        (NotificationTarget("boss", "pagerduty"), "the receiver 'boss' in r.yaml has no pagerduty; give it"),
    ],
)
def test_a_target_that_no_receiver_stands_for_is_refused(slo_of, target, words):
    with pytest.raises(SpecError, match=r"slo/a\.yaml:7: shop-api: notification target: ") as caught:
        read([targeted(slo_of, target)], notifications=Notifications((BOSS,), file="r.yaml"))
    assert words in str(caught.value)


def test_without_receivers_targets_go_to_the_default_address(slo_of):
    route = slo_route(read([targeted(slo_of, NotificationTarget("bos", "email"))]), "shop-api")
    assert (route["receiver"], route["routes"][0]["receiver"]) == ("exai-ticket", "exai-page")


def test_mutes_hold_for_tickets_of_their_owners(slo_of):
    mine = Mute("mine", MUTE.intervals, ("page", "ticket"), ("payments",))
    config = read([slo_of(labels={"owner": "payments"})], notifications=Notifications((), (MUTE, mine)))
    route = slo_route(config, "shop-api")
    assert route["mute_time_intervals"] == ["exai-nights", "exai-mine"]
    assert route["routes"][0]["mute_time_intervals"] == ["exai-mine"]
    # Alertmanager refuses mutes on the root.
    assert "mute_time_intervals" not in config["route"]
    assert [each["name"] for each in config["time_intervals"]] == ["exai-mine", "exai-nights"]


def test_our_part_matches_our_alerts_and_lets_others_hear_the_heartbeat(slos, catalog):
    part = our_part(slos, catalog=catalog)
    assert part.routes[0]["continue"] is True
    assert all(route["matchers"][0].split("=")[0].rstrip("~") in ("alertname", "sloth_id") for route in part.routes)
    assert all(each["name"].startswith("exai-") for each in part.receivers)


def test_without_slos_there_are_still_heartbeat_and_symptoms():
    config = read([])
    assert [route["matchers"][0] for route in config["route"]["routes"]] == [
        'alertname="Watchdog"',
        'alertname="ServerTargetDown"',
        'severity="page"',
    ]
