"""promtool tests of every generated alert, in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from exai_sre.generate.alert import Alert
from exai_sre.generate.birth_case import birth_cases
from exai_sre.generate.burn_alerts import slo_alerts
from exai_sre.generate.composite_case import weights_case
from exai_sre.generate.coverage_cases import coverage_cases
from exai_sre.generate.document import yaml_document
from exai_sre.generate.gate_cases import gate_case, gate_interval
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promtool import Case, promtool_file
from exai_sre.generate.rules import SYMPTOM_GROUP, group_names, rule_file
from exai_sre.generate.signal_cases import presence_case, signal_case, undriven
from exai_sre.generate.slo_cases import driven_cases
from exai_sre.generate.symptom_cases import symptom_cases
from exai_sre.generate.symptoms import symptom_alerts
from exai_sre.generate.synthetic import traffic_of
from exai_sre.generate.synthetic_kind import Kind
from exai_sre.generate.tile_case import TILES_INTERVAL, is_tiled, tiles_case
from exai_sre.generate.traffic_cases import fault_case, idle_case, one_sided_cases
from exai_sre.generate.window_case import long_windows_end, windows_case
from exai_sre.metrics import Catalog
from exai_sre.slo.indicators import CompositeIndicator
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import MINUTE, format_duration

__all__ = ["alert_tests"]

_PRIMED: Final = "A -1 makes a series stand before its rule records it; it is too old for what is checked."
_DAYS_APART: Final = (
    f"These cases drive recorded series: input over so many days would be too much for a test. {_PRIMED}"
)
_LONG: Final = "These cases drive recorded series: input over so long windows would be too much for a test."


def alert_tests(
    slos: Sequence[Slo], *, catalog: Catalog | None = None, options: RuleOptions | None = None
) -> dict[str, str]:
    """Test files for promtool by name; they stand in a folder beside the rule files'.

    One file for each SLO (a second one where its rules are evaluated more often than each minute),
    another for its least numbers of failures, whose evaluations lie days apart, one for the symptom
    alerts, and two for long windows. Expected minutes come from the closed form.

    Args:
        slos: the objectives.
        catalog: the service's catalog; symptom alerts need it.
        options: scrape interval, windows and links; the defaults of :class:`RuleOptions` otherwise.
    """
    chosen = options or RuleOptions()
    ordered = sorted(slos, key=lambda slo: slo.id)
    files = {name: text for slo in ordered for name, text in _own_files(slo, catalog, chosen).items()}
    if ordered:
        end = long_windows_end(ordered)
        files["windows.test.yaml"] = _file(
            ordered, end, [windows_case(ordered, chosen), *coverage_cases(ordered, chosen, end)], f"{_LONG} {_PRIMED}"
        )
    tiled = [slo for slo in ordered if is_tiled(slo, chosen)]
    if tiled:
        files["tiles.test.yaml"] = _file(tiled, TILES_INTERVAL, [tiles_case(tiled)], _LONG)
    symptoms = promtool_file(
        [_beside(None)],
        [SYMPTOM_GROUP],
        chosen.scrape_interval,
        symptom_cases(symptom_alerts(slos, catalog, chosen), chosen),
    )
    return {**files, "symptoms.test.yaml": yaml_document(symptoms)}


def _own_files(slo: Slo, catalog: Catalog | None, options: RuleOptions) -> dict[str, str]:
    """The cases of one SLO, in one file per interval of evaluation."""
    alerts = slo_alerts(slo, options)
    cases, why = _cases(slo, alerts, catalog, options)
    note = f"The input series of this SLO are not made up: {why}. Its recorded series are, instead." if why else ""
    files = {}
    for interval in sorted({case.interval for case in cases}):
        suffix = "" if interval == MINUTE else f".{format_duration(interval)}"
        some = [case for case in cases if case.interval == interval]
        files[f"{slo.id}{suffix}.test.yaml"] = _file([slo], interval, some, note)
    apart = gate_interval(slo)
    gates = gate_case(slo, alerts, options, apart)
    if gates:
        files[f"{slo.id}.min-failures.test.yaml"] = _file([slo], apart, [gates], _DAYS_APART)
    return files


def _cases(slo: Slo, alerts: Sequence[Alert], catalog: Catalog | None, options: RuleOptions) -> tuple[list[Case], str]:
    """The cases of one SLO, and why its input series are not among what drives them: empty where they are."""
    cases, why = driven_cases(slo, alerts), undriven(slo, catalog, options)
    if isinstance(slo.indicator, CompositeIndicator) and slo.missing == "excluded":
        cases.append(weights_case(slo, slo.indicator))
    traffic = traffic_of(slo, catalog) if slo.missing == "excluded" else []
    if traffic:
        cases += _traffic_cases(slo, alerts, traffic, options)
    elif slo.missing == "excluded" and not why:
        cases.append(signal_case(slo, alerts, catalog, options))
    silent = next((alert for alert in alerts if alert.kind == "no-data"), None)
    if silent and not traffic and not why:
        cases.append(presence_case(slo, silent, catalog))
    return cases, "" if traffic else why


def _traffic_cases(slo: Slo, alerts: Sequence[Alert], traffic: Sequence[Kind], options: RuleOptions) -> list[Case]:
    """The cases of events that counters count, for which the closed form gives the minutes."""
    faults = [fault_case(slo, alerts, traffic, options)] if any(alert.tier for alert in alerts) else []
    return [
        *faults,
        idle_case(slo, alerts, traffic, options),
        *one_sided_cases(slo, alerts, traffic, options),
        *birth_cases(slo, traffic, options),
    ]


def _file(slos: Sequence[Slo], interval: int, cases: Sequence[Case], note: str = "") -> str:
    groups = [name for slo in slos for name in group_names(slo)]
    made = yaml_document(promtool_file([_beside(slo) for slo in slos], groups, interval, cases))
    header, rest = made.split("\n", 1)
    return f"{header}\n# {note}\n{rest}" if note else made


def _beside(slo: Slo | None) -> str:
    return f"../{rule_file(slo)}"
