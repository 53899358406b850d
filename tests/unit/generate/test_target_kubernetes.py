"""Kubernetes objects: what the API server would check, and the same groups as in the plain files."""

from __future__ import annotations

import re

import pytest
import yaml

from exai_sre.errors import SpecError
from exai_sre.generate import generated_files
from exai_sre.generate.alertmanager import (
    Email,
    Mute,
    Notifications,
    OurPart,
    PagerDuty,
    Receiver,
    Slack,
    Webhook,
    our_part,
)
from exai_sre.generate.targets import KubernetesOptions, kubernetes_files
from exai_sre.generate.targets.alertmanager_object import alertmanager_spec
from exai_sre.generate.targets.kubernetes import LARGEST_CONFIG_MAP, LARGEST_RULE, object_name

DNS_1123 = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
KINDS = {
    "PrometheusRule": "monitoring.coreos.com/v1",
    "AlertmanagerConfig": "monitoring.coreos.com/v1alpha1",
    "ConfigMap": "v1",
    "Kustomization": "kustomize.config.k8s.io/v1beta1",
}
INTERVAL = {
    "times": [{"start_time": "18:00", "end_time": "24:00"}],
    "weekdays": ["saturday"],
    "days_of_month": ["1:5", "-1"],
    "months": ["1:3"],
    "years": ["2026"],
    "location": "UTC",
}
NOTIFICATIONS = Notifications(
    (
        Receiver("oncall", (PagerDuty(routing_key_file="/s/key"), PagerDuty(service_key_file="/s/old key")), ("page",)),
        Receiver("chat", (Slack("/s/slack", "#slo"), Webhook("http://x/", credentials_file="/s/token")), ("ticket",)),
        Receiver("mail", (Email("a@x", "b@x", "mail:25", "user", "/s/mail"), Webhook(url_file="/s/hook")), ("ticket",)),
    ),
    (Mute("nights", (INTERVAL,)),),
)
WORDS = {
    "spec": {"route", "receivers", "inhibitRules", "muteTimeIntervals"},
    "route": {"receiver", "groupBy", "groupWait", "groupInterval", "repeatInterval", "matchers", "continue", "routes",
              "muteTimeIntervals"},
    "receiver": {"name", "pagerdutyConfigs", "slackConfigs", "webhookConfigs", "emailConfigs"},
    "pagerdutyConfigs": {"sendResolved", "routingKey", "serviceKey", "description", "severity"},
    "slackConfigs": {"sendResolved", "apiURL", "channel", "title", "text"},
    "webhookConfigs": {"sendResolved", "url", "urlSecret", "httpConfig"},
    "emailConfigs": {"sendResolved", "to", "from", "smarthost", "authUsername", "authPassword", "requireTLS"},
}  # fmt: skip
"""Fields that the operator's v1alpha1 types have, as far as ours uses them."""


def load(text):
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@pytest.fixture(scope="module")
def plain(slos, catalog):
    return generated_files(slos, catalog=catalog, only=("rules", "dashboards", "runbooks"))


@pytest.fixture(scope="module")
def made(plain):
    return kubernetes_files(plain)


@pytest.fixture(scope="module")
def spec(slos, catalog):
    files = kubernetes_files({}, part=our_part(slos, catalog=catalog, notifications=NOTIFICATIONS))
    return load(files["kubernetes/alertmanager-config.yaml"])["spec"]


def objects(files):
    return {path: load(text) for path, text in files.items()}


def test_every_object_has_the_version_of_its_kind_and_a_name_that_kubernetes_takes(plain, slos):
    files = kubernetes_files(plain, part=our_part(slos), options=KubernetesOptions(rule_labels={"release": "x"}))
    seen = set()
    for path, made in objects(files).items():
        assert made["apiVersion"] == KINDS[made["kind"]], path
        seen.add(made["kind"])
        if made["kind"] != "Kustomization":
            assert DNS_1123.fullmatch(made["metadata"]["name"]), path
            assert made["metadata"]["namespace"] == "monitoring"
            assert all(LABEL_VALUE.fullmatch(value) for value in made["metadata"]["labels"].values())
    assert seen == set(KINDS)
    names = [(made["kind"], made.get("metadata", {}).get("name")) for made in objects(files).values()]
    assert len(names) == len(set(names))


def test_the_groups_are_those_of_the_plain_files(plain, made):
    found = {path: text for path, text in plain.items() if path.endswith(".rules.yaml")}
    assert found
    for path, text in found.items():
        name = path.removeprefix("alerts/").removesuffix(".rules.yaml")
        assert load(made[f"kubernetes/rules-{name}.yaml"])["spec"] == load(text)


