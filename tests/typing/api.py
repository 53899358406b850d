"""Type-checked, never run: the names that others rely on keep their types."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator
from typing import Any, Never, assert_type

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
retry = Retry(attempts=3, retry_if=lambda reply: reply is None, idempotent=lambda *_: True)
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


@breaker
def pages(limit: int, *, size: int = 10) -> Generator[int, str, bool]:
    """A generator keeps its signature."""
    yield limit * size
    return True


@pipeline
async def refund(amount: int, *, currency: str = "EUR") -> float:
    """A pipeline keeps the signature of an async function."""
    return amount / len(currency)


@pipeline
def refund_sync(amount: int) -> str:
    """A pipeline keeps the signature of a sync function."""
    return str(amount)


@pipeline
async def refunds(limit: int) -> AsyncGenerator[int, None]:
    """A pipeline keeps the signature of an async generator."""
    yield limit


@retry
async def retried(amount: int, *, currency: str = "EUR") -> float:
    """A retry keeps the signature of an async function."""
    return amount / len(currency)


@retry
def retried_sync(amount: int, *, currency: str = "EUR") -> float:
    """A retry keeps the signature of a sync function."""
    return amount / len(currency)


class Shop:
    """Methods keep their signatures too."""

    @retry
    async def pay(self, amount: int) -> str:
        """A method."""
        return str(amount)

    @breaker
    def price(self, name: str) -> int:
        """A method."""
        return len(name)


async def stream_of(limit: int) -> AsyncIterator[int]:
    """An async generator function."""
    yield limit


async def typed_stream_of(limit: int) -> AsyncGenerator[int, None]:
    """An async generator function."""
    yield limit


def items_of(limit: int) -> Generator[int, None, None]:
    """A generator function."""
    yield limit


def refused() -> None:
    """A retry on generator functions is refused by its type: what follows such a call cannot be reached."""
    if slos:
        assert_type(retry(stream_of), Never)
    if slos:
        assert_type(retry(typed_stream_of), Never)
    if slos:
        assert_type(retry(items_of), Never)


async def use_with_keywords() -> None:
    """Keyword arguments, methods and generators pass decorators."""
    assert_type(await refund(1, currency="USD"), float)
    assert_type(refund_sync(1), str)
    assert_type(await retried(1, currency="USD"), float)
    assert_type(retried_sync(1, currency="USD"), float)
    assert_type(await Shop().pay(1), str)
    assert_type(Shop().price("tea"), int)
    assert_type(pages(1, size=2), Generator[int, str, bool])
    assert_type(refunds(1), AsyncGenerator[int, None])
    with breaker as entered:
        assert_type(entered, CircuitBreaker)
    async with breaker as entered_async:
        assert_type(entered_async, CircuitBreaker)


async def refuse_wrong_arguments() -> None:
    """Wrong arguments are refused behind each decorator: mypy complains of an ignore that is not needed."""
    await charge_async("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    charge(1, 2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await refund(1, money="USD")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await retried("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pages("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    charges("1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pipeline.call(charge, "1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


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
