"""One run, three exits: every error line leads to a span, every exemplar to a trace that was exported."""

from __future__ import annotations

import asyncio
import random

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from exai_sre.metrics import exposition
from exai_sre.testing import VirtualClock
from exai_sre.tracing import configure_tracing
from tests.integration.joined_shop import ROUTES, open_shop
from tests.integration.otlp_receiver import over_grpc, over_http

REQUESTS = 240
RATIO = 0.1


def traceparent(bits: random.Random) -> dict[str, str]:
    """A caller that is in no trace, in one that is recorded, or in one that is not."""
    flags = bits.choice((None, None, "00", "01"))
    return (
        {} if flags is None else {"traceparent": f"00-{bits.getrandbits(128):032x}-{bits.getrandbits(64):016x}-{flags}"}
    )


async def run(tracing, clock):
    """Requests of every kind, many at a time; the shop afterwards."""
    bits = random.Random(5)
    async with open_shop(tracing, clock) as (shop, caller, url):

        async def call(number: int) -> None:
            async with caller.get(url.with_path(ROUTES[number % len(ROUTES)]), headers=traceparent(bits)) as response:
                await response.read()

        for start in range(0, REQUESTS, 40):
            await asyncio.gather(*(call(number) for number in range(start, start + 40)))
        shop.answered.set()
        await asyncio.gather(*shop.tasks)
        assert await asyncio.to_thread(tracing.flush)
    return shop


def exemplars(catalog) -> set[str]:
    text, _ = exposition(catalog, "application/openmetrics-text")
    return {
        sample.exemplar.labels["trace_id"]
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if sample.exemplar
    }


@pytest.mark.parametrize(("protocol", "receiver"), [("http/protobuf", over_http), ("grpc", over_grpc)])
async def test_logs_metrics_and_traces_of_one_run_join_completely(protocol, receiver, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "20000")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "shop")
    with receiver() as received:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", received.url)
        clock = VirtualClock()
        tracing = configure_tracing(service="test", sampler_ratio=RATIO, slow_after=30.0, clock=clock, share=False)
        try:
            shop = await run(tracing, clock)
        finally:
            await asyncio.to_thread(tracing.shutdown)
    spans = received.spans()
    exported = {span.ids for span in spans}
    assert len(exported) == len(spans)
    assert {span.resource["service.name"] for span in spans} == {"shop"}

    errors = shop.error_lines()
    assert len(errors) >= REQUESTS / len(ROUTES) * 7
    assert [line for line in errors if (line["trace_id"], line["span_id"]) not in exported] == []
    assert {line["trace_flags"] for line in errors} >= {"00", "01"}

    seen = exemplars(shop.catalog)
    assert len(seen) >= 5
    assert seen <= {trace for trace, _ in exported}

    late = [span for span in spans if "exai.late" in span.attributes]
    assert {span.attributes["exai.late"] for span in late} == {"failed", "referred_to", "slow"}
    assert not any(span.span.name == "GET" for span in late)
    share = sum(span.span.name == "GET /fine" for span in spans) / (REQUESTS / len(ROUTES))
    assert share < 0.6


async def test_what_the_environment_asks_for_is_exported_under_the_ids_of_the_calls(monkeypatch):
    with over_http() as received:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{received.url}/v1/traces")
        monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
        monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "1.0")
        tracing = configure_tracing(service="test", version="7", share=False, redact=lambda text: text.upper())
        with tracing.start("outer", "server", attributes={"a": "b"}) as outer, tracing.start("inner") as inner:
            pass
        await asyncio.to_thread(tracing.shutdown)
    spans = {span.span.name: span for span in received.spans()}
    assert spans["outer"].ids == (outer.context.trace_id, outer.context.span_id)
    assert spans["inner"].ids == (inner.context.trace_id, inner.context.span_id)
    assert spans["inner"].parent == spans["outer"].ids
    assert spans["outer"].attributes == {"a": "B"}
    assert (spans["outer"].resource["service.version"], spans["outer"].scope) == ("7", "exai_sre")
