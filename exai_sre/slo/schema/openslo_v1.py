"""JSON Schema of OpenSLO v1 with the metric source of our own, as data.

What it refuses our reader refuses, too. The reader says more: it follows references, knows the
time zones, and explains. Written from the specification of OpenSLO v1 and from what the
reference SDK accepts; a file holds one document or a list of them.
"""

from __future__ import annotations

from typing import Any, Final

from exai_sre.slo.openslo import API_VERSION, KINDS
from exai_sre.slo.openslo_extensions import EXTENSIONS
from exai_sre.slo.openslo_fields import EXTENSION, LONGEST_DESCRIPTION, LONGEST_DISPLAY_NAME, OPERATORS
from exai_sre.slo.openslo_slo import METHODS
from exai_sre.slo.schema.metric_source import SOURCES
from exai_sre.slo.schema.parts import Schema, listed, maybe, record, reference

__all__ = ["openslo_schema"]

_SCHEMA: Final = "https://json-schema.org/draft/2020-12/schema"
_ID: Final = "https://exai-sre.dev/schema/openslo-v1.json"
_NAME_PATTERN: Final = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
_KEY_PATTERN: Final = "^[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$"
_DOMAIN_PART: Final = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"


def openslo_schema() -> dict[str, Any]:
    """The schema, draft 2020-12, as a new object of what JSON can hold."""
    return {
        "$schema": _SCHEMA,
        "$id": _ID,
        "title": "OpenSLO v1, with the metric source and the annotations of exai-sre",
        "oneOf": [reference("document"), {"type": "array", "items": reference("document")}],
        "$defs": {**_common(), **SOURCES, **_slis(), **_slos(), **_alerts(), **_documents()},
    }


def _documents() -> Schema:
    specs = {
        "AlertCondition": "condition",
        "AlertNotificationTarget": "target",
        "AlertPolicy": "policy",
        "DataSource": "dataSource",
        "SLI": "sli",
        "SLO": "slo",
        "Service": "service",
    }
    document = record(
        {
            "apiVersion": {"const": API_VERSION},
            "kind": {"enum": list(KINDS)},
            "metadata": reference("metadata"),
            "spec": {},
        },
        ("apiVersion", "kind", "metadata"),
    )
    document["allOf"] = [_when_kind(kind, name) for kind, name in specs.items()]
    return {
        "document": document,
        "service": maybe(record({"description": maybe(reference("description"))})),
        "dataSource": record(
            {"description": maybe(reference("description")), "type": reference("word"), "connectionDetails": {}},
            ("type", "connectionDetails"),
        ),
    }


def _when_kind(kind: str, spec: str) -> Schema:
    required = [] if kind == "Service" else ["spec"]
    return {
        "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
        "then": {"properties": {"spec": reference(spec)}, "required": required},
    }


def _common() -> Schema:
    value = {"type": ["string", "null"]}
    extensions = {EXTENSION + name: value for name in sorted(EXTENSIONS)}
    return {
        "word": {"type": "string", "minLength": 1},
        "name": {"type": "string", "pattern": _NAME_PATTERN},
        "description": {"type": "string", "maxLength": LONGEST_DESCRIPTION},
        "operator": {"enum": list(OPERATORS)},
        "duration": {
            "type": "string",
            "pattern": "^[0-9]{1,9}[mhdwMQY]$",
            "description": "A whole number of minutes (m), hours, days, weeks, months (M), quarters or years.",
        },
        "metadata": record(
            {
                "name": reference("name"),
                "displayName": maybe({"type": "string", "maxLength": LONGEST_DISPLAY_NAME}),
                "labels": maybe(
                    {
                        "type": "object",
                        "propertyNames": {"pattern": _KEY_PATTERN},
                        "additionalProperties": {"oneOf": [value, {"type": "array", "items": value}]},
                    }
                ),
                "annotations": maybe(
                    {
                        "type": "object",
                        "properties": extensions,
                        "propertyNames": {"pattern": _annotation_pattern()},
                        "additionalProperties": value,
                    }
                ),
            },
            ("name",),
        ),
    }


def _annotation_pattern() -> str:
    return f"^(?=(.{{0,253}}/)?.{{0,63}}$)({_DOMAIN_PART}(\\.{_DOMAIN_PART})*/)?{_KEY_PATTERN[1:]}"


def _slis() -> Schema:
    ratio = record(
        {
            "counter": maybe({"type": "boolean"}),
            "good": maybe(reference("metric")),
            "bad": maybe(reference("metric")),
            "total": maybe(reference("metric")),
            "raw": maybe(reference("metric")),
            "rawType": maybe({"enum": ["success", "failure"]}),
        }
    )
    ratio["oneOf"] = [
        _given(("good", "total"), ("bad", "raw")),
        _given(("bad", "total"), ("good", "raw")),
        _given(("raw", "rawType"), ("good", "bad", "total")),
    ]
    sli = record(
        {
            "description": maybe(reference("description")),
            "ratioMetric": maybe(reference("ratio")),
            "thresholdMetric": maybe(reference("metric")),
        }
    )
    sli["oneOf"] = [_given(("ratioMetric",), ("thresholdMetric",)), _given(("thresholdMetric",), ("ratioMetric",))]
    return {
        "ratio": ratio,
        "sli": sli,
        "metric": record({"metricSource": reference("metricSource")}, ("metricSource",)),
        "inlineSli": record({"metadata": reference("metadata"), "spec": reference("sli")}, ("metadata", "spec")),
    }


