"""Metric families of a client of large language models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exai_sre.metrics.catalog import Catalog
from exai_sre.metrics.families.buckets import COST, GEN_AI_DURATION, TOKENS
from exai_sre.metrics.family import Counter, Histogram
from exai_sre.metrics.instrument import OUTCOME_VALUES, Chart, Label
from exai_sre.names import LabelName, Metric

__all__ = ["TOKEN_TYPES", "GenAiMetrics"]

TOKEN_TYPES = ("input", "output")
"""Values of the token type, in the words of the GenAI conventions: sent and received."""


@dataclass(frozen=True, slots=True)
class GenAiMetrics:
    """Bound to one catalog: what every call to an upstream leaves behind.

    Attributes:
        operation_duration: one completion as the caller sees it, retries and fallback included, seconds.
        first_chunk: from request to the first chunk of a streamed answer, seconds.
        attempt_duration: one attempt at one upstream, so that retries do not hide a fault, seconds.
        input_tokens: tokens sent.
        output_tokens: tokens received.
        request_tokens: tokens of one answered completion, by token type.
        request_cost: what one answered completion cost by its provider's prices, US dollars.
        fallbacks: completions handed from one provider to another.
    """

    operation_duration: Histogram
    first_chunk: Histogram
    attempt_duration: Histogram
    input_tokens: Counter
    output_tokens: Counter
    request_tokens: Histogram
    request_cost: Histogram
    fallbacks: Counter

    @classmethod
    def declare(cls, catalog: Catalog, providers: Sequence[str]) -> GenAiMetrics:
        """Declare the families in ``catalog`` for these provider names."""
        provider = Label(LabelName.PROVIDER, values=tuple(sorted(providers)))
        model = Label(LabelName.MODEL, bound=50)
        outcome = Label(LabelName.OUTCOME, values=OUTCOME_VALUES)
        pair = tuple(Label(name, values=provider.values) for name in (LabelName.FROM, LabelName.TO))
        metrics = cls(
            operation_duration=catalog.histogram(
                Metric.GEN_AI_OPERATION_DURATION,
                "Duration of a completion as its caller sees it, retries and fallback included; the "
                "provider is the one that answered last.",
                labels=(provider, outcome),
                buckets=GEN_AI_DURATION,
                chart=Chart("upstreams", "Completions", "rate", by=(LabelName.PROVIDER, LabelName.OUTCOME)),
            ),
            first_chunk=catalog.histogram(
                Metric.GEN_AI_FIRST_CHUNK,
                "Time from request to the first chunk of a streamed completion.",
                labels=(provider, outcome),
                buckets=GEN_AI_DURATION,
                chart=Chart("upstreams", "Time to first chunk", "quantiles", by=(LabelName.PROVIDER,)),
            ),
            attempt_duration=catalog.histogram(
                Metric.UPSTREAM_ATTEMPT_DURATION,
                "Duration of one attempt at an upstream; a completion may take several.",
                labels=(provider, outcome),
                buckets=GEN_AI_DURATION,
                chart=Chart("upstreams", "Upstream attempts", "rate", by=(LabelName.PROVIDER, LabelName.OUTCOME)),
            ),
            input_tokens=catalog.counter(
                Metric.GEN_AI_INPUT_TOKENS,
                "Tokens sent to an upstream.",
                labels=(provider, model),
                chart=Chart("upstreams", "Input tokens", "rate", by=(LabelName.PROVIDER, LabelName.MODEL)),
            ),
            output_tokens=catalog.counter(
                Metric.GEN_AI_OUTPUT_TOKENS,
                "Tokens received from an upstream.",
                labels=(provider, model),
                chart=Chart("upstreams", "Output tokens", "rate", by=(LabelName.PROVIDER, LabelName.MODEL)),
            ),
            request_tokens=_request_tokens(catalog, provider),
            request_cost=_request_cost(catalog, provider, model),
            fallbacks=catalog.counter(
                Metric.UPSTREAM_FALLBACKS,
                "Completions handed from one upstream to another.",
                labels=pair,
                chart=Chart("upstreams", "Fallbacks", "rate", by=(LabelName.FROM, LabelName.TO)),
            ),
        )
        for family in (metrics.operation_duration, metrics.first_chunk, metrics.attempt_duration, metrics.fallbacks):
            family.ensure()
        return metrics


def _request_tokens(catalog: Catalog, provider: Label) -> Histogram:
    return catalog.histogram(
        Metric.REQUEST_TOKENS,
        "Tokens of one answered completion.",
        labels=(provider, Label(LabelName.TOKEN_TYPE, values=TOKEN_TYPES)),
        buckets=TOKENS,
        unit="tokens",
        chart=Chart("upstreams", "Tokens per request", "quantiles", by=(LabelName.TOKEN_TYPE,)),
    )


def _request_cost(catalog: Catalog, provider: Label, model: Label) -> Histogram:
    return catalog.histogram(
        Metric.REQUEST_COST,
        "Cost of one answered completion by the prices of its provider.",
        labels=(provider, model),
        buckets=COST,
        unit="usd",
        chart=Chart("upstreams", "Cost per request", "quantiles", by=(LabelName.PROVIDER,)),
    )
