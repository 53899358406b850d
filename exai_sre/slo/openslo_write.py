"""SLOs written as OpenSLO v1: what a plain reader of OpenSLO accepts and ours reads back unchanged.

What the format has no place for stands in annotations of ours. Each document is read back before
it is handed out, so that nothing is lost without an error that names it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, Final

from exai_sre.errors import SpecError
from exai_sre.metrics.catalog import Catalog
from exai_sre.slo.documents import Faults, read_documents
from exai_sre.slo.indicators import CompositeIndicator
from exai_sre.slo.model import Alerting, Slo, Source
from exai_sre.slo.openslo import API_VERSION, read_definition
from exai_sre.slo.openslo_alerting import alerting_text
from exai_sre.slo.openslo_compile import compile_definitions
from exai_sre.slo.openslo_emit import yaml_text
from exai_sre.slo.openslo_extensions import RUNBOOK, Extensions
from exai_sre.slo.openslo_fields import EXTENSION, LONGEST_DESCRIPTION, LONGEST_DISPLAY_NAME, NAME
from exai_sre.slo.openslo_write_indicator import (
    budgeting_method,
    comparison,
    duration_text,
    sli_spec,
)
from exai_sre.slo.openslo_write_tiers import policies_of, targets_stand_in_policies, tier_annotations

__all__ = ["openslo_document", "write_openslo"]

_DEFAULTS: Final = Extensions()


def write_openslo(slos: Sequence[Slo], *, catalog: Catalog | None = None) -> str:
    """The SLOs as YAML, a document for each, in the given order.

    Args:
        slos: SLOs of any origin; where they were defined is not written.
        catalog: known metrics, for names that only a catalog can vouch for.

    Raises:
        SpecError: the first of them that OpenSLO cannot express, naming the field of the SLO.
    """
    return yaml_text([openslo_document(slo, catalog=catalog) for slo in slos])


def openslo_document(slo: Slo, *, catalog: Catalog | None = None) -> dict[str, Any]:
    """An SLO as an OpenSLO object of mappings, lists, texts, truth values and decimals.

    Args:
        slo: the SLO.
        catalog: known metrics, for names that only a catalog can vouch for.

    Raises:
        SpecError: OpenSLO cannot express it; the fault names the field of the SLO.
    """
    try:
        document = {"apiVersion": API_VERSION, "kind": "SLO", "metadata": _metadata(slo), "spec": _spec(slo)}
        _require_same(slo, document, catalog)
    except SpecError as error:
        raise SpecError(
            f"SLO {slo.id} cannot be written as OpenSLO: {error.what.removeprefix(f'{error.field}: ')}",
            file=slo.source.file,
            line=slo.source.line,
            field=error.field,
            remedy=error.remedy,
        ) from None
    return document


def _metadata(slo: Slo) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": _name(slo)}
    if slo.display_name != slo.name:
        metadata["displayName"] = _shortened(slo.display_name, LONGEST_DISPLAY_NAME)
    if slo.labels:
        metadata["labels"] = dict(slo.labels)
    annotations = {**slo.annotations, **_extensions(slo)}
    if annotations:
        metadata["annotations"] = annotations
    return metadata


def _name(slo: Slo) -> str:
    """The name, or what comes nearest to it in the letters of OpenSLO."""
    if NAME.fullmatch(slo.name):
        return slo.name
    return re.sub(r"[^a-z0-9]+", "-", slo.name.lower())[:LONGEST_DISPLAY_NAME].strip("-") or "slo"


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _extensions(slo: Slo) -> dict[str, str]:
    runbook = slo.alerting.annotations.get(RUNBOOK, "")
    others = {key: text for key, text in slo.alerting.annotations.items() if key != RUNBOOK or not runbook}
    said = {
        "name": "" if NAME.fullmatch(slo.name) else slo.name,
        "display-name": slo.display_name if len(slo.display_name) > LONGEST_DISPLAY_NAME else "",
        "description": slo.description if len(slo.description) > LONGEST_DESCRIPTION else "",
        **tier_annotations(slo),
        "missing-data": "" if slo.missing == _DEFAULTS.missing else slo.missing,
        "group-by": ",".join(slo.group_by),
        "group-limit": "" if slo.group_limit == _DEFAULTS.group_limit else str(slo.group_limit),
        "depends-on": ",".join(slo.depends_on),
        "runbook": runbook,
        "alerting": alerting_text(_beside_policies(replace(slo.alerting, annotations=others), slo)),
    }
    return {EXTENSION + name: text for name, text in said.items() if text}


def _beside_policies(alerting: Alerting, slo: Slo) -> Alerting:
    """The alerting without what the policies say."""
    if not targets_stand_in_policies(slo):
        return alerting
    page, ticket = replace(alerting.page, targets=()), replace(alerting.ticket, targets=())
    return replace(alerting, page=page, ticket=ticket)


def _spec(slo: Slo) -> dict[str, Any]:
    spec: dict[str, Any] = {"service": slo.service}
    if slo.description:
        spec = {"description": _shortened(slo.description, LONGEST_DESCRIPTION), **spec}
    if not isinstance(slo.indicator, CompositeIndicator):
        spec["indicator"] = {"metadata": {"name": _name(slo)}, "spec": sli_spec(slo.indicator)}
    spec["timeWindow"] = [_window(slo)]
    spec["budgetingMethod"] = budgeting_method(slo.indicator)
    spec["objectives"] = _objectives(slo)
    policies = policies_of(slo)
    return {**spec, "alertPolicies": policies} if policies else spec


def _objectives(slo: Slo) -> list[dict[str, Any]]:
    target = _finite(slo.objective, "objective")
    if not isinstance(slo.indicator, CompositeIndicator):
        return [{"target": target, **comparison(slo.indicator)}]
    return [
        {
            "target": target,
            "compositeWeight": _finite(component.weight, "indicator.weight"),
            "indicator": {"metadata": {"name": component.name}, "spec": sli_spec(component.indicator)},
            **comparison(component.indicator),
        }
        for component in slo.indicator.components
    ]


def _finite(number: Decimal, field: str) -> Decimal:
    if not number.is_finite():
        raise SpecError(f"{number} is no number", field=field, remedy="give it a number")
    return number


def _window(slo: Slo) -> dict[str, Any]:
    calendar = slo.calendar
    if calendar is None:
        return {"duration": duration_text(slo.window, "window"), "isRolling": True}
    return {
        "duration": f"{calendar.count}{calendar.unit}",
        "isRolling": False,
        "calendar": {"startTime": calendar.start.replace("T", " "), "timeZone": calendar.zone},
    }


def _require_same(slo: Slo, document: dict[str, Any], catalog: Catalog | None) -> None:
    """Read the document back.

    Raises:
        SpecError: it is not valid, or says something else; the fault names the field.
    """
    faults = Faults()
    definitions = [read_definition(value, faults) for value in read_documents(yaml_text([document]), "", faults)]
    read = compile_definitions([known for known in definitions if known is not None], catalog, faults)
    if faults.errors:
        raise faults.errors[0]
    same = replace(read[0], source=Source())
    for field in fields(Slo):
        if field.name != "source" and getattr(same, field.name) != getattr(slo, field.name):
            what = f"{field.name} {getattr(slo, field.name)!r} would be read as {getattr(same, field.name)!r}"
            raise SpecError(what, field=field.name, remedy="OpenSLO has no place for it: change it")
