"""What a request that leaves by HTTP carries and leaves behind, whichever client sends it."""

from __future__ import annotations

from collections.abc import Callable, Collection, MutableMapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from exai_sre.clock import Clock, SystemClock
from exai_sre.context import inject, resend_count, waiting_for_upstream
from exai_sre.context.hop_limits import inject_limits
from exai_sre.names import Attribute
from exai_sre.tracing import AttributeValue, Span, Tracing, redact_url
from exai_sre.tracing.urls import redacting_url_filter

__all__ = ["ClientFrame", "ClientOptions", "Sent"]

_FAILED = 400


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """What the requests of a client carry.

    Attributes:
        tracing: starts the spans; without a recorder attempts carry ids alone.
        allow_hosts: hosts of one's own services: these receive baggage, what is left of deadline and
            attempts, and ids over a redirect.
        redact: applied to the URL before it becomes a span attribute; one that it fails on becomes empty.
        baggage: keys of the baggage entries that may go to allowed hosts.
        redact_baggage: applied to the values of these entries.
        count_waiting: count the time until the head of the response as waiting for an upstream.
        clock: the one that deadlines go by.
    """

    tracing: Tracing = field(default_factory=Tracing)
    allow_hosts: Collection[str] = ()
    redact: Callable[[str], str] = redact_url
    baggage: Collection[str] = ()
    redact_baggage: Callable[[str], str] | None = None
    count_waiting: bool = False
    clock: Clock = field(default_factory=SystemClock)


@dataclass(slots=True)
class Sent:
    """What one call of a client has sent so far; redirects send again.

    Attributes:
        origin: where the caller sent the request.
        hops: attempts so far.
        request: what was sent last.
        added: names of the headers that it was given.
    """

    origin: object
    hops: int = 0
    request: Any = None
    added: Collection[str] = ()


class ClientFrame:
    """The part of a client frame that knows no HTTP library.

    Args:
        options: what requests carry.
    """

    def __init__(self, options: ClientOptions) -> None:
        self._use = options
        self._allowed = frozenset(options.allow_hosts)
        self._shown = redacting_url_filter(options.redact)

    def span(self, method: str, url: str, host: str, sent: Sent) -> AbstractContextManager[Span]:
        """A context manager around the next attempt of a call, which yields its span."""
        attributes: dict[str, AttributeValue] = {
            Attribute.HTTP_METHOD: method,
            Attribute.URL_FULL: self._shown(url),
            Attribute.SERVER_ADDRESS: host,
        }
        resends = resend_count.get() + sent.hops
        sent.hops += 1
        if resends:
            attributes[Attribute.RESEND_COUNT] = resends
        return self._use.tracing.start(method, "client", attributes=attributes)

    def waiting(self) -> AbstractContextManager[None]:
        """A context manager around the wait for the head of a response."""
        return waiting_for_upstream() if self._use.count_waiting else nullcontext()

    def inject(self, headers: MutableMapping[str, str], host: str, *, home: bool) -> None:
        """Write into the headers of an attempt what its receiver may know.

        Args:
            headers: headers of the request; a field that is there stays.
            host: where it goes.
            home: whether that is where the caller sent it, not where a redirect leads.
        """
        allowed = host in self._allowed
        if allowed or home:
            inject(headers, baggage=self._use.baggage if allowed else (), redact=self._use.redact_baggage)
        if allowed:
            inject_limits(headers, self._use.clock.monotonic())

    @staticmethod
    def answered(span: Span, status: int) -> None:
        """Note the status of the response."""
        span.set(Attribute.HTTP_STATUS, status)
        if status >= _FAILED:
            span.fail(str(status))
