"""Every kind of OpenSLO v1, compiled: indicators, methods, windows, objectives, alert policies, references."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from exai_sre.errors import SpecError
from exai_sre.metrics import Catalog, Matcher
from exai_sre.slo import load_slos, make_slo, read_slos
from exai_sre.slo.catalog_check import counted, require_countable
from exai_sre.slo.indicators import (
    Component,
    CompositeIndicator,
    EventsIndicator,
    GaugeIndicator,
    QueryIndicator,
    RawIndicator,
    SliceIndicator,
)
from exai_sre.slo.model import Calendar
from tests.unit.slo.openslo_texts import (
    DAY,
    GAUGE,
    PAIR,
    QUERIES,
    RATIO,
    Write,
    one,
    policy,
    refused,
    sli,
    slo_text,
)


def test_the_kinds_of_indicator_are_compiled(write: Write) -> None:
    raw = sli("{ratioMetric: {rawType: success, raw: {metricSource: {type: Prometheus, spec: {query: r}}}}}")
    assert one(write(slo_text(indicator=raw))).indicator == RawIndicator("r", success=True)
    bad = sli("{ratioMetric: " + RATIO.replace("good:", "bad:") + "}")
    assert one(write(slo_text(indicator=bad))).indicator == QueryIndicator(None, "good", "all")
    gauge = slo_text(indicator=sli(GAUGE), objectives="[{op: lte, value: 60, target: 0.9}]")
    assert one(write(gauge)).indicator == GaugeIndicator("lag", "lte", Decimal(60))


def test_what_goes_up_and_down_weighs_by_how_long_it_stands(write: Write) -> None:
    text = slo_text(indicator=sli("{ratioMetric: " + RATIO.replace("{good:", "{counter: false, good:") + "}"))
    assert one(write(text)).indicator == QueryIndicator(
        "avg_over_time((good)[{{.window}}:1m])", None, "avg_over_time((all)[{{.window}}:1m])"
    )
    own = text.replace("query: all", "query: 'all[{{.window}}]'")
    assert one(write(own)).indicator.total == "all[{{.window}}]"  # type: ignore[union-attr]


def test_a_gauge_of_the_catalog_can_be_compared(write: Write, catalog: Catalog) -> None:
    spec = "{thresholdMetric: {metricSource: {type: exai-sre, spec: {instrument: open_calls, filter: {tool: a}}}}}"
    text = slo_text(indicator=sli(spec), objectives="[{op: lt, value: 5, target: 0.9}]")
    assert one(write(text), catalog).indicator == GaugeIndicator('open_calls{tool="a"}', "lt", Decimal(5))
    assert "did you mean" in str(read_slos([write(text.replace("open_calls", "open_call"))], catalog=catalog).faults[0])
    assert "has no one value" in refused(write(text.replace("open_calls", "call_seconds")), catalog)
    assert "no label 'tol'" in refused(write(text.replace("tool:", "tol:")), catalog)
    assert "no name of a metric" in refused(write(text.replace("open_calls", "'a b'")), catalog)
    assert "no name of a metric" in refused(write(text.replace("open_calls", "'a}b'")))


def test_a_native_histogram_can_be_asked_for_any_bound(write: Write, catalog: Catalog) -> None:
    spec = (
        "{ratioMetric: {good: {metricSource: {type: exai-sre, spec: {within: 0.3}}}, "
        "total: {metricSource: {type: exai-sre, spec: {instrument: call_seconds, native: true}}}}}"
    )
    path = write(slo_text(indicator=sli(spec)))
    assert one(path, catalog).indicator == EventsIndicator("call_seconds", good=(), within=0.3, native=True)
    assert "no buckets" in refused(write(slo_text(indicator=sli(spec)).replace("call_seconds", "calls_total")), catalog)


@pytest.mark.parametrize(
    ("method", "objective", "expected"),
    [
        ("Timeslices", "timeSliceTarget: 0.9, timeSliceWindow: 5m", SliceIndicator(QUERIES, 300, Decimal("0.9"))),
        ("Timeslices", "timeSliceTarget: 1, timeSliceWindow: 1h", SliceIndicator(QUERIES, 3600, Decimal(1))),
        ("RatioTimeslices", "timeSliceWindow: 1m", SliceIndicator(QUERIES, 60)),
    ],
)
def test_time_slices_are_compiled(write: Write, method: str, objective: str, expected: SliceIndicator) -> None:
    text = slo_text(method=method, objectives=f"[{{target: 0.99, {objective}}}]")
    assert one(write(text)).indicator == expected


@pytest.mark.parametrize(
    ("window", "seconds", "calendar"),
    [
        ("{duration: 90m, isRolling: true}", 5400, None),
        ("{duration: 2w, isRolling: true}", 14 * DAY, None),
        ("{duration: 1M, isRolling: true}", 30 * DAY, None),
        ("{duration: 1Q, isRolling: true}", 90 * DAY, None),
        (
            "{duration: 1M, isRolling: false, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Europe/Berlin}}",
            30 * DAY,
            Calendar("2026-01-01T00:00:00", "Europe/Berlin", "M"),
        ),
        (
            "{duration: 2w, calendar: {startTime: '2026-01-05 06:00:00', timeZone: UTC}}",
            14 * DAY,
            Calendar("2026-01-05T06:00:00", "UTC", "w", 2),
        ),
    ],
)
def test_windows_of_any_length_and_of_the_calendar(
    write: Write, window: str, seconds: int, calendar: Calendar | None
) -> None:
    slo = one(write(slo_text(window=window)))
    assert (slo.window, slo.calendar) == (seconds, calendar)


def test_a_calendar_of_minutes_is_refused_for_it_is_most_likely_meant_as_months(write: Write) -> None:
    window = "{duration: 1m, isRolling: false, calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}}"
    reading = read_slos([write(slo_text(window=window))])
    assert reading.invalid == []
    assert "1m is a minute" in reading.faults[0].remedy


def test_several_objectives_make_an_slo_each_named_by_displayname_or_number(write: Write) -> None:
    objectives = (
        "[{displayName: Fast enough, target: 0.9}, {target: 0.99}, "
        "{displayName: X, target: 0.5}, {displayName: x, target: 0.4}]"
    )
    slos = load_slos(write(slo_text(objectives=objectives, metadata="{name: a, displayName: A}")))
    assert {slo.name: str(slo.objective) for slo in slos} == {
        "a-fast-enough": "0.9",
        "a-2": "0.99",
        "a-3": "0.5",
        "a-4": "0.4",
    }
    assert {slo.display_name for slo in slos} == {"A (Fast enough)", "A (2)", "A (X)", "A (x)"}
    (long,) = read_slos([write(slo_text(objectives=objectives).replace("name: a", f"name: {'a' * 60}"))]).faults
    assert "longer than 63 characters" in long.what


def test_a_composite_weighs_its_indicators_and_their_budgets(write: Write) -> None:
    objectives = (
        f"[{{target: 0.98, compositeWeight: 1, {sli(f'{{ratioMetric: {RATIO}}}')}}}, "
        f"{{target: 0.99, compositeWeight: 3, op: lt, value: 5, {sli(GAUGE)}}}, "
        "{targetPercent: 99, indicatorRef: shared}]"
    )
    shared = f"---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: shared}}\nspec: {{ratioMetric: {RATIO}}}\n"
    slo = one(write(slo_text(indicator="description: d", objectives=objectives) + shared))
    assert slo.objective == Decimal("0.988")
    assert slo.indicator == CompositeIndicator(
        (
            Component("i", Decimal(1), QUERIES),
            Component("i-2", Decimal(3), GaugeIndicator("lag", "lt", Decimal(5))),
            Component("shared", Decimal(1), QUERIES),
        )
    )
    lacking = objectives.replace("{targetPercent: 99, indicatorRef: shared}", "{target: 0.9}")
    assert "each objective of a composite" in str(
        read_slos([write(slo_text(indicator="description: d", objectives=lacking))]).faults[0]
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            slo_text(objectives="[{target: 0.99, timeSliceWindow: 1m}]"),
            "timeSliceWindow has no meaning for Occurrences",
        ),
        (
            slo_text(method="RatioTimeslices", objectives="[{target: 0.9, timeSliceTarget: 1, timeSliceWindow: 1m}]"),
            "timeSliceTarget has no meaning for RatioTimeslices",
        ),
        (slo_text(indicator="indicatorRef: i"), "SLI 'i' is not defined"),
        (slo_text().replace("type: Prometheus, ", ""), "the field 'type' is missing"),
        (slo_text().replace("type: Prometheus", "metricSourceRef: p"), "DataSource 'p' is not defined"),
        (slo_text().replace("type: Prometheus", "type: Datadog"), "not compilable: source type 'Datadog'"),
        (slo_text().replace("query: good", "qery: good, query: b"), "unknown key 'qery'"),
        (slo_text().replace("query: good", "a: b"), "unknown key 'a'"),
        (slo_text().replace("query: good", "query: 'a) or vector(1'"), "closes nothing"),
        (slo_text().replace("query: good", "query: 'a('"), "a ) is missing at the end"),
        (slo_text().replace("query: good", "query: 'a{b=\"}'"), "is never closed"),
        (slo_text().replace("query: good", "query: '# a'"), "holds no expression"),
        (slo_text(metadata="{name: a}").replace("shop", "'a b'"), "'a b' is no valid name"),
        (slo_text(objectives="[{target: 0.99999999999999999999999999999999}]"), "an objective lies between 0 and 1"),
    ],
)
def test_what_is_valid_but_cannot_be_compiled_is_refused_by_name(write: Write, text: str, words: str) -> None:
    reading = read_slos([write(text)])
    assert reading.invalid == []
    assert reading.slos == []
    assert words in str(reading.faults[0])


def test_a_threshold_by_reference_needs_its_comparison(write: Write) -> None:
    shared = f"---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: i}}\nspec: {GAUGE}\n"
    text = slo_text(indicator="indicatorRef: i", objectives="[{target: 0.9, op: lt}]") + shared
    assert "the field 'value' is missing" in refused(write(text))
    assert "the field 'op' is missing" in refused(write(text.replace("op: lt", "value: 3")))
    assert "unknown operator 'less'" in refused(write(text.replace("op: lt", "op: less, value: 3")))
    ratio = text.replace(GAUGE, f"{{ratioMetric: {RATIO}}}")
    assert "op has no meaning" in refused(write(ratio))
    assert one(write(ratio.replace(", op: lt", ""))).indicator == QUERIES


SOURCE = (
    "---\napiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: p}\n"
    "spec: {type: %s, connectionDetails: [{url: u}]}\n"
)


def test_a_data_source_says_the_type(write: Write) -> None:
    text = slo_text().replace("type: Prometheus", "metricSourceRef: p")
    assert one(write(text + SOURCE % "prometheus")).indicator == QUERIES
    assert "source type 'Datadog'" in refused(write(text + SOURCE % "Datadog"))
    both = slo_text().replace("type: Prometheus", "metricSourceRef: p, type: Prometheus")
    assert one(write(both)).indicator == QUERIES
    assert "is not that of the DataSource" in refused(write(both + SOURCE % "Datadog"))


def test_indicators_that_no_slo_uses_are_judged_where_they_are_ours(write: Write) -> None:
    text = f"apiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: i}}\nspec: {{ratioMetric: {RATIO}}}\n"
    assert read_slos([write(text)]).faults == []
    assert "closes nothing" in refused(write(text.replace("query: good", "query: 'a)'")))
    assert read_slos([write(text.replace("rometheus", "Other").replace("query: good", "query: 'a)'"))]).faults == []
    gauge = f"apiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: i}}\nspec: {GAUGE}\n"
    assert read_slos([write(gauge)]).faults == []


def test_two_services_of_one_name_say_the_same_but_two_indicators_do_not(write: Write) -> None:
    text = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: s}\n"
    reading = read_slos([write(text + "---\n" + text)])
    assert reading.faults == []
    assert reading.others == ["Service s", "Service s"]
    sli_text = f"apiVersion: openslo/v1\nkind: SLI\nmetadata: {{name: i}}\nspec: {GAUGE}\n"
    assert "SLI 'i' is defined twice" in refused(write(sli_text + "---\n" + sli_text))


def test_ids_are_told_apart_across_names_and_formats(write: Write) -> None:
    first = slo_text(metadata="{name: b-c}").replace("service: shop", "service: a")
    second = slo_text(metadata="{name: c}").replace("service: shop", "service: a-b")
    reading = read_slos([write(first + "---\n" + second)])
    assert [slo.id for slo in reading.slos] == ["a-b-c"]
    (fault,) = reading.faults
    assert "SLO 'a-b-c' is defined twice" in fault.what
    assert fault.line == 12


def test_labels_in_conditions_are_names(write: Write) -> None:
    spec = (
        "{ratioMetric: {bad: {metricSource: {type: exai-sre, spec: {labels: {%s: a}}}}, "
        "total: {metricSource: {type: exai-sre, spec: {instrument: calls_total}}}}}"
    )
    slo = one(write(slo_text(indicator=sli(spec % "outcome"))))
    assert slo.indicator == EventsIndicator("calls_total", bad=(Matcher("outcome", ("a",)),))
    for label in ("__name__", "''", '"a\\nb"'):
        assert "is no name of a label" in refused(write(slo_text(indicator=sli(spec % label))))
    raw = "{ratioMetric: {rawType: failure, raw: {metricSource: {type: exai-sre, spec: {instrument: a}}}}}"
    assert "is no instrument of the catalog" in refused(write(slo_text(indicator=sli(raw))))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (slo_text(more=f"alertPolicies: [{policy(PAIR[0], PAIR[0])}]"), "holds 'long' twice"),
        (slo_text(more=f"alertPolicies: [{policy(*PAIR, PAIR[0])}]"), "must hold one condition, or two"),
        (slo_text(more=f"alertPolicies: [{policy(PAIR[0].replace('name: long', 'nam: long'))}]"), "unknown key 'nam'"),
        (
            slo_text(more=f"alertPolicies: [{policy(*PAIR)}]").replace("Targets: [{", "Targets: []}}]\n  # "),
            "must hold at least one target",
        ),
        (
            slo_text(window="{duration: 1d, calendar: {startTime: 2026-02-30 00:00:00, timeZone: UTC}}"),
            "'2026-02-30 00:00:00' is no date with a time",
        ),
        (
            slo_text(window="{duration: 1d, calendar: {startTime: 2026-02-03 00:00:00, timeZone: Mars/Base}}"),
            "unknown time zone 'Mars/Base'",
        ),
        (
            slo_text(method="Timeslices", objectives="[{target: 0.9, timeSliceTarget: 2, timeSliceWindow: 1m}]"),
            "must lie above 0 and at most at 1, not 2",
        ),
        (
            slo_text(indicator="description: d", objectives="[{target: 0.9, compositeWeight: 0, indicatorRef: i}]"),
            "must be above 0, not 0",
        ),
        (slo_text(indicator="description: d"), "'indicatorRef' is missing"),
        (slo_text(objectives="[{target: 0.9, indicatorRef: i}]"), "stands both here and in objectives"),
    ],
)  # fmt: skip
def test_what_is_no_openslo_is_told(write: Write, text: str, words: str) -> None:
    reading = read_slos([write(text)])
    assert reading.slos == []
    assert words in " | ".join(map(str, reading.invalid))
    assert reading.invalid == reading.faults


def test_objectives_of_one_target_keep_it_in_a_composite(write: Write) -> None:
    part = f"{{target: 0.9, {sli(f'{{ratioMetric: {RATIO}}}')}}}"
    slo = one(write(slo_text(indicator="description: d", objectives=f"[{part}, {part}]")))
    assert slo.objective == Decimal("0.9")


def test_a_target_that_is_faulty_or_missing_elsewhere_is_told_once(write: Write) -> None:
    text = slo_text(more=f"alertPolicies: [{policy(*PAIR)}]")
    text = text[: text.index("notificationTargets")] + "notificationTargets: [{targetRef: t}]}}]\n"
    assert "AlertNotificationTarget 't' is not defined" in refused(write(text))
    faulty = "---\napiVersion: openslo/v1\nkind: AlertNotificationTarget\nmetadata: {name: t}\nspec: {}\n"
    (fault,) = read_slos([write(text + faulty)]).faults
    assert fault.field == "spec"


def test_documents_of_all_formats_stand_together(write: Write, tmp_path: Path) -> None:
    write(
        "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: {name: pyrra}\nspec:\n"
        "  target: '99'\n  window: 2w\n  indicator: {ratio: {errors: {metric: 'x_total{code=~\"5..\"}'}, "
        "total: {metric: x_total}}}\n---\n" + slo_text()
    )
    assert {slo.name for slo in load_slos(tmp_path)} == {"pyrra", "a"}


def test_a_composite_is_checked_against_the_catalog_in_all_its_parts(catalog: Catalog) -> None:
    events = EventsIndicator("calls_total", good=(Matcher("outcom", ("ok",)),))
    parts = (
        Component("a", Decimal(1), SliceIndicator(QUERIES, 60)),
        Component("b", Decimal(1), SliceIndicator(events, 60)),
    )
    with pytest.raises(SpecError, match="did you mean 'outcome'"):
        require_countable(make_slo("a", "b", Decimal("0.9"), CompositeIndicator(parts)), catalog)
    assert list(counted(CompositeIndicator(parts))) == [events]
