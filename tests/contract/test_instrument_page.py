"""The examples of docs/guide/instrument.md run, and its tables name what there is."""

from __future__ import annotations

import inspect
from pathlib import Path

import structlog

from exai_sre.logs import shutdown_logging
from exai_sre.middleware.mcp import instrument
from tests.unit.guide.guide_page import GuidePage

PAGE = GuidePage(Path(__file__).parents[2] / "docs/guide/instrument.md")


def test_every_example_runs():
    try:
        PAGE.run_for_real()
    finally:
        shutdown_logging()
        structlog.reset_defaults()


def test_the_options_in_the_table_are_options():
    told = {name.strip("` ") for row in PAGE.rows("An MCP server") for name in row[0].split(",")}
    assert told
    assert told <= set(inspect.signature(instrument).parameters)
