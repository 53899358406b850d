"""The import of the MCP SDK, which is most of what a start of the server takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

__all__ = ["import_sdk"]


def import_sdk() -> None:
    """Import what serves MCP, sooner than the statement would.

    The SDK declares models for each message of every revision of the protocol, of which a connection uses few.
    pydantic would build the validators of all of them at once; so it builds each when it is first used,
    which makes the first call of its kind some tens of milliseconds longer.

    Raises:
        ImportError: the SDK is not installed.
    """
    with _built_when_used():
        import_module("mcp.server.lowlevel")


@contextmanager
def _built_when_used() -> Iterator[None]:
    """Models that are declared meanwhile inherit ``defer_build``, and so do the models derived from them.

    It has no other effect, so a model of somebody else that is declared in another thread at that time works as well.
    https://docs.pydantic.dev/latest/api/config/#pydantic.config.ConfigDict.defer_build
    """
    from pydantic import BaseModel

    before = BaseModel.model_config
    BaseModel.model_config = {**before, "defer_build": True}
    try:
        yield
    finally:
        BaseModel.model_config = before
