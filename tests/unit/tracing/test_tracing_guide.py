"""The page about tracing: its code runs, and it names every variable that is read."""

import re

import pytest
import yaml
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor

from exai_sre.logs import shutdown_logging

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def page(root):
    return (root / "docs/guide/tracing.md").read_text(encoding="utf-8")


@pytest.fixture
def undone(monkeypatch):
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    yield
    shutdown_logging()
    AioHttpClientInstrumentor().uninstrument()


def blocks(page, language):
    return [text for kind, text in BLOCK.findall(page) if kind == language]


def test_its_examples_run_one_after_the_other(page, undone):
    names: dict[str, object] = {}
    for text in blocks(page, "python"):
        exec(compile(text, "tracing.md", "exec"), names)
    assert names["span"].attributes == {"shop.items": 3, "shop.warehouse": "berlin"}


def test_its_collector_sends_on_what_it_receives(page):
    (collector,) = (yaml.safe_load(text) for text in blocks(page, "yaml"))
    pipeline = collector["service"]["pipelines"]["traces"]
    for part in ("receivers", "processors", "exporters"):
        assert set(pipeline[part]) == set(collector[part])


def test_it_names_every_variable_that_the_package_reads(page, root):
    sources = (path.read_text(encoding="utf-8") for path in (root / "exai_sre/tracing").glob("*.py"))
    read = {name for text in sources for name in re.findall(r'"(OTEL_\w+)"', text)}
    written = page.replace("`..._", "`OTEL_EXPORTER_OTLP_")
    assert len(read) >= 9
    assert {name for name in read if f"`{name}`" not in written} == set()
