"""Where completions come from: the vendors whose keys are set, or the simulator when none is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from exai_sre.errors import SettingError
from server.metrics import PROVIDERS
from server.providers.build import BASE_URLS
from server.providers.http_provider import Endpoint
from server.simulator.process import SimulatorProcess

__all__ = ["KEY_VARIABLES", "Upstreams", "upstreams"]

KEY_VARIABLES: Final[Mapping[str, str]] = {name: f"{name.upper()}_API_KEY" for name in PROVIDERS}
"""Environment variable of each provider's key."""

_URL_VARIABLES: Final[Mapping[str, str]] = {name: f"{name.upper()}_BASE_URL" for name in PROVIDERS}
_SIMULATED_KEY: Final = "simulated"


@dataclass(frozen=True, slots=True)
class Upstreams:
    """What is asked for completions.

    Attributes:
        endpoints: address and key by provider; a provider without a key is off.
        simulator: the simulator's process, ``None`` with any key set.
    """

    endpoints: Mapping[str, Endpoint]
    simulator: SimulatorProcess | None = None

    @property
    def simulated(self) -> bool:
        """Whether the upstreams are the simulator."""
        return self.simulator is not None


@asynccontextmanager
async def upstreams(
    environment: Mapping[str, str], *, simulator: SimulatorProcess | None = None
) -> AsyncIterator[Upstreams]:
    """The upstreams that the environment asks for, for as long as the block runs.

    Args:
        environment: holds the keys (``GLM_API_KEY``, ``KIMI_API_KEY``) and, where a vendor is
            reached through another address, ``GLM_BASE_URL`` and ``KIMI_BASE_URL``.
        simulator: used when no key is set; one with defaults if left out.

    Raises:
        SettingError: an address is no ``http`` or ``https`` URL.
        SimulatorError: the simulator did not start.
    """
    keys = {name: environment.get(variable, "").strip() for name, variable in KEY_VARIABLES.items()}
    if any(keys.values()):
        yield Upstreams({name: Endpoint(_base_url(name, environment), key) for name, key in keys.items() if key})
        return
    async with simulator or SimulatorProcess() as running:
        endpoints = {name: Endpoint(f"{running.base_url}/{name}", _SIMULATED_KEY) for name in PROVIDERS}
        yield Upstreams(endpoints, running)


def _base_url(name: str, environment: Mapping[str, str]) -> str:
    variable = _URL_VARIABLES[name]
    url = environment.get(variable, "").strip()
    if not url:
        return BASE_URLS[name]
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingError(variable, url, "is no web address", remedy=f"use one such as {BASE_URLS[name]}")
    return url.rstrip("/")
