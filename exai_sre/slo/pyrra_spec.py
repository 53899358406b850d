"""Pyrra's Kubernetes object ``ServiceLevelObjective``, ``pyrra.dev/v1alpha1``.

Source: pyrra-dev/pyrra 0.10, ``kubernetes/api/v1alpha1``. An object of Pyrra names no service: its label
``pyrra.dev/service`` does here, else its namespace. Alerts follow our burn tiers, not Pyrra's factors; its
``severities`` say which of them page. ``ruleOutput`` labels the Kubernetes objects that Pyrra puts its rules
into: it changes no rule, and ours are delivered as ``exai-sre generate`` is told to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Final

from exai_sre.slo.documents import Faults, Record, Value
from exai_sre.slo.foreign import (
    ObjectMeta,
    read_alert_name,
    read_object_meta,
    read_one_of,
    read_percent,
    read_texts,
    root,
    sound,
)
from exai_sre.slo.model import Alerting, Notice, Severity, Slo, Source, make_slo, tiers_for
from exai_sre.slo.pyrra_indicator import read_pyrra_indicator
from exai_sre.slo.windows import HOUR, parse_duration

__all__ = ["API_VERSION", "KIND", "claims", "read_pyrra"]

API_VERSION: Final = "pyrra.dev/v1alpha1"
"""The version of Pyrra's format that is read."""

KIND: Final = "ServiceLevelObjective"
"""The kind that is read."""

_GROUP = API_VERSION.partition("/")[0] + "/"
_SERVICE = "service"
_NAMESPACE = "default"
_PERCENT = re.compile(r"\d{1,3}(\.\d{1,20})?", re.ASCII)
_STRATEGIES: Final = ("abort", "warn", "")


_BURNS: Final = ("fastBurn", "mediumBurn", "slowBurn", "longTermBurn")
"""Pyrra's burn alerts from the fastest on; ours are as many."""
_USUAL: Final[tuple[Severity, ...]] = ("page", "page", "ticket", "ticket")
_WORDS: Final[Mapping[Severity, str]] = {"page": "critical", "ticket": "warning"}
"""What Pyrra calls our severities."""
_DO: Final[Mapping[Severity, str]] = {"page": "page", "ticket": "open a ticket"}

_Labels = dict[Severity, dict[str, str]]
_NO_LABELS: Final[_Labels] = {"page": {}, "ticket": {}}


@dataclass(frozen=True, slots=True)
class _Settings:
    """``spec.alerting``, and the severity of each burn tier from the fastest on."""

    alerting: Alerting = field(default_factory=Alerting)
    severities: tuple[Severity, ...] = _USUAL


def claims(document: Value) -> bool:
    """Whether a document is one of Pyrra's, whatever else is wrong with it."""
    return root(document).get("apiVersion", "").startswith(_GROUP)


def read_pyrra(document: Value, faults: Faults) -> list[Slo]:
    """The SLO of one of Pyrra's documents; nothing, with its faults kept, if it is not sound.

    Args:
        document: a document that :func:`claims`.
        faults: where every fault goes.
    """
    slo = sound(faults, partial(_read_object, document, faults))
    return [] if slo is None else [slo]


def _read_object(document: Value, faults: Faults) -> Slo | None:
    read_one_of(document.entries()["apiVersion"], API_VERSION, "version")
    record = Record(document, faults, required=("apiVersion", "kind", "metadata", "spec"), optional=("status",))
    record.take("kind", partial(read_one_of, wanted=KIND, what="kind"), None)
    meta = record.take("metadata", partial(read_object_meta, faults=faults), ObjectMeta())
    return record.take("spec", partial(_read_spec, faults=faults, meta=meta, document=document), None)


def _read_spec(value: Value, faults: Faults, meta: ObjectMeta, document: Value) -> Slo | None:
    record = Record(
        value,
        faults,
        required=("target", "window", "indicator"),
        optional=("description", "alerting", "partial_response_strategy", "performanceOverAccuracy", "ruleOutput"),
    )
    objective = record.take("target", _read_target, None)
    window = record.take("window", _read_window, 0)
    counted = record.take("indicator", partial(read_pyrra_indicator, faults=faults), None)
    settings = record.take("alerting", partial(_read_alerting, faults=faults), _Settings())
    description = record.take("description", lambda place: place.text(empty=True), "")
    record.take("partial_response_strategy", _read_strategy, None)
    record.take("performanceOverAccuracy", Value.boolean, None)
    record.take("ruleOutput", partial(_read_output, faults=faults), None)
    if objective is None or counted is None or not window:
        return None
    labels = _propagated(meta.labels)
    return make_slo(
        meta.name,
        labels.pop(_SERVICE, "") or meta.namespace or _NAMESPACE,
        objective,
        counted.indicator,
        window=window,
        description=description,
        labels=labels,
        annotations=meta.annotations,
        group_by=counted.grouping,
        alerting=replace(settings.alerting, annotations=_propagated(meta.annotations)),
        tiers=tuple(
            replace(tier, severity=severity)
            for tier, severity in zip(tiers_for(window), settings.severities, strict=True)
        ),
        source=Source(document.file, document.line),
    )


