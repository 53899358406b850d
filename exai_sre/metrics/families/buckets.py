"""Bucket bounds: those of the semantic conventions, plus the thresholds that our SLOs name."""

from __future__ import annotations

from typing import Final

__all__ = [
    "COST",
    "DB_DURATION",
    "GEN_AI_DURATION",
    "GUARDED_DURATION",
    "HTTP_DURATION",
    "LATENCY",
    "MCP_DURATION",
    "SHORT",
    "TOKENS",
]

MCP_DURATION: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""MCP conventions: operation and session duration, seconds."""

LATENCY: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Time that a server adds by itself, seconds; finer at the low end than an operation's duration."""

GEN_AI_DURATION: Final = (
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.0, 5.12, 10.24, 20.48, 30.0, 40.96, 81.92,
)  # fmt: skip
"""GenAI conventions (powers of two from 0.01), with 5 s and 30 s added as SLO thresholds."""

GUARDED_DURATION: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Guarded calls, seconds: from a rejection to an LLM's answer."""

HTTP_DURATION: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""HTTP conventions: server and client request duration, seconds."""

DB_DURATION: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
"""DB conventions: operation duration, seconds."""

COST: Final = (1e-05, 3e-05, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""One request to a language model, US dollars: from a short question to a small model up to a long context."""

TOKENS: Final = tuple(4.0**power for power in range(1, 12))
"""GenAI conventions (powers of four), up to a context of four million tokens."""

SHORT: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
"""Work inside one process, seconds."""
