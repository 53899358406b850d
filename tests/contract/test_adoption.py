"""The tutorial of docs/guide/adopt.md, executed: few lines, the services' own tests stay green, all is there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.contract.otlp_sink import OtlpSink, otlp_sink

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/guide/adopt.md").read_text(encoding="utf-8")
_FILE = re.compile(r'^```python title="([\w.]+)"(?: hl_lines="([\d ]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
FILES = {name: (text, tuple(map(int, marked.split()))) for name, marked, text in _FILE.findall(PAGE)}
SECRET = "hunter2"

LOOK = {
    "orders_aiohttp": """
import asyncio
from test_orders_aiohttp import ask
from orders_aiohttp import make_app
from aiohttp.test_utils import TestClient, TestServer

async def look():
    async with TestClient(TestServer(make_app())) as client:
        assert len((await client.get("/orders/1")).headers.getall("x-request-id")) == 1
        await client.get("/orders/2")
        await client.get("/nowhere")
        return await (await client.get("/metrics")).text()

page = asyncio.run(look())
""",
    "orders_fastapi": """
from test_orders_fastapi import CLIENT

assert len(CLIENT.get("/orders/1").headers.get_list("x-request-id")) == 1
CLIENT.get("/orders/2")
CLIENT.get("/nowhere")
page = CLIENT.get("/metrics").text
""",
    "notes_fastmcp": """
from starlette.testclient import TestClient
from notes_fastmcp import mcp
import asyncio, test_notes_fastmcp as own

assert asyncio.run(own.call("read", title="shopping")) == "coffee"
own.test_a_note_that_is_not_there_is_an_error()
page = TestClient(mcp.http_app()).get("/metrics").text
""",
}
"""What is asked of each service once its own tests have run: its page of metrics, in ``page``."""

SERIES = {
    "orders_aiohttp": ('http_route="/orders/{number}",http_response_status_code="200"', '"404"', 'http_route="_OTHER"'),
    "orders_fastapi": ('http_route="/orders/{number}",http_response_status_code="200"', '"404"', 'http_route="_OTHER"'),
    "notes_fastmcp": ('gen_ai_tool_name="read",outcome="ok"', 'gen_ai_tool_name="read",outcome="error"'),
}
SPANS = {
    "orders_aiohttp": {"GET /orders/{number}", "POST /payments"},
    "orders_fastapi": {"GET /orders/{number}", "POST /payments"},
    "notes_fastmcp": {"tools/call read", "tools/call backup"},
}


def without_the_lines(name: str) -> str:
    """The service as it was: the marked lines taken out."""
    text, marked = FILES[name]
    return "".join(line for at, line in enumerate(text.splitlines(keepends=True), 1) if at not in marked)


@dataclass
class Run:
    """One run of a service's tests.

    Attributes:
        output: what pytest said, and the service's page of metrics.
        lines: JSON log lines.
    """

    output: str
    lines: list[dict[str, Any]]


def write(folder: Path, service: str, text: str) -> None:
    (folder / f"{service}.py").write_text(text, encoding="utf-8")
    (folder / f"test_{service}.py").write_text(FILES[f"test_{service}.py"][0], encoding="utf-8")


def run_tests(folder: Path, service: str, sink: OtlpSink) -> Run:
    """Run the tests of an instrumented service in a process of its own, then look at what it shows."""
    write(folder, service, FILES[f"{service}.py"][0])
    look = "".join(f"    {line}\n" for line in LOOK[service].strip().splitlines())
    (folder / "test_zz_look.py").write_text(f"def test_look():\n{look}    print(page)\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "-c", os.devnull, str(folder)]
    environ = {
        **os.environ,
        "OTEL_EXPORTER_OTLP_ENDPOINT": sink.url,
        "PYTHONPATH": str(ROOT),
        # Their tests need no plugin, and ours, with their options, must not change how they run.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "",
    }
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    return Run(done.stdout, lines)


def test_the_page_shows_a_service_for_each_framework():
    assert {name for name, (_, marked) in FILES.items() if marked} == {f"{service}.py" for service in LOOK}


@pytest.mark.parametrize("service", LOOK)
def test_the_lines_are_at_most_five_and_nothing_else_names_the_library(service):
    assert 0 < len(FILES[f"{service}.py"][1]) <= 5
    assert not re.search("exai_sre|telemetry", without_the_lines(f"{service}.py") + FILES[f"test_{service}.py"][0])


@pytest.mark.parametrize("service", LOOK)
def test_the_services_own_tests_are_green_without_the_lines(tmp_path, monkeypatch, service):
    write(tmp_path, service, without_the_lines(f"{service}.py"))
    monkeypatch.syspath_prepend(tmp_path)
    own = import_module(f"test_{service}")
    try:
        tests = [value for name, value in vars(own).items() if name.startswith("test_")]
        assert len(tests) == 3
        for test in tests:
            test()
    finally:
        for name in (service, f"test_{service}"):
            del sys.modules[name]


@pytest.mark.parametrize("service", LOOK)
def test_with_the_lines_they_stay_green_and_metrics_logs_and_traces_are_there(tmp_path, service):
    with otlp_sink() as sink:
        after = run_tests(tmp_path, service, sink)
    assert "4 passed" in after.output
    for series in SERIES[service]:
        assert series in after.output
    assert SPANS[service] <= {span.name for span in sink.spans}
    requests = [line for line in after.lines if line["event"] in ("http_request", "mcp_operation")]
    own = [line for line in after.lines if line.get("logger") in ("orders", "notes")]
    assert {line["trace_id"] for line in requests} == {
        span.trace_id.hex() for span in sink.spans if span.name != "GET /metrics"
    }
    assert own
    assert {line["correlation_id"] for line in own} <= {line["correlation_id"] for line in requests}
    assert "[REDACTED" in str(own)
    assert SECRET not in str(after.lines) + str(sink.spans)
