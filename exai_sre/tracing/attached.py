"""The recorder's side of a call: a span of ours, a place held without one, or somebody else's span of that call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from contextvars import Token
from typing import Any, Protocol

from exai_sre.context import TraceContext
from exai_sre.tracing.span import AttributeValue

__all__ = ["Adopted", "Attached", "Held"]


class _Closes(Protocol):
    def detach(self, token: Token[Any]) -> None: ...

    def close(self, span: Any, attributes: Mapping[str, AttributeValue], failure: str | None) -> None: ...


class Attached:
    """An OpenTelemetry span that is the running one until it finishes."""

    __slots__ = ("_quiet", "_recorder", "_span", "_token", "position")

    ends_elsewhere = False

    def __init__(
        self,
        recorder: _Closes,
        span: Any,
        position: TraceContext,
        token: Token[Any],
        quiet: AbstractContextManager[None] | None,
    ) -> None:
        self._recorder = recorder
        self._span = span
        self._token = token
        self._quiet = quiet
        self.position = position

    def finish(self, attributes: Mapping[str, AttributeValue], failure: str | None, *, here: bool = True) -> None:
        """See :meth:`exai_sre.tracing.span.RecordedSpan.finish`."""
        if here:
            if self._quiet is not None:
                self._quiet.__exit__(None, None, None)
            self._recorder.detach(self._token)
        self._recorder.close(self._span, attributes, failure)


class Held:
    """A position without a span, in OpenTelemetry's context until its call ends."""

    __slots__ = ("_detach", "_token", "position")

    ends_elsewhere = False

    def __init__(self, position: TraceContext, token: Token[Any], detach: Callable[[Token[Any]], None]) -> None:
        self._token = token
        self._detach = detach
        self.position = position

    def finish(
        self,
        attributes: Mapping[str, AttributeValue],  # noqa: ARG002 - nothing is recorded
        failure: str | None,  # noqa: ARG002
        *,
        here: bool = True,
    ) -> None:
        """See :meth:`exai_sre.tracing.span.RecordedSpan.finish`."""
        if here:
            self._detach(self._token)


class Adopted:
    """The span that other instrumentation made for the same call: enriched, and ended by its maker."""

    __slots__ = ("_error", "_given", "_span", "position")

    ends_elsewhere = True

    def __init__(self, span: Any, position: TraceContext, error: Any, given: frozenset[str]) -> None:
        self._span = span
        self._error = error
        self._given = given
        self.position = position

    def finish(
        self,
        attributes: Mapping[str, AttributeValue],
        failure: str | None,
        *,
        here: bool = True,  # noqa: ARG002 - nothing was attached that would have to be taken away
    ) -> None:
        """Add what the maker of the span does not say; see :meth:`exai_sre.tracing.span.RecordedSpan.finish`."""
        if not self._span.is_recording():
            # Its maker has ended it already, and OpenTelemetry would log a warning for each attempt to add to it.
            return
        self._span.set_attributes({name: value for name, value in attributes.items() if name not in self._given})
        if failure is not None:
            self._span.set_status(self._error, failure)