def test_dashboards_are_whole_and_found_by_the_sidecar(plain, made):
    found = {path: text for path, text in plain.items() if path.endswith(".json")}
    assert found
    for path, text in found.items():
        name = path.removeprefix("dashboards/").removesuffix(".json")
        config_map = load(made[f"kubernetes/dashboard-{name}.yaml"])
        assert config_map["data"] == {f"{name}.json": text}
        assert config_map["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_the_kustomization_lists_every_other_file(made):
    resources = load(made["kubernetes/kustomization.yaml"])["resources"]
    assert [f"kubernetes/{name}" for name in resources] == [path for path in made if "kustomization" not in path]


def test_nothing_else_is_taken_along_and_the_output_is_the_same_twice(plain, made):
    assert kubernetes_files(dict(reversed(plain.items()))) == made
    assert any(path.endswith(".md") for path in plain)
    assert not any("runbook" in path for path in made)


def test_alerts_carry_the_namespace_that_the_operator_routes_by(plain, slos):
    files = kubernetes_files(plain, part=our_part(slos), options=KubernetesOptions(namespace="shop"))
    rules = [
        rule
        for made in objects(files).values()
        if made["kind"] == "PrometheusRule"
        for group in made["spec"]["groups"]
        for rule in group["rules"]
    ]
    assert all((rule.get("labels", {}).get("namespace") == "shop") == ("alert" in rule) for rule in rules)
    untouched = kubernetes_files(plain, part=our_part(slos), options=KubernetesOptions(namespace_label=False))
    assert "namespace: shop" not in "".join(untouched.values())


def test_the_alertmanager_config_uses_words_of_its_version_only(spec):
    assert set(spec) <= WORDS["spec"]
    assert spec["route"]["receiver"] == "exai-nobody"
    routes = [spec["route"]]
    for route in routes:
        assert set(route) <= WORDS["route"]
        routes += route.get("routes", [])
        for matcher in route.get("matchers", []):
            assert set(matcher) == {"name", "value", "matchType"}
    names = {receiver["name"] for receiver in spec["receivers"]}
    assert {route["receiver"] for route in routes} <= names
    for receiver in spec["receivers"]:
        assert set(receiver) <= WORDS["receiver"]
        for kind in set(receiver) - {"name"}:
            assert all(set(config) <= WORDS[kind] for config in receiver[kind])


def test_secrets_are_keys_of_one_secret(spec):
    by_name = {receiver["name"]: receiver for receiver in spec["receivers"]}
    key = {"name": "exai-sre-receivers"}
    oncall, both = by_name["exai-oncall"], by_name["exai-chat+mail"]
    assert [config.get("routingKey") for config in oncall["pagerdutyConfigs"]] == [{**key, "key": "key"}, None]
    assert oncall["pagerdutyConfigs"][1]["serviceKey"] == {**key, "key": "old-key"}
    assert both["slackConfigs"][0]["apiURL"] == {**key, "key": "slack"}
    assert both["webhookConfigs"][0]["httpConfig"] == {"authorization": {"credentials": {**key, "key": "token"}}}
    assert both["webhookConfigs"][1]["urlSecret"] == {**key, "key": "hook"}
    assert both["emailConfigs"][0]["authPassword"] == {**key, "key": "mail"}


def test_matchers_mean_what_they_mean_in_a_file(slo_of):
    odd = slo_of(labels={"owner": "x"})
    object.__setattr__(odd, "name", 'a".b\\c\n')
    other = slo_of()
    route = alertmanager_spec(our_part([odd]), "s")["route"]["routes"][1]
    assert route["matchers"] == [{"name": "sloth_id", "value": 'shop-a".b\\c\n', "matchType": "="}]
    object.__setattr__(other, "labels", {"owner": "x"})
    both = alertmanager_spec(our_part([odd, other]), "s")["route"]["routes"][1]
    assert both["matchers"] == [{"name": "sloth_id", "value": 'shop-a"\\.b\\\\c\n|shop-api', "matchType": "=~"}]


def test_a_part_that_somebody_else_has_built_is_refused_where_it_cannot_be_read():
    with pytest.raises(ValueError, match="'a=b' is no matcher of ours"):
        alertmanager_spec(OurPart(routes=[{"receiver": "exai-x", "matchers": ["a=b"]}]), "s")


def test_mutes_are_written_in_its_words(spec):
    (mute,) = spec["muteTimeIntervals"]
    assert mute["timeIntervals"] == [
        {
            "times": [{"startTime": "18:00", "endTime": "24:00"}],
            "weekdays": ["saturday"],
            "daysOfMonth": [{"start": 1, "end": 5}, {"start": -1, "end": -1}],
            "months": ["1:3"],
            "years": ["2026"],
        }
    ]


def test_a_time_zone_is_refused_because_the_object_has_no_word_for_it(slos):
    notifications = Notifications((), (Mute("nights", ({"years": ["2026"], "location": "Europe/Berlin"},)),))
    with pytest.raises(
        SpecError, match=r"exai-nights\.location: the time zone Europe/Berlin of exai-nights has no place"
    ):
        kubernetes_files({}, part=our_part(slos, notifications=notifications))


@pytest.mark.parametrize(
    ("path", "text", "limit"),
    [
        ("dashboards/big.json", '"' + "x" * LARGEST_CONFIG_MAP + '"', LARGEST_CONFIG_MAP),
        ("alerts/big.rules.yaml", "groups: []\n#" + "x" * LARGEST_RULE, LARGEST_RULE),
    ],
)
def test_an_object_that_no_server_would_take_is_refused(path, text, limit):
    with pytest.raises(SpecError, match=f"{path}: has [0-9]+ bytes, more than the {limit} of one object; split"):
        kubernetes_files({path: text})
    assert kubernetes_files({path: text[: limit - 20]})


def test_names_stay_if_they_can_and_differ_if_they_cannot():
    assert object_name("shop-api.v2") == "shop-api.v2"
    odd = ["Shop_API", "shop-API", "shop..api", "shop-.api", "shop.-api", "é", "-", "", "x" * 300, "x" * 301]
    names = [object_name(text) for text in odd]
    assert all(DNS_1123.fullmatch(name) and len(name) <= 253 for name in names)
    assert len(set(names)) == len(odd)
