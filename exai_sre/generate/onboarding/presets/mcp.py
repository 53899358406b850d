"""MCP servers: the families that ``exai_sre.middleware.mcp.instrument`` gives them, and OpenTelemetry's."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from exai_sre.generate.onboarding.preset import Condition, Preset, PresetLabel, Promise, Signal, translations
from exai_sre.generate.onboarding.presets.opentelemetry_labels import STABLE_ERROR
from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.families.buckets import LATENCY, MCP_DURATION
from exai_sre.metrics.families.mcp import MCP_METHODS, McpMetrics
from exai_sre.metrics.families.mcp_loops import McpLoopMetrics
from exai_sre.metrics.instrument import OUTCOME_VALUES, Instrument
from exai_sre.names import LabelName, Metric
from exai_sre.outcome import Outcome

__all__ = ["MCP"]

_METHOD = PresetLabel(translations("mcp.method.name"), values=MCP_METHODS)
_TOOL = PresetLabel(translations("gen_ai.tool.name"))
_OUTCOME = PresetLabel((LabelName.OUTCOME,), values=OUTCOME_VALUES)
_CALLS = (
    Condition(LabelName.MCP_METHOD, ("tools/call",), why="Tool calls are what the user of an MCP server waits for."),
)
_OWN_FAULTS: Final = Promise(
    name="own-faults",
    title="Tool calls are free of our own faults",
    description=(
        "Share of tool calls that did not fail by our own doing: a defect (error), or a refusal for want of room "
        "(overload)."
    ),
    target=Decimal("0.999"),
    bad=(Outcome.ERROR.value, Outcome.OVERLOAD.value),
    why=("What an upstream failed or delayed counts as good here, so that this objective speaks of our code alone.",),
)


def _pack() -> tuple[Instrument, ...]:
    """What ``instrument(server)`` declares."""
    catalog = Catalog()
    McpMetrics.declare(catalog)
    McpLoopMetrics.declare(catalog)
    return tuple(catalog)


_PACK: Final = _pack()

MCP: Final = Preset(
    name="mcp",
    title="MCP server",
    about="MCP servers instrumented with exai_sre.middleware.mcp or by OpenTelemetry's conventions for MCP",
    signals=(
        Signal(
            key="mcp",
            subject="tool calls",
            names=(Metric.MCP_OPERATION_DURATION,),
            kind="histogram",
            help="Duration of an MCP operation from request to result, by outcome.",
            unit="seconds",
            labels=(_METHOD, _TOOL, _OUTCOME),
            buckets=tuple(map(str, MCP_DURATION)),
            status=LabelName.OUTCOME,
            form="outcomes",
            filter=_CALLS,
            promises=(_OWN_FAULTS,),
            why=("What the caller caused (client_error) or withdrew (cancelled) is in neither count.",),
        ),
        Signal(
            key="mcp",
            subject="tool calls",
            names=translations("mcp.server.operation.duration", "_seconds"),
            kind="histogram",
            help="Duration of an MCP operation.",
            unit="seconds",
            labels=(_METHOD, _TOOL, STABLE_ERROR),
            buckets=tuple(map(str, MCP_DURATION)),
            status=STABLE_ERROR.names[0],
            form="error-type",
            filter=_CALLS,
            why=("By these conventions a caller's error has an error type, too: it counts as bad.",),
        ),
        Signal(
            key="mcp-server",
            subject="tool calls",
            names=(Metric.MCP_ADDED_LATENCY,),
            kind="histogram",
            help="Duration of an MCP operation without the time spent waiting for an upstream.",
            unit="seconds",
            labels=(_METHOD, _OUTCOME),
            buckets=tuple(map(str, LATENCY)),
            status=LabelName.OUTCOME,
            form="outcomes",
            filter=_CALLS,
            availability=False,
            slow_after=0.5,
            why=("Time spent waiting for an upstream is taken out: this is what the server itself adds.",),
        ),
    ),
    known=tuple(each.name for each in _PACK),
    pack=_PACK,
)
"""Series of MCP servers."""
