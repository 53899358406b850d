"""Spans around questions to language models."""

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from exai_sre.tracing import configure_tracing
from exai_sre.tracing.gen_ai import model_answered, model_call


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter):
    return configure_tracing(service="t", exporter=exporter, batch=False, share=False, environ={})


def test_a_question_is_a_client_span_named_by_operation_and_model(tracing, exporter):
    with model_call(tracing, "moonshot_ai", "kimi-k2", server_address="api.example") as span:
        model_answered(span, model="kimi-k2-0905", input_tokens=12, output_tokens=0)
    (found,) = exporter.get_finished_spans()
    assert (found.name, found.kind) == ("chat kimi-k2", SpanKind.CLIENT)
    assert found.attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "moonshot_ai",
        "gen_ai.request.model": "kimi-k2",
        "server.address": "api.example",
        "gen_ai.response.model": "kimi-k2-0905",
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 0,
    }


def test_what_is_not_known_of_an_answer_is_not_said(tracing, exporter):
    with model_call(tracing, "zhipu_ai", "glm-4.6", operation="embeddings") as span:
        model_answered(span)
    (found,) = exporter.get_finished_spans()
    assert found.name == "embeddings glm-4.6"
    assert set(found.attributes) == {"gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model"}
