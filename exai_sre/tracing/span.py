"""The span as the instrumented code sees it: the same whether or not it is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from exai_sre.context import TraceContext

__all__ = ["AttributeValue", "Kind", "RecordedSpan", "Span"]

AttributeValue = str | bool | int | float
"""What a span attribute may hold."""

Kind = Literal["internal", "server", "client", "producer", "consumer"]
"""Kind of a span, in OpenTelemetry's terms."""


class RecordedSpan(Protocol):
    """The recorded side of a span, kept by a recorder.

    Attributes:
        ends_elsewhere: whether its maker is another one, who may end it before the call is over.
    """

    ends_elsewhere: bool

    @property
    def position(self) -> TraceContext:
        """Where this span stands in its trace."""
        ...

    def finish(self, attributes: Mapping[str, AttributeValue], failure: str | None, *, here: bool = True) -> None:
        """End the span.

        Args:
            attributes: its last attributes.
            failure: its error type, or ``None``.
            here: whether this is the context that it was begun in; another one never had it.
        """
        ...


class Span:
    """One call, recorded or not.

    Attributes:
        context: its position in the trace; its ids are true even when nothing is recorded.
        attributes: what is known about it so far; names come from :class:`exai_sre.names.Attribute`.
        failure: error type once it failed, else ``None``.
        judged: whether the code inside said how the call ended; what it raises then does not count.
        early: hands over what is known so far, where the recorded span may end before the call; else ``None``.
    """

    __slots__ = ("attributes", "context", "early", "failure", "judged")

    def __init__(self, context: TraceContext, attributes: Mapping[str, AttributeValue] | None = None) -> None:
        self.context = context
        self.attributes: dict[str, AttributeValue] = dict(attributes) if attributes else {}
        self.failure: str | None = None
        self.judged = False
        self.early: Callable[[], None] | None = None

    def set(self, name: str, value: AttributeValue) -> None:
        """Set one attribute."""
        self.attributes[name] = value

    def fail(self, error_type: str) -> None:
        """Mark the call as failed; ``error_type`` is a class of errors, never a message."""
        self.failure = error_type
        self.judged = True

    def tell(self) -> None:
        """Hand over all that is known: a span that is not ours may end before the call does."""
        if self.early is not None:
            self.early()

    def excuse(self) -> None:
        """Say that the call did not fail, whatever it raises: its caller was wrong or withdrew it."""
        self.failure = None
        self.judged = True
