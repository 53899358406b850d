"""Routes and inhibition as data; tests/contract shows that Alertmanager reads them the same way."""

from __future__ import annotations

import re

import pytest
import yaml

from exai_sre.generate import RuleOptions, alertmanager_config


@pytest.fixture(scope="module")
def config(slos):
    return yaml.safe_load(alertmanager_config(slos))


def test_pages_leave_at_once_and_tickets_wait_for_inhibition(config):
    routes = {route["receiver"]: {**config["route"], **route} for route in config["route"]["routes"]}
    assert routes["page"]["group_wait"] == "0s"
    assert routes["ticket"]["group_wait"] == "5m"
    assert config["route"]["receiver"] == "ticket"


def test_the_heartbeat_goes_to_the_dead_mans_switch_alone(config):
    first = config["route"]["routes"][0]
    assert first["receiver"] == "dead-mans-switch"
    assert first["matchers"] == ['alertname="Watchdog"']
    assert "continue" not in first


def test_each_tier_silences_every_slower_one_of_its_slo(config):
    tiers = [rule for rule in config["inhibit_rules"] if "burnrate_tier" in rule["source_matchers"][0]]
    pairs = [(rule["source_matchers"][0].split('"')[1], rule["target_matchers"][0].split('"')[1]) for rule in tiers]
    assert pairs == [("14.4x", "6x|3x|1x"), ("6x", "3x|1x"), ("3x", "1x")]
    assert all(rule["equal"] == ["sloth_id"] for rule in tiers)


def test_a_page_silences_tickets_of_its_slo_and_of_no_other_alert(config):
    rule = next(rule for rule in config["inhibit_rules"] if 'severity="page"' in rule["source_matchers"])
    # Alerts without an SLO share the empty id, so they are kept out on both sides.
    assert 'sloth_id!=""' in rule["source_matchers"]
    assert 'sloth_id!=""' in rule["target_matchers"]


def test_dots_in_tier_names_are_literal(slo_of):
    text = alertmanager_config([slo_of(window=28 * 86_400)])
    targets = re.findall(r'burnrate_tier=~"(.*?)"', yaml.safe_dump(yaml.safe_load(text)))
    assert any(r"5\\.6x" in target for target in targets)


def test_addresses_can_be_chosen(slos):
    options = RuleOptions(webhook_url="http://a.example/", watchdog_url="http://b.example/", scrape_interval=1)
    config = yaml.safe_load(alertmanager_config(slos, options=options))
    urls = {each["name"]: each["webhook_configs"][0]["url"] for each in config["receivers"]}
    assert urls == {"page": "http://a.example/", "ticket": "http://a.example/", "dead-mans-switch": "http://b.example/"}
    assert config["route"]["routes"][1]["group_interval"] == "1s"
