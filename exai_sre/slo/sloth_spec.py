"""Sloth's SLO formats: ``prometheus/v1`` and the Kubernetes object ``PrometheusServiceLevel``.

Source: slok/sloth 0.16, ``pkg/prometheus/api/v1`` and ``pkg/kubernetes/api/sloth/v1``. The two hold the
same fields; the Kubernetes form writes them in camel case. What only a plugin can compute is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from exai_sre.slo.documents import Faults, Record, Value
from exai_sre.slo.foreign import (
    read_alert_name,
    read_id_part,
    read_labels,
    read_object_meta,
    read_one_of,
    read_percent,
    read_query,
    read_texts,
    root,
    sound,
)
from exai_sre.slo.indicators import RawIndicator
from exai_sre.slo.model import TIERS, Alerting, Indicator, Notice, QueryIndicator, Severity, Slo, Source, make_slo
from exai_sre.slo.sloth_plugins import Chain, read_chain
from exai_sre.slo.window_template import WINDOW_TEMPLATE, has_window
from exai_sre.slo.windows import parse_duration

__all__ = ["API_VERSION", "INFO_LABEL", "KIND", "VERSION", "claims", "read_sloth"]

VERSION: Final = "prometheus/v1"
"""The version of Sloth's own format that is read."""

API_VERSION: Final = "sloth.slok.dev/v1"
"""The version of its Kubernetes form that is read."""

KIND: Final = "PrometheusServiceLevel"
"""The kind of its Kubernetes form."""

INFO_LABEL: Final = "sloth_slo_info/"
"""Prefix of the annotations that keep labels meant for the series ``sloth_slo_info``."""

_Holds = dict[Severity, int]
_AT_ONCE: Final[_Holds] = {"page": 0, "ticket": 0}
_NO_TIME: Final = ("0", "0s", "0m")

_GROUP = API_VERSION.partition("/")[0] + "/"
_PREFIX = VERSION.partition("/")[0] + "/"


@dataclass(frozen=True, slots=True)
class _Words:
    """How one of the two forms spells what the other spells differently."""

    error: str
    total: str
    ratio: str
    page: str
    ticket: str
    plugins: str
    hold: tuple[str, ...] = ()


# Only the plain form has a field for how long an alert waits.
_PLAIN = _Words(
    "error_query", "total_query", "error_ratio_query", "page_alert", "ticket_alert", "slo_plugins", ("for",)
)
_KUBERNETES = _Words("errorQuery", "totalQuery", "errorRatioQuery", "pageAlert", "ticketAlert", "sloPlugins")


@dataclass(frozen=True, slots=True)
class _Group:
    """What all SLOs of a document have in common."""

    words: _Words
    service: str
    labels: dict[str, str]
    plugins: Chain


def claims(document: Value) -> bool:
    """Whether a document is one of Sloth's, whatever else is wrong with it."""
    keys = root(document)
    if "apiVersion" in keys:
        return keys["apiVersion"].startswith(_GROUP)
    return keys.get("version", "").startswith(_PREFIX) or {"service", "slos"} <= keys.keys()


def read_sloth(document: Value, faults: Faults) -> list[Slo]:
    """The sound SLOs of one of Sloth's documents, in the order written; their window is 30 days.

    Args:
        document: a document that :func:`claims`.
        faults: where every fault goes.
    """
    read = _read_object if "apiVersion" in root(document) else _read_plain
    return faults.attempt(partial(read, document, faults), [])


def _read_plain(document: Value, faults: Faults) -> list[Slo]:
    version = document.entries().get("version")
    if version is not None:
        read_one_of(version, VERSION, "version")
    return _read_group(document, faults, _PLAIN, ("version",))


def _read_object(document: Value, faults: Faults) -> list[Slo]:
    read_one_of(document.entries()["apiVersion"], API_VERSION, "version")
    before = len(faults.errors)
    record = Record(document, faults, required=("apiVersion", "kind", "metadata", "spec"), optional=("status",))
    record.take("kind", partial(read_one_of, wanted=KIND, what="kind"), None)
    record.take("metadata", partial(read_object_meta, faults=faults), None)
    whole = len(faults.errors) == before
    slos: list[Slo] = record.take("spec", partial(_read_group, faults=faults, words=_KUBERNETES), [])
    return slos if whole else []


def _read_group(value: Value, faults: Faults, words: _Words, known: tuple[str, ...] = ()) -> list[Slo]:
    before = len(faults.errors)
    record = Record(value, faults, required=(*known, "service", "slos"), optional=("labels", words.plugins))
    group = _Group(
        words,
        record.take("service", read_id_part, ""),
        record.take("labels", partial(read_labels, faults=faults), {}),
        record.take(words.plugins, partial(read_chain, faults=faults, before=Chain()), Chain()),
    )
    whole = len(faults.errors) == before
    slos: list[Slo] = record.take("slos", partial(_read_slos, faults=faults, group=group), [])
    return slos if whole else []


def _read_slos(value: Value, faults: Faults, group: _Group) -> list[Slo]:
    items = value.items()
    if not items:
        raise value.fault("holds no SLO", "add one")
    slos: dict[str, Slo] = {}
    for item in items:
        slo = sound(faults, partial(_read_slo, item, faults, group, slos))
        if slo is not None:
            slos[slo.name] = slo
    return list(slos.values())