def _given(present: tuple[str, ...], absent: tuple[str, ...]) -> Schema:
    """Some keys have a value, others have none; null is no value."""
    return {
        "required": list(present),
        "properties": {
            **{key: {"not": {"type": "null"}} for key in present},
            **{key: {"type": "null"} for key in absent},
        },
    }


def _slos() -> Schema:
    slices = {"Timeslices": ("timeSliceTarget", "timeSliceWindow"), "RatioTimeslices": ("timeSliceWindow",)}
    slo = record(
        {
            "description": maybe(reference("description")),
            "service": reference("word"),
            "indicator": maybe(reference("inlineSli")),
            "indicatorRef": maybe(reference("name")),
            "timeWindow": {"type": "array", "items": reference("window"), "minItems": 1, "maxItems": 1},
            "budgetingMethod": {"enum": list(METHODS)},
            "objectives": maybe({"type": "array", "items": reference("objective")}),
            "alertPolicies": maybe(listed("policy", "alertPolicyRef", "AlertPolicy")),
        },
        ("service", "timeWindow", "budgetingMethod"),
    )
    slo["allOf"] = [
        {
            "if": {"properties": {"budgetingMethod": {"const": method}}, "required": ["budgetingMethod"]},
            "then": {"properties": {"objectives": {"items": _given(keys, ())}}},
        }
        for method, keys in slices.items()
    ]
    slo["allOf"] += [
        _when_inline("ratioMetric", {"op": {"enum": ["", None]}, "value": {"type": "null"}}, ()),
        _when_inline("thresholdMetric", {"op": reference("operator"), "value": {"type": "number"}}, ("op", "value")),
    ]
    slo["not"] = _given(("indicator", "indicatorRef"), ())
    objective = record(
        {
            "displayName": {"type": ["string", "null"]},
            "op": {"type": ["string", "null"]},
            "value": {"type": ["number", "null"]},
            "target": maybe({"type": "number", "minimum": 0, "exclusiveMaximum": 1}),
            "targetPercent": maybe({"type": "number", "minimum": 0, "exclusiveMaximum": 100}),
            "timeSliceTarget": {"type": ["number", "null"]},
            "timeSliceWindow": maybe(reference("duration")),
            "indicator": maybe(reference("inlineSli")),
            "indicatorRef": maybe(reference("name")),
            "compositeWeight": {"type": ["number", "null"]},
        }
    )
    objective["oneOf"] = [_given(("target",), ("targetPercent",)), _given(("targetPercent",), ("target",))]
    moment = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$"}
    calendar = record({"startTime": moment, "timeZone": reference("word")}, ("startTime", "timeZone"))
    window = record(
        {"duration": reference("duration"), "isRolling": maybe({"type": "boolean"}), "calendar": maybe(calendar)},
        ("duration",),
    )
    rolling = {"properties": {"isRolling": {"const": True}, "calendar": {"type": "null"}}, "required": ["isRolling"]}
    fixed = {"properties": {"isRolling": {"enum": [False, None]}, **_given(("calendar",), ())["properties"]}}
    window["oneOf"] = [rolling, {**fixed, "required": ["calendar"]}]
    return {"slo": slo, "objective": objective, "window": window}


def _when_inline(metric: str, properties: Schema, required: tuple[str, ...]) -> Schema:
    """What objectives say where the indicator is written in place."""
    spec = {"type": "object", **_given((metric,), ())}
    indicator = {"type": "object", "properties": {"spec": spec}, "required": ["spec"]}
    return {
        "if": {"properties": {"indicator": indicator}, "required": ["indicator"]},
        "then": {"properties": {"objectives": {"items": {"properties": properties, "required": list(required)}}}},
    }


def _alerts() -> Schema:
    flag = maybe({"type": "boolean"})
    burn_rate = record(
        {
            "kind": {"const": "burnrate"},
            "op": reference("operator"),
            "threshold": {"type": "number"},
            "lookbackWindow": reference("duration"),
            "alertAfter": maybe(reference("duration")),
        },
        ("kind", "op", "threshold", "lookbackWindow"),
    )
    conditions = listed("condition", "conditionRef", "AlertCondition")
    targets = listed("target", "targetRef", "AlertNotificationTarget")
    return {
        "condition": record(
            {
                "description": maybe(reference("description")),
                "severity": reference("word"),
                "condition": burn_rate,
            },
            ("severity", "condition"),
        ),
        "target": record({"description": maybe(reference("description")), "target": reference("word")}, ("target",)),
        "policy": record(
            {
                "description": maybe(reference("description")),
                "alertWhenNoData": flag,
                "alertWhenBreaching": flag,
                "alertWhenResolved": flag,
                "conditions": {**conditions, "minItems": 1, "maxItems": 2},
                "notificationTargets": {**targets, "minItems": 1},
            },
            ("conditions", "notificationTargets"),
        ),
    }
