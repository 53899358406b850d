"""Spans around questions to language models, by the GenAI semantic conventions; what is said in them stays out."""

from __future__ import annotations

from exai_sre.names import Attribute
from exai_sre.tracing.running import RunningSpan
from exai_sre.tracing.span import AttributeValue, Span
from exai_sre.tracing.tracing import Tracing

__all__ = ["model_answered", "model_call"]


def model_call(
    tracing: Tracing, provider: str, model: str, *, operation: str = "chat", server_address: str = ""
) -> RunningSpan:
    """A context manager around one question to a model, which yields its client span.

    Attempts over HTTP within it are its children, where they are traced. Prompt and answer are
    not recorded: they are the user's.

    Args:
        tracing: starts the span.
        provider: ``gen_ai.provider.name``, such as ``moonshot_ai``.
        model: the model asked for; it stands in the span's name, so it must be one of few.
        operation: ``chat``, ``embeddings``, ``generate_content`` or ``text_completion``.
        server_address: host name of the provider.
    """
    attributes: dict[str, AttributeValue] = {
        Attribute.GEN_AI_OPERATION: operation,
        Attribute.PROVIDER: provider,
        Attribute.MODEL: model,
    }
    if server_address:
        attributes[Attribute.SERVER_ADDRESS] = server_address
    return tracing.start(f"{operation} {model}", "client", attributes=attributes)


def model_answered(
    span: Span, *, model: str = "", input_tokens: int | None = None, output_tokens: int | None = None
) -> None:
    """Note on the span of a question what is known of its answer.

    Args:
        span: what :func:`model_call` yielded.
        model: the model that answered, where it says so.
        input_tokens: tokens of the question.
        output_tokens: tokens of the answer.
    """
    if model:
        span.set(Attribute.RESPONSE_MODEL, model)
    if input_tokens is not None:
        span.set(Attribute.INPUT_TOKENS, input_tokens)
    if output_tokens is not None:
        span.set(Attribute.OUTPUT_TOKENS, output_tokens)
