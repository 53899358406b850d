"""A declared tool bound to the running server: checks arguments, marks what is simulated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from server.services import Services
from server.tools.arguments import ArgumentCheck
from server.tools.base import Arguments, ToolCall, ToolError, ToolResult, ToolSpec

__all__ = ["SIMULATED_NOTE", "Tool"]

SIMULATED_NOTE: Final = "[simulated: no provider key is set, upstream answers are made up]"
"""Stands at the end of every text while the upstreams are simulated."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool ready to be called.

    Attributes:
        spec: its declaration.
        services: what its handler may use.
        check: the compiled input schema.
    """

    spec: ToolSpec
    services: Services
    check: ArgumentCheck

    async def run(self, arguments: Arguments, call: ToolCall) -> ToolResult:
        """Validate ``arguments`` and run the handler.

        Raises:
            ToolError: the arguments are invalid (``client_error``), or the handler failed.
        """
        try:
            self.check(arguments)
            result = await self.spec.handler(self.services, arguments, call)
        except ToolError as error:
            raise self.marked(error) from error
        return self._marked_result(result)

    def _marked_result(self, result: ToolResult) -> ToolResult:
        simulated = self.services.simulated
        text = f"{result.text}\n\n{SIMULATED_NOTE}" if simulated else result.text
        return replace(result, text=text, structured={**result.structured, "simulated": simulated})

    def marked(self, error: ToolError) -> ToolError:
        """The error as its caller sees it: it says once that upstreams are simulated, where they are."""
        if not self.services.simulated or error.what.endswith(SIMULATED_NOTE):
            return error
        message = f"{error.what} {SIMULATED_NOTE}"
        return ToolError(error.outcome, message, error.error_type, remedy=error.remedy, retry_after=error.retry_after)
