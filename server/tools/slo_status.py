"""``slo_status``: the error budgets as this replica sees them."""

from __future__ import annotations

from typing import Final

from exai_sre.outcome import Outcome
from server.services import Services
from server.tools.base import Arguments, JsonObject, ToolCall, ToolError, ToolResult, ToolSpec
from server.tools.schema import closed_object, open_object

__all__ = ["SPEC"]


def _percent(ratio: float | None) -> str:
    return "unknown" if ratio is None else f"{ratio:.1%}"


def _line(slo: JsonObject) -> str:
    text = f"{slo['id']}: {slo['verdict']}, {_percent(slo['budget_remaining'])} of the error budget left"
    tiers = slo.get("firing_tiers") or ()
    return f"{text}, burning at {', '.join(tiers)}" if tiers else text


async def _run(services: Services, arguments: Arguments, _call: ToolCall) -> ToolResult:
    report = services.tracker_report()
    wanted = arguments.get("slo")
    slos: list[JsonObject] = report["slos"]
    if wanted is not None:
        known = ", ".join(slo["id"] for slo in slos)
        slos = [slo for slo in slos if wanted in (slo["id"], slo["name"])]
        if not slos:
            raise ToolError(
                Outcome.CLIENT_ERROR, f"no SLO has the id {wanted[:80]!r}", "unknown_slo", remedy=f"one of {known}"
            )
    lines = [_line(slo) for slo in slos]
    lines.append(f"Replica {report['replica']}: {report['note']}")
    return ToolResult("\n".join(lines), {**report, "slos": slos})


SPEC: Final = ToolSpec(
    name="slo_status",
    title="SLO status",
    description="Show each SLO's error budget, burn rates and time to exhaustion, as this replica sees them.",
    input_schema=closed_object(
        {"slo": {"type": "string", "minLength": 1, "description": "Id or name of one SLO; without it all."}}
    ),
    output_schema=open_object(
        {
            "replica": {"type": "string"},
            "note": {"type": "string"},
            "slos": {"type": "array", "items": {"type": "object"}},
        }
    ),
    handler=_run,
)
"""The declaration of ``slo_status``."""
