"""What a tool is: its declaration, the call it gets, the result or the error it ends with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from exai_sre.errors import ExaiSreError
from exai_sre.outcome import Outcome

if TYPE_CHECKING:
    from server.services import Services

__all__ = ["Arguments", "Handler", "JsonObject", "ProgressSink", "ToolCall", "ToolError", "ToolResult", "ToolSpec"]

JsonObject = dict[str, Any]
"""A JSON object."""

Arguments = Mapping[str, Any]
"""The arguments of a call, already validated against the tool's input schema."""

ProgressSink = Callable[[float, float | None, str | None], Awaitable[None]]
"""Takes progress so far, total (``None`` where unknown) and a message."""


class ToolError(ExaiSreError):
    """A tool call that ends without a result.

    Attributes:
        outcome: how the call ended, for SLIs and logs.
        error_type: low-cardinality kind of the error, such as ``invalid_arguments`` or ``http_503``.
        retry_after: seconds after which a repetition may succeed; ``None`` where unknown.
    """

    def __init__(
        self, outcome: Outcome, message: str, error_type: str, *, remedy: str = "", retry_after: float | None = None
    ) -> None:
        self.outcome = outcome
        self.error_type = error_type
        self.retry_after = retry_after
        super().__init__(message, remedy=remedy)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What a handler may tell its caller while it runs.

    Attributes:
        sink: where progress goes; ``None`` when the caller did not ask for it.
    """

    sink: ProgressSink | None = None

    @property
    def wants_progress(self) -> bool:
        """Whether anybody listens for progress."""
        return self.sink is not None

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Report progress; it must grow from call to call. No-op when nobody listens."""
        if self.sink is not None:
            await self.sink(progress, total, message)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a successful call returns.

    Attributes:
        text: for people and models.
        structured: the same as JSON, matching the tool's output schema.
    """

    text: str
    structured: JsonObject = field(default_factory=dict)


class Handler(Protocol):
    """The body of a tool; its errors are :class:`ToolError`."""

    def __call__(self, services: Services, arguments: Arguments, call: ToolCall, /) -> Awaitable[ToolResult]:
        """Run the tool once, on arguments that fit its input schema."""
        ...


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as it is declared to clients.

    Attributes:
        name: unique, as in ``server.metrics.TOOLS``.
        title: for people.
        description: for models: what it does and when to use it.
        input_schema: JSON Schema 2020-12 of the arguments.
        output_schema: JSON Schema 2020-12 of :attr:`ToolResult.structured`.
        handler: the body.
        read_only: the tool changes nothing.
        open_world: the tool reaches outside this server.
    """

    name: str
    title: str
    description: str
    input_schema: JsonObject
    output_schema: JsonObject
    handler: Handler
    read_only: bool = True
    open_world: bool = False