def _propagated(texts: Mapping[str, str]) -> dict[str, str]:
    """What Pyrra puts on its rules: the labels or annotations below its prefix, without it."""
    return {key.removeprefix(_GROUP): text for key, text in texts.items() if key.startswith(_GROUP)}


def _read_target(value: Value) -> Decimal:
    text = value.text()
    if not _PERCENT.fullmatch(text):
        raise value.fault(f"must be a percentage, not {text!r}", "write for example '99.5'")
    percent = Decimal(text)
    if 0 < percent < 1:
        raise value.fault(
            f"is a percentage, and {text} % is next to nothing", f"write '{(percent * 100).normalize():f}'"
        )
    return read_percent(value, percent)


def _read_window(value: Value) -> int:
    try:
        window = parse_duration(value.text())
    except ValueError as error:
        raise value.fault(str(error), "write for example 28d or 4w") from None
    if window < HOUR:
        raise value.fault(f"a window of {value.text()} is too short for a budget", "write for example 28d or 4w")
    return window


def _read_strategy(value: Value) -> None:
    strategy = value.text(empty=True)
    if strategy not in _STRATEGIES:
        raise value.fault(f"unknown strategy {strategy!r}", "write abort or warn, or remove it")


def _read_output(value: Value, faults: Faults) -> None:
    record = Record(value, faults, optional=("shortRulesLabels", "longRulesLabels", "enableDescriptionAsLabel"))
    for key in ("shortRulesLabels", "longRulesLabels"):
        record.take(key, partial(read_texts, faults=faults), None)
    record.take("enableDescriptionAsLabel", _refuse_description, None)


def _refuse_description(value: Value) -> None:
    if value.boolean():
        raise value.fault("a description is no label here", "remove it; each alert carries it as an annotation")


def _read_alerting(value: Value, faults: Faults) -> _Settings:
    record = Record(
        value,
        faults,
        optional=("name", "absentName", "burnrates", "absent", "disabled", "burnRateType", "severities"),
    )
    record.take("burnRateType", partial(read_one_of, wanted="static", what="burn rate type"), None)
    disabled = record.take("disabled", Value.boolean, default=False)
    wanted = record.take("burnrates", Value.boolean, default=True) and not disabled
    severities, labels = record.take("severities", partial(_read_severities, faults=faults), (_USUAL, _NO_LABELS))
    alerting = Alerting(
        name=record.take("name", read_alert_name, ""),
        page=Notice(enabled=wanted, labels=labels["page"]),
        ticket=Notice(enabled=wanted, labels=labels["ticket"]),
        no_data=record.take("absent", Value.boolean, default=True),
        no_data_name=record.take("absentName", read_alert_name, ""),
    )
    return _Settings(alerting, severities)


def _severity(word: str, usual: Severity) -> Severity:
    """What a burn of this severity does; a word that Pyrra does not give a meaning leaves what is usual."""
    if word == _WORDS["page"]:
        return "page"
    return "ticket" if word == _WORDS["ticket"] else usual


def _read_severities(value: Value, faults: Faults) -> tuple[tuple[Severity, ...], _Labels]:
    """The severity of each burn tier, and the labels that keep words which are none of Pyrra's two.

    Such a word becomes the label ``severity`` of all alerts that page, or of all that open a ticket.
    """
    record = Record(value, faults, optional=(*_BURNS, "absent"))
    record.take("absent", partial(read_one_of, wanted=_WORDS["ticket"], what="severity of missing data"), None)
    words = [record.take(burn, lambda place: place.text(empty=True), "") for burn in _BURNS]
    severities: tuple[Severity, ...] = tuple(_severity(word, usual) for word, usual in zip(words, _USUAL, strict=True))
    labels: _Labels = {"page": {}, "ticket": {}}
    for severity in labels:
        of_it = {word or _WORDS[severity] for word, its in zip(words, severities, strict=True) if its == severity}
        if len(of_it) > 1:
            what = f"burns that {_DO[severity]} have different severities: {', '.join(sorted(of_it))}"
            raise value.fault(what, f"give them the same; the usual word is {_WORDS[severity]}")
        if of_it - {_WORDS[severity]}:
            labels[severity] = {"severity": of_it.pop()}
    return severities, labels
