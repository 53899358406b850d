"""All presets, by name."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from exai_sre.generate.onboarding.presets.aioprometheus import AIOPROMETHEUS
from exai_sre.generate.onboarding.presets.envoy import ENVOY
from exai_sre.generate.onboarding.presets.fastapi import FASTAPI
from exai_sre.generate.onboarding.presets.ingress_nginx import INGRESS_NGINX
from exai_sre.generate.onboarding.presets.istio import ISTIO
from exai_sre.generate.onboarding.presets.mcp import MCP
from exai_sre.generate.onboarding.presets.nginx import NGINX
from exai_sre.generate.onboarding.presets.opentelemetry_client import OPENTELEMETRY_CLIENT
from exai_sre.generate.onboarding.presets.opentelemetry_server import OPENTELEMETRY_SERVER

__all__ = ["PRESETS"]

PRESETS: Final = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            AIOPROMETHEUS,
            ENVOY,
            FASTAPI,
            INGRESS_NGINX,
            ISTIO,
            MCP,
            NGINX,
            OPENTELEMETRY_CLIENT,
            OPENTELEMETRY_SERVER,
        )
    }
)
"""Presets by name, in the order in which series are recognised."""
