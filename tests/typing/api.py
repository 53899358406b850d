"""Type-checked, never run: the names that others rely on keep their types."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, assert_type

from exai_sre.context import correlation_id
from exai_sre.generate import alertmanager_config, grafana_dashboards, prometheus_rules
from exai_sre.logs import Sanitizer, configure_logging
from exai_sre.metrics import Catalog
from exai_sre.middleware.mcp import instrument
from exai_sre.resilience import Bulkhead, CircuitBreaker, Pipeline, Retry, RetryBudget, Timeout
from exai_sre.slo import SloTracker, load_slos
from exai_sre.slo.model import Slo
from exai_sre.testing import VirtualClock

catalog = Catalog()
clock = VirtualClock()
slos = load_slos("slo", catalog=catalog)
assert_type(slos, list[Slo])
tracker = SloTracker(slos, catalog, clock=clock, replica="a")
assert_type(correlation_id.get(), str | None)

breaker = CircuitBreaker("billing", failure_rate=0.5, minimum_calls=20, open_for=30.0, clock=clock)
pipeline = Pipeline("billing", Retry(attempts=3, budget=RetryBudget()), breaker, Bulkhead(10), Timeout(2.0))


@breaker
def charge(amount: int) -> str:
    """A sync function keeps its signature."""
    return str(amount)


@breaker
async def charge_async(amount: int, *, currency: str = "EUR") -> float:
    """An async function keeps its signature."""
    return amount / len(currency)


@breaker
async def charges(limit: int) -> AsyncIterator[int]:
    """An async generator keeps its signature."""
    for number in range(limit):
        yield number


async def use() -> None:
    """What callers get."""
    assert_type(charge(1), str)
    assert_type(await charge_async(1, currency="USD"), float)
    async for number in charges(3):
        assert_type(number, int)
    assert_type(pipeline.call(charge, 1), str)
    assert_type(await pipeline.call_async(charge_async, 1, currency="USD"), float)


sanitizer = Sanitizer()
assert_type(sanitizer.redact_text("token=x"), str)
configure_logging(service="shop", renderer="json")


def generated(server: Any) -> None:
    """The generators and the instrumentation take what the loaders return."""
    instrument(server, catalog=catalog)
    prometheus_rules(slos, catalog=catalog)
    alertmanager_config(slos)
    grafana_dashboards(slos, catalog)
