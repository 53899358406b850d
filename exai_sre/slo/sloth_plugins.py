"""Sloth's SLO plugin chains: which plugins change nothing here, and which cannot be stood in for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Final

from exai_sre.slo.documents import Faults, Record, Value
from exai_sre.slo.foreign import read_one_of, read_texts

__all__ = ["Chain", "read_chain"]

_ALERT_FOR: Final = "sloth.dev/contrib/alert_for/v1"
_ALERT_RULES: Final = "sloth.dev/core/alert_rules/v1"
_INFO_LABELS: Final = "sloth.dev/contrib/info_labels/v1"

_INFO_METRIC: Final = "sloth_slo_info"

_COVERED: Final = {
    _ALERT_FOR,
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


_REMEDIES: Final = {
    "sloth.dev/contrib/remove_labels/v1": "remove it, and from the SLO the labels that shall not stand on its series",
}
"""What to do instead of plugins that cannot be stood in for; of others than Sloth's own nothing is known."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What a chain of plugins comes to.

    Attributes:
        alerts: whether burn alerts are generated; a chain may leave the plugin for them out.
        info: labels for ``sloth_slo_info``.
        holds: whether alerts wait as long as their ``for`` says, which Sloth passes over without the plugin.
    """

    alerts: bool = True
    info: dict[str, str] = field(default_factory=dict)
    holds: bool = False


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
    names = {name for name, _ in plugins}
    return Chain(start.alerts or _ALERT_RULES in names, info, start.holds or _ALERT_FOR in names)


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
    record = Record(value, faults, required=("labels",), optional=("metricName",))
    record.take("metricName", partial(read_one_of, wanted=_INFO_METRIC, what="info series"), None)
    labels: dict[str, str] = record.take("labels", partial(read_texts, faults=faults), {})
    return labels


def _read_plugin_id(value: Value) -> str:
    name = value.text()
    if name not in _COVERED:
        remedy = _REMEDIES.get(name, "remove it; what it changes in the rules is not generated")
        raise value.fault(f"SLO plugin {name!r} is not run", remedy)
    return name
