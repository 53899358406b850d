"""Recording rules under Sloth's names, and ours beside them."""

from __future__ import annotations

import re
from decimal import Decimal

import promql_parser
import pytest
import yaml

from exai_sre.errors import SpecError
from exai_sre.generate import RuleOptions, prometheus_rules
from exai_sre.generate.rules import group_names
from exai_sre.generate.series import ratio_name
from exai_sre.generate.sli_rules import meta_rules, sli_rules
from exai_sre.slo import EventsIndicator, QueryIndicator
from exai_sre.slo.indicators import Component, CompositeIndicator, GaugeIndicator, RawIndicator, SliceIndicator
from exai_sre.slo.model import Calendar

SLOTH = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"]


def rules_of(text):
    return {group["name"]: group["rules"] for group in yaml.safe_load(text)["groups"]}


@pytest.fixture
def recorded(slo_of):
    return {rule["record"]: rule for rule in [*sli_rules(slo_of(), RuleOptions()), *meta_rules(slo_of())]}


def test_the_series_are_sloths_and_ours_beside_them(recorded):
    assert set(recorded) == {
        *(f"slo:sli_error:ratio_rate{window}" for window in SLOTH),
        "slo:objective:ratio",
        "slo:error_budget:ratio",
        "slo:time_period:days",
        "slo:current_burn_rate:ratio",
        "slo:period_burn_rate:ratio",
        "slo:period_error_budget_remaining:ratio",
        "sloth_slo_info",
        *(f"slo:sli_error:increase{window}" for window in ("5m", "6h", "1d", "3d")),
        "slo:sli_total:increase5m",
        "slo:sli_error:tile30m",
        "slo:sli_total:tile30m",
        "slo:coverage:ratio",
        "slo:sli_total:first",
        "slo:sli_part:first",
    }


def test_groups_are_sloths(slo_of):
    groups = rules_of(prometheus_rules([slo_of()])["shop-api.rules.yaml"])
    assert list(groups) == [f"sloth-slo-{part}-shop-api" for part in ("sli-recordings", "meta-recordings", "alerts")]
    assert tuple(groups) == group_names(slo_of())


def test_labels_are_sloths(recorded):
    identity = {"sloth_id": "shop-api", "sloth_service": "shop", "sloth_slo": "api"}
    assert recorded["slo:objective:ratio"]["labels"] == identity
    assert recorded["slo:sli_error:ratio_rate6h"]["labels"] == {**identity, "sloth_window": "6h"}
    assert (
        recorded["sloth_slo_info"]["labels"].items() >= {"sloth_objective": "99.9", "sloth_spec": "openslo/v1"}.items()
    )


def test_labels_of_the_definition_come_along_but_do_not_replace_sloths(slo_of):
    slo = slo_of(labels={"team": "one", "no-label": "x", "sloth_id": "forged"})
    labels = sli_rules(slo, RuleOptions())[0]["labels"]
    assert labels == {"team": "one", "sloth_id": "shop-api", "sloth_service": "shop", "sloth_slo": "api"}


def test_numbers_are_exact(recorded):
    assert recorded["slo:objective:ratio"]["expr"] == "vector(0.999)"
    assert recorded["slo:error_budget:ratio"]["expr"] == "vector(0.001)"
    assert recorded["slo:time_period:days"]["expr"] == "vector(30)"


def test_windows_over_two_hours_are_summed_from_recorded_increases(recorded):
    for window in SLOTH:
        expr = recorded[f"slo:sli_error:ratio_rate{window}"]["expr"]
        assert ("sum_over_time(slo:sli_total:increase5m" in expr) == (window in ("6h", "1d", "3d", "30d"))
        assert ("calls_seconds_count" in expr) == (window in ("30m", "1h", "2h"))
        assert expr.endswith("> 0)")


def test_a_period_is_summed_from_half_hours(recorded):
    expr = recorded["slo:sli_error:ratio_rate30d"]["expr"]
    assert expr.count("[30d]") == expr.count(":tile30m{") == 2


def test_raw_windows_read_the_raw_series_alone_but_for_the_period(slo_of):
    rules = sli_rules(slo_of(), RuleOptions(windows="raw"))
    ratios = {rule["record"]: rule["expr"] for rule in rules if "ratio_rate" in rule["record"]}
    assert [name for name, expr in ratios.items() if "slo:" in expr] == ["slo:sli_error:ratio_rate30d"]


def test_missing_data_that_count_are_seen_by_every_window(slo_of):
    for windows in ("raw", "recorded"):
        rules = sli_rules(slo_of(missing="bad"), RuleOptions(windows=windows))
        ratios = {rule["record"]: rule["expr"] for rule in rules if "ratio_rate" in rule["record"]}
        assert not any("calls_seconds" in expr for expr in ratios.values())


