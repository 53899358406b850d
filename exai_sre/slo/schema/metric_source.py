"""JSON Schema of metric sources: any for OpenSLO, and ours in full."""

from __future__ import annotations

from typing import Final

from exai_sre.slo.schema.parts import Schema, maybe, record, reference

__all__ = ["SOURCES"]

_VALUES: Final[Schema] = {
    "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
}

SOURCES: Final[Schema] = {
    "metricSource": {
        **record(
            {
                "type": {"type": ["string", "null"]},
                "metricSourceRef": maybe({"oneOf": [reference("name"), {"const": ""}]}),
                "spec": {"type": "object", "minProperties": 1},
            },
            ("spec",),
        ),
        "allOf": [
            {
                "if": {"properties": {"type": {"enum": ["Prometheus", "prometheus"]}}, "required": ["type"]},
                "then": {"properties": {"spec": reference("promqlQuestion")}},
            },
            {
                "if": {"properties": {"type": {"const": "exai-sre"}}, "required": ["type"]},
                "then": {"properties": {"spec": reference("catalogQuestion")}},
            },
        ],
    },
    "promqlQuestion": {
        "description": "A query with {{.window}} where a range stands, or a plain counter or gauge.",
        "properties": {"query": reference("word")},
    },
    "catalogQuestion": {
        "description": "Of total and thresholdMetric: instrument and filter. Of good and bad: labels and within.",
        **record(
            {
                "instrument": maybe(reference("word")),
                "filter": maybe(reference("conditions")),
                "native": maybe({"type": "boolean"}),
                "labels": maybe(reference("conditions")),
                "within": maybe({"type": "number", "exclusiveMinimum": 0}),
            }
        ),
    },
    "conditions": {
        "type": "object",
        "additionalProperties": {"oneOf": [*_VALUES["oneOf"], record({"not": _VALUES}, ("not",))]},
    },
}
"""Definitions of the schema that concern metric sources, by name."""
