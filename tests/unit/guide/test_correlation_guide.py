"""The page about correlation: its examples run, and what it names exists."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from exai_sre.middleware.http_server import HttpInstruments
from exai_sre.names import CarrierKey, Metric
from tests.unit.guide.guide_page import GuidePage

PAGE = GuidePage(Path(__file__).parents[3] / "docs/guide/correlation.md")


def test_every_example_of_the_page_runs() -> None:
    assert len(PAGE.examples) == 5
    PAGE.run_for_real()


def test_the_examples_under_tabs_run() -> None:
    tabs = re.findall(r"^    ```python\n(.*?)^    ```$", PAGE.text, re.MULTILINE | re.DOTALL)
    assert len(tabs) == 3
    for text in tabs:
        namespace: dict[str, object] = {"__name__": "example"}
        exec(re.sub(r"^ {4}", "", text, flags=re.MULTILINE), namespace)
        assert "app" in namespace


def test_the_options_and_names_that_the_page_gives_exist() -> None:
    options = {each.name for each in fields(HttpInstruments)}
    _, *rows = [name.strip("`") for name, *_ in PAGE.rows("Servers")]
    assert set(rows) <= options
    assert len(rows) == 5
    assert Metric.REJECTED_IDS in PAGE.text
    for key in (CarrierKey.TIMEOUT, CarrierKey.ATTEMPTS, CarrierKey.META_CORRELATION_ID):
        assert key in PAGE.text
