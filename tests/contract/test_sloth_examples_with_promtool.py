"""Sloth's own examples: the same series, labels and groups, and in raw mode the same values as Sloth's rules."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import yaml

from exai_sre.generate import RuleOptions
from exai_sre.generate.rules import group_names
from exai_sre.generate.series import window_text
from exai_sre.generate.sli_rules import meta_rules, sli_rules
from exai_sre.slo import load_slos
from exai_sre.slo.model import tiers_for
from tests.contract.promtool_rig import assert_holds, renamed, steps

pytestmark = [pytest.mark.needs_prometheus, pytest.mark.needs_vectors]

DAY = 86_400
RAW = RuleOptions(windows="raw")
FINE = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
OURS = re.compile(r"slo:sli_(total|part|group|component)|slo:sli_error:(increase|tile)|slo:coverage")
PAIRS = [
    ("in-base.yaml", "out-base.yaml", 30),
    ("in-base.yaml", "out-base-28d.yaml", 28),
    ("in-openslo.yaml", "out-openslo.yaml", 30),
]

MINUTES = 3 * 1440 + 300
"""Minutes of traffic: the longest raw window is full."""


@pytest.fixture
def examples(vectors):
    return vectors() / "slo/sloth"


def definitions(path, days=30):
    slos = load_slos(path)
    return [replace(slo, window=days * DAY, tiers=tiers_for(days * DAY)) for slo in slos]


def our_groups(slo, options=RAW):
    sli, meta, _ = group_names(slo)
    return [{"name": sli, "rules": sli_rules(slo, options)}, {"name": meta, "rules": meta_rules(slo)}]


def sloth_groups(path):
    return [group for group in yaml.safe_load(path.read_text())["groups"] if "recordings" in group["name"]]


def described(path):
    """Sloth's recordings of an example that has no output beside it, from its shape: errors over total per window."""
    spec = yaml.safe_load(path.read_text())
    for slo in spec["slos"]:
        events = slo["sli"]["events"]
        rules = [
            {
                "record": f"slo:sli_error:ratio_rate{window}",
                "expr": "\n/\n".join(
                    f"({events[part].replace('{{.window}}', window)})" for part in ("error_query", "total_query")
                ),
                "labels": {"sloth_id": f"{spec['service']}-{slo['name']}"},
            }
            for window in FINE
        ]
        yield {"name": slo["name"], "rules": rules}


@pytest.mark.parametrize("windows", ["raw", "recorded"])
@pytest.mark.parametrize(("given", "made", "days"), PAIRS)
def test_series_labels_and_groups_are_sloths(examples, given, made, days, windows):
    theirs = {group["name"]: group["rules"] for group in sloth_groups(examples / made)}
    ours = {
        group["name"]: group["rules"]
        for slo in definitions(examples / given, days)
        for group in our_groups(slo, RuleOptions(windows=windows))
    }
    assert ours.keys() == theirs.keys()
    for name, rules in theirs.items():
        compared = [rule for rule in ours[name] if not OURS.match(rule["record"])]
        assert [rule["record"] for rule in compared] == [rule["record"] for rule in rules]
        for rule, other in zip(compared, rules, strict=True):
            # Who made the rules, and from which format: an SLO does not remember it.
            differing = {"sloth_version", "sloth_spec", "sloth_mode"} if rule["record"] == "sloth_slo_info" else set()
            assert rule["labels"].keys() == other["labels"].keys()
            assert {key: rule["labels"][key] for key in rule["labels"].keys() - differing} == {
                key: other["labels"][key] for key in other["labels"].keys() - differing
            }


@pytest.mark.parametrize("given", ["in-base.yaml", "in-openslo.yaml", "getting-started.yml", "home-wifi.yml"])
def test_in_raw_mode_each_ratio_but_the_periods_agrees_to_1e_9(tmp_path, examples, given):
    slos = definitions(examples / given)
    ours = [group for slo in slos for group in our_groups(slo)]
    out = examples / given.replace("in-", "out-")
    theirs = sloth_groups(out) if given.startswith("in-") else list(described(examples / given))
    job, name = 'job="myservice"', "http_request_duration_seconds_count"
    # Rates of errors whose theory lies off the minute grid, and two instances that restart.
    series = {
        f'{name}{{{job},code="200",instance="a"}}': steps((97, MINUTES // 2), (61, MINUTES // 2)),
        f'{name}{{{job},code="500",instance="a"}}': steps((0, 500), (0.37, MINUTES - 1000), (13, 500)),
        f'{name}{{{job},code="429",instance="b"}}': f"{steps((0.11, 1000))} {steps((0.07, MINUTES - 1000))}",
        f'{name}{{{job},code="200",instance="b"}}': f"{steps((31, 1000))} {steps((29, MINUTES - 1000))}",
        **{
            f'unifipoller_client_satisfaction_ratio{{client="{client}"}}': f"0.9x{at} 0.6x{MINUTES - 2 * at} 0.4x{at}"
            for client, at in (("phone", 700), ("laptop", 911), ("kettle", 1203))
        },
    }
    statements = [
        (f"{minute}m", f"abs({ratio}{which} - on (sloth_id) ref:{ratio}{which}) <= 1e-9")
        for minute in (600, 1560, 4320, 4560)
        for ratio in (f"slo:sli_error:ratio_rate{window}" for window in FINE)
        for which in (f'{{sloth_id="{slo.id}"}}' for slo in slos)
    ]
    assert_holds(tmp_path, [*ours, *renamed(theirs, "ref:")], series, statements, evaluation="2h")


def test_windows_are_named_as_sloth_names_them():
    texts = {days: window_text(days * DAY) for days in (1, 3, 7, 28, 30, 90, 365)}
    assert texts == {1: "1d", 3: "3d", 7: "1w", 28: "4w", 30: "30d", 90: "90d", 365: "1y"}