def _read_slo(value: Value, faults: Faults, group: _Group, earlier: dict[str, Slo]) -> Slo | None:
    record = Record(
        value,
        faults,
        required=("name", "objective", "sli"),
        optional=("description", "labels", "infoLabels", "interval", "plugins", "alerting"),
    )
    name = record.take("name", partial(_read_name, earlier=earlier), "")
    objective = record.take("objective", lambda place: read_percent(place, place.number()), None)
    indicator = record.take("sli", partial(_read_sli, faults=faults, words=group.words), None)
    record.take("interval", partial(read_texts, faults=faults), None)
    chain = record.take("plugins", partial(read_chain, faults=faults, before=group.plugins), group.plugins)
    info: dict[str, str] = record.take("infoLabels", partial(read_texts, faults=faults), {})
    labels: dict[str, str] = record.take("labels", partial(read_labels, faults=faults), {})
    read_alerts = partial(_read_alerting, faults=faults, words=group.words)
    alerting, holds = record.take("alerting", read_alerts, (Alerting(), _AT_ONCE))
    description = record.take("description", lambda place: place.text(empty=True), "")
    if objective is None or indicator is None:
        return None
    return make_slo(
        name,
        group.service,
        objective,
        indicator,
        description=description,
        labels={**group.labels, **labels},
        annotations={f"{INFO_LABEL}{label}": text for label, text in {**chain.info, **info}.items()},
        alerting=alerting if chain.alerts else _silent(alerting),
        tiers=tuple(replace(tier, hold=holds[tier.severity]) for tier in TIERS) if chain.holds else TIERS,
        source=Source(value.file, value.line),
    )


def _read_name(value: Value, earlier: dict[str, Slo]) -> str:
    name = read_id_part(value)
    if name in earlier:
        raise value.fault(
            f"SLO {name!r} is defined twice", f"rename one; the first is in line {earlier[name].source.line}"
        )
    return name


def _read_sli(value: Value, faults: Faults, words: _Words) -> Indicator | None:
    record = Record(value, faults, optional=("events", "raw", "plugin"))
    kinds: dict[str, Callable[[Value], Indicator | None]] = {
        "events": partial(_read_events, faults=faults, words=words),
        "raw": partial(_read_raw, faults=faults, words=words),
        "plugin": partial(_refuse_plugin, faults=faults, words=words),
    }
    given = [kind for kind in kinds if kind in record]
    if len(given) != 1:
        what = f"has both {' and '.join(given)}" if given else "the field 'events' or 'raw' is missing"
        raise value.fault(what, "give exactly one")
    return record.take(given[0], kinds[given[0]], None)


def _read_events(value: Value, faults: Faults, words: _Words) -> QueryIndicator | None:
    record = Record(value, faults, required=(words.error, words.total))
    error = record.take(words.error, _read_windowed, "")
    total = record.take(words.total, _read_windowed, "")
    if error and error == total:
        raise value.fault(f"{words.error} and {words.total} are the same query", "count only the bad events in one")
    return QueryIndicator(None, error, total) if error and total else None


def _read_raw(value: Value, faults: Faults, words: _Words) -> RawIndicator | None:
    query = Record(value, faults, required=(words.ratio,)).take(words.ratio, _read_windowed, "")
    return RawIndicator(query) if query else None


def _read_windowed(value: Value) -> str:
    query = read_query(value)
    if not has_window(query):
        raise value.fault("has no room for a window", f"write [{WINDOW_TEMPLATE}] where the range stands")
    return query


def _refuse_plugin(value: Value, faults: Faults, words: _Words) -> None:
    record = Record(value, faults, required=("id",), optional=("options",))
    name = record.take("id", Value.text, "")
    remedy = f"write the queries that it makes as sli.events with {words.error} and {words.total}"
    raise value.fault(f"SLI plugin {name!r} is not run", remedy)


def _read_alerting(value: Value, faults: Faults, words: _Words) -> tuple[Alerting, _Holds]:
    record = Record(value, faults, optional=("name", "labels", "annotations", words.page, words.ticket))
    read = partial(_read_notice, faults=faults, words=words)
    (page, page_hold), (ticket, ticket_hold) = (
        record.take(key, read, (Notice(), 0)) for key in (words.page, words.ticket)
    )
    alerting = Alerting(
        name=record.take("name", read_alert_name, ""),
        labels=record.take("labels", partial(read_labels, faults=faults), {}),
        annotations=record.take("annotations", partial(read_labels, faults=faults), {}),
        page=page,
        ticket=ticket,
    )
    return alerting, {"page": page_hold, "ticket": ticket_hold}


def _read_notice(value: Value, faults: Faults, words: _Words) -> tuple[Notice, int]:
    """The notice, and for how many seconds its alerts wait where a plugin lets them."""
    record = Record(value, faults, optional=("disable", "labels", "annotations", *words.hold))
    notice = Notice(
        enabled=not record.take("disable", Value.boolean, default=False),
        labels=record.take("labels", partial(read_labels, faults=faults), {}),
        annotations=record.take("annotations", partial(read_labels, faults=faults), {}),
    )
    return notice, record.take("for", _read_hold, 0)


def _read_hold(value: Value) -> int:
    text = value.text()
    try:
        return 0 if text in _NO_TIME else parse_duration(text)
    except ValueError as error:
        raise value.fault(str(error), "write for example 5m") from None


def _silent(alerting: Alerting) -> Alerting:
    """The same with neither page nor ticket."""
    page, ticket = replace(alerting.page, enabled=False), replace(alerting.ticket, enabled=False)
    return replace(alerting, page=page, ticket=ticket)
