"""promtool tests of every generated alert, in both directions."""

from __future__ import annotations

from collections.abc import Sequence

from exai_sre.generate.birth_case import birth_cases
from exai_sre.generate.burn_alerts import slo_alerts
from exai_sre.generate.document import yaml_document
from exai_sre.generate.gate_cases import gate_case, gate_interval
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.promtool import Case, promtool_file
from exai_sre.generate.rules import SYMPTOM_GROUP, group_names, rule_file
from exai_sre.generate.slo_cases import driven_cases, long_windows_end, windows_case
from exai_sre.generate.symptom_cases import symptom_cases
from exai_sre.generate.symptoms import symptom_alerts
from exai_sre.generate.synthetic import traffic_of
from exai_sre.generate.tile_case import TILES_INTERVAL, is_tiled, tiles_case
from exai_sre.generate.traffic_cases import fault_case, first_error_case, idle_case
from exai_sre.metrics import Catalog
from exai_sre.slo.model import Slo
from exai_sre.slo.windows import MINUTE, format_duration

__all__ = ["alert_tests"]


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
        files["windows.test.yaml"] = _file(ordered, long_windows_end(ordered), [windows_case(ordered, chosen)])
    tiled = [slo for slo in ordered if is_tiled(slo, chosen)]
    if tiled:
        files["tiles.test.yaml"] = _file(tiled, TILES_INTERVAL, [tiles_case(tiled)])
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
    cases = driven_cases(slo, alerts)
    traffic = traffic_of(slo, catalog) if slo.missing == "excluded" else []
    if traffic:
        if any(alert.tier for alert in alerts):
            cases.append(fault_case(slo, alerts, traffic, options))
        cases += [
            idle_case(slo, alerts, traffic, options),
            first_error_case(slo, traffic, options),
        ]
        cases += birth_cases(slo, traffic, options)
    files = {}
    for interval in sorted({case.interval for case in cases}):
        suffix = "" if interval == MINUTE else f".{format_duration(interval)}"
        files[f"{slo.id}{suffix}.test.yaml"] = _file([slo], interval, [c for c in cases if c.interval == interval])
    apart = gate_interval(slo)
    gates = gate_case(slo, alerts, options, apart)
    if gates:
        files[f"{slo.id}.min-failures.test.yaml"] = _file([slo], apart, [gates])
    return files


def _file(slos: Sequence[Slo], interval: int, cases: Sequence[Case]) -> str:
    groups = [name for slo in slos for name in group_names(slo)]
    return yaml_document(promtool_file([_beside(slo) for slo in slos], groups, interval, cases))


def _beside(slo: Slo | None) -> str:
    return f"../{rule_file(slo)}"
