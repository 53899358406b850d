"""``exai-sre init`` on the pages of real libraries: what it proposes gives the true ratio in promtool."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from exai_sre.cli.main import run
from exai_sre.generate.onboarding import PRESETS, counted, propose, read_page
from tests.contract import foreign_sources
from tests.contract.foreign_rules import measured
from tests.contract.foreign_sources import BUSY, EXCEPTIONS, MISSING, OK, PATHS, REFUSED, SLOW

FAILED = EXCEPTIONS + BUSY
SERVED = OK + SLOW
ENDED = {"http-server-availability": (FAILED, SERVED + FAILED), "http-server-latency": (SLOW, SERVED)}
ASKED = {
    "http-client-availability": (FAILED + REFUSED, len(PATHS) + REFUSED),
    "http-client-latency": (SLOW, SERVED + MISSING),
}
TRUTH = {
    ("fastapi", ""): {"http-availability": (FAILED, SERVED + FAILED), "http-latency": (SLOW, len(PATHS))},
    ("aioprometheus", ""): {"http-availability": (FAILED, SERVED + FAILED)},
    ("otel_asgi", ""): ENDED,
    ("otel_asgi", "http"): ENDED,
    ("otel_aiohttp_server", ""): ENDED,
    ("otel_aiohttp_server", "http"): ENDED,
    ("otel_aiohttp_client", ""): ASKED,
    ("otel_aiohttp_client", "http"): ASKED,
}
"""Bad and all events of each proposed SLO, by source and semantic conventions."""


def shown(source: str, conventions: str) -> str:
    """What the library shows after the traffic; in a process of its own, for it keeps state in its modules."""
    environment = {**os.environ, "OTEL_SEMCONV_STABILITY_OPT_IN": conventions}
    command = [sys.executable, "-W", "ignore", foreign_sources.__file__, source]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=90).stdout


@cache
def pages() -> dict[tuple[str, str], str]:
    """The pages of all sources, most of whose time is waiting for each other's processes to start."""
    with ThreadPoolExecutor(max_workers=3) as pool:
        return dict(zip(TRUTH, pool.map(lambda key: shown(*key), TRUTH), strict=True))


def page(source: str, conventions: str) -> str:
    return pages()[source, conventions]


@pytest.mark.parametrize(("source", "conventions"), TRUTH)
def test_the_proposed_slos_count_what_happened(source, conventions):
    sighting = read_page(page(source, conventions), source)
    plan = propose(sighting, PRESETS)
    assert {each.name: counted(sighting, each) for each in plan.proposals} == TRUTH[source, conventions]


@pytest.mark.needs_prometheus
@pytest.mark.parametrize(("source", "conventions"), TRUTH)
def test_the_generated_rules_give_the_true_ratio(tmp_path, source, conventions):
    text = page(source, conventions)
    (tmp_path / "page.prom").write_text(text)
    assert run(["init", "--from", str(tmp_path / "page.prom"), "--service", "shop", "-o", str(tmp_path)]) == 0
    ratios = {name: Decimal(bad) / total for name, (bad, total) in TRUTH[source, conventions].items()}
    assert measured(tmp_path, text, ratios) == ""


def test_every_class_of_conventions_is_really_what_the_library_shows():
    assert "http_server_duration_milliseconds" in page("otel_asgi", "")
    assert "http_server_request_duration_seconds" in page("otel_asgi", "http")
    assert 'http_status_code=""' in page("otel_aiohttp_client", "")
    assert 'le="1"' in page("otel_asgi", "http")
    assert 'le="1.0"' in page("fastapi", "")


def test_the_page_of_a_scrape_is_left_out_of_the_slo():
    assert 'handler="/metrics"' in page("fastapi", "")


def test_the_sources_do_not_import_what_the_library_is_asked_about():
    assert Path(foreign_sources.__file__).read_text().count("exai_sre") == 0
