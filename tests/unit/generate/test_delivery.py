"""Where generated files go."""

from __future__ import annotations

import pytest
import yaml

from exai_sre.generate.delivery import Delivery, delivered, merged
from exai_sre.generate.files import Wanted, generated_files
from exai_sre.generate.provenance import origin


@pytest.fixture
def wanted(slo_of):
    return Wanted([slo_of()])


@pytest.fixture
def files(wanted):
    return generated_files(wanted.slos, only=("rules", "alertmanager"))


def test_plain_files_are_delivered_as_they_are(files, wanted):
    assert delivered(files, wanted, Delivery()) == files
    assert Delivery().places == []


def test_a_shadow_is_rules_under_other_names_and_nothing_else(files, wanted):
    made = delivered(files, wanted, Delivery(shadow="trial"))
    assert sorted(made) == ["alerts/trial-shop-api.rules.yaml", "alerts/trial-symptoms.rules.yaml"]
    assert "trial:slo:sli_error:ratio_rate5m" in made["alerts/trial-shop-api.rules.yaml"]


def test_kubernetes_gets_objects_and_alertmanagers_part_where_it_is_wanted(files, wanted):
    delivery = Delivery("kubernetes")
    made = delivered(files, wanted, delivery)
    kinds = {yaml.safe_load(text)["kind"] for text in made.values()}
    assert kinds == {"PrometheusRule", "AlertmanagerConfig", "Kustomization"}
    assert "kubernetes/alertmanager-config.yaml" not in delivered(files, wanted, delivery, routes=False)
    assert delivery.places == [("kubernetes", "*.yaml")]


@pytest.mark.parametrize("target", ["mimir", "thanos"])
def test_a_store_of_several_prometheus_gets_rule_files(files, wanted, target):
    delivery = Delivery(target)
    made = delivered(files, wanted, delivery)
    assert all(path.startswith(f"{target}/") for path in made)
    assert delivery.places == [(target, "*.yaml")]
    assert ("namespace:" in made[f"{target}/shop-api.yaml"]) is (target == "mimir")


@pytest.mark.parametrize("delivery", [Delivery(), Delivery(shadow="s"), Delivery("kubernetes"), Delivery("mimir")])
def test_whatever_is_delivered_holds_its_own_hash(files, wanted, delivery):
    assert {origin(text).kind for text in delivered(files, wanted, delivery).values()} == {"ours"}


def test_our_part_goes_into_a_configuration_of_somebody_else(wanted):
    theirs = "# mine\nroute:\n  receiver: me\nreceivers:\n- name: me\n"
    text = merged(theirs, wanted, Delivery())
    assert text.startswith("# mine\n")
    assert merged(text, wanted, Delivery()) == text
    assert len(yaml.safe_load(text)["receivers"]) > 1
    quiet = yaml.safe_load(merged(theirs, wanted, Delivery(shadow="trial")))
    assert [route["matchers"] for route in quiet["route"]["routes"]] == [['shadow="trial"']]
