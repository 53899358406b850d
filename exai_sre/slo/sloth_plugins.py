"""Sloth's SLO plugin chains: which plugins change nothing here, and which cannot be stood in for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Final

from exai_sre.slo.documents import Faults, Record, Value
from exai_sre.slo.foreign import read_texts

__all__ = ["Chain", "read_chain"]

_ALERT_RULES: Final = "sloth.dev/core/alert_rules/v1"
_INFO_LABELS: Final = "sloth.dev/contrib/info_labels/v1"

_COVERED: Final = {
    _ALERT_RULES,
    _INFO_LABELS,
    "sloth.dev/core/debug/v1",
    "sloth.dev/core/metadata_rules/v1",
    "sloth.dev/core/noop/v1",
    "sloth.dev/core/sli_rules/v1",
    "sloth.dev/core/validate/v1",
    # What these add is generated for every SLO: budgets weighted by events, the recorded total, the alert on an
    # exhausted budget, intervals by window; and no expression is refused for being written in MetricsQL.
    "sloth.dev/contrib/denominator_corrected_rules/v1",
    "sloth.dev/contrib/error_budget_exhausted_alert/v1",
    "sloth.dev/contrib/rule_intervals/v1",
    "sloth.dev/contrib/sli_total_amount_rules/v1",
    "sloth.dev/contrib/validate_victoria_metrics/v1",
}


@dataclass(frozen=True, slots=True)
class Chain:
    """What a chain of plugins comes to.

    Attributes:
        alerts: whether burn alerts are generated; a chain may leave the plugin for them out.
        info: labels for ``sloth_slo_info``.
    """

    alerts: bool = True
    info: dict[str, str] = field(default_factory=dict)


def read_chain(value: Value, faults: Faults, before: Chain) -> Chain:
    """The chain declared at ``value``, after the one that it continues or overrides.

    Raises:
        SpecError: the value is no mapping.
    """
    record = Record(value, faults, required=("chain",), optional=("overridePrevious",))
    overrides = record.take("overridePrevious", Value.boolean, default=False)
    plugins = record.take("chain", partial(_read_plugins, faults=faults), list[tuple[str, dict[str, str]]]())
    start = Chain(alerts=False) if overrides else before
    info = dict(start.info)
    for _, labels in plugins:
        info.update(labels)
    return Chain(start.alerts or any(name == _ALERT_RULES for name, _ in plugins), info)


def _read_plugins(value: Value, faults: Faults) -> list[tuple[str, dict[str, str]]]:
    nothing: tuple[str, dict[str, str]] = ("", {})
    return [faults.attempt(partial(_read_plugin, item, faults), nothing) for item in value.items()]


def _read_plugin(value: Value, faults: Faults) -> tuple[str, dict[str, str]]:
    """Id of a plugin, and the labels that it puts on ``sloth_slo_info``."""
    record = Record(value, faults, required=("id",), optional=("config", "priority"))
    record.take("priority", Value.number, None)
    name = record.take("id", _read_plugin_id, "")
    if name != _INFO_LABELS:
        return name, {}
    labels: dict[str, str] = record.take("config", partial(_read_info_labels, faults=faults), {})
    return name, labels


def _read_info_labels(value: Value, faults: Faults) -> dict[str, str]:
    record = Record(value, faults, required=("labels",), later=("metricName",))
    labels: dict[str, str] = record.take("labels", partial(read_texts, faults=faults), {})
    return labels


def _read_plugin_id(value: Value) -> str:
    name = value.text()
    if name not in _COVERED:
        raise value.fault(f"SLO plugin {name!r} is not run", "remove it; what it changes in the rules is not generated")
    return name