def test_another_period_has_its_own_longest_window_as_sloth_names_it(slo_of):
    slo = slo_of(window=28 * 86_400)
    names = [rule["record"] for rule in sli_rules(slo, RuleOptions())]
    assert "slo:sli_error:ratio_rate4w" in names
    assert ratio_name("28d") == ratio_name(28 * 86_400) == "slo:sli_error:ratio_rate4w"
    assert "slo:sli_error:ratio_rate30d" not in names
    assert "vector(28)" in [rule["expr"] for rule in meta_rules(slo)]


def test_a_label_by_which_an_slo_is_grouped_comes_from_the_data(slo_of):
    slo = slo_of(labels={"team": "one", "tier": "2"}, group_by=("team",))
    assert all("team" not in rule["labels"] and "tier" in rule["labels"] for rule in sli_rules(slo, RuleOptions()))


@pytest.mark.parametrize("label", ["sloth_id", "__name__", "part", "a) or vector(1", "", "a.b"])
def test_what_is_no_label_cannot_group_an_slo(slo_of, label):
    with pytest.raises(SpecError, match="cannot be grouped by"):
        sli_rules(slo_of(group_by=(label,)), RuleOptions())


def test_names_in_a_definition_cannot_leave_their_quotes(slo_of):
    hostile = 'x"} or vector(1) or a{b="'
    part = Component(hostile, Decimal(1), GaugeIndicator("up", "gte", Decimal(1)))
    for rule in sli_rules(slo_of(CompositeIndicator((part,))), RuleOptions()):
        assert '="x"' not in rule["expr"]
        promql_parser.parse(rule["expr"])


EVERY_KIND = (
    EventsIndicator("calls_seconds", good=(), within=0.5, native=True),
    QueryIndicator(good="good_total", bad=None, total="sum by (a) (rate(all_total[{{.window}}]))"),
    RawIndicator("sum(rate(a[{{.window}}])) / sum(rate(b[{{.window}}]))", success=True),
    GaugeIndicator("probe_success", "gte", Decimal(1)),
    SliceIndicator(GaugeIndicator("probe_success", "gte", Decimal(1)), 300, Decimal("0.9")),
    SliceIndicator(QueryIndicator(good=None, bad="bad_total", total="all_total"), 300),
)
COMPOSITE = CompositeIndicator(
    tuple(Component(f"part-{at}", Decimal(at + 1), each) for at, each in enumerate(EVERY_KIND))
)


@pytest.mark.parametrize("windows", ["recorded", "raw"])
@pytest.mark.parametrize("missing", ["excluded", "bad", "good"])
@pytest.mark.parametrize("calendar", [None, Calendar("2026-01-01T00:00:00", "Europe/Berlin", "M")])
def test_every_expression_of_every_kind_parses(slo_of, windows, missing, calendar):
    for indicator in (*EVERY_KIND, COMPOSITE):
        slo = slo_of(indicator, missing=missing, calendar=calendar)
        for rule in [*sli_rules(slo, RuleOptions(windows=windows)), *meta_rules(slo)]:
            promql_parser.parse(rule["expr"])


def test_every_rule_reads_only_what_rules_before_it_record(slo_of):
    for indicator in (*EVERY_KIND, COMPOSITE):
        seen = set()
        for rule in [*sli_rules(slo_of(indicator), RuleOptions()), *meta_rules(slo_of(indicator))]:
            read = set(re.findall(r"slo:\w+:\w+", rule["expr"]))
            assert read <= seen, rule["record"]
            seen.add(rule["record"])


def test_a_plain_query_makes_rules_too(slo_of):
    slo = slo_of(QueryIndicator(good=None, bad="bad_total", total="all_total"))
    assert "sum(increase(all_total[5m]) or" in prometheus_rules([slo])["shop-api.rules.yaml"]


def test_rule_groups_follow_quick_scrapes(slo_of):
    def intervals(**choice):
        files = prometheus_rules([slo_of()], options=RuleOptions(**choice)).values()
        return [group["interval"] for text in files for group in yaml.safe_load(text)["groups"]]

    assert intervals() == ["1m", "1m", "1m", "15s"]
    assert intervals(scrape_interval=1) == ["1s", "1s", "1s", "1s"]


def test_the_order_of_definitions_does_not_matter(slos, catalog):
    forwards = prometheus_rules(slos, catalog=catalog)
    assert list(prometheus_rules(list(reversed(slos)), catalog=catalog).items()) == list(forwards.items())


def test_every_file_says_that_it_is_generated(slos, catalog):
    for text in prometheus_rules(slos, catalog=catalog).values():
        assert text.startswith("# Generated by exai-sre ")
        assert "do not edit" in text.splitlines()[0]


def test_no_text_of_the_server_has_float_noise(slos, catalog):
    for text in prometheus_rules(slos, catalog=catalog).values():
        assert "0000000" not in text
        assert "9999999" not in text


def test_thresholds_are_factor_times_budget_exactly(slos, catalog):
    texts = prometheus_rules(slos, catalog=catalog)
    for slo in slos:
        for tier in slo.tiers:
            assert f"> {(tier.factor * slo.budget).normalize():f}) without" in texts[f"{slo.id}.rules.yaml"]
    assert Decimal("14.4") * Decimal("0.005") == Decimal("0.072")
