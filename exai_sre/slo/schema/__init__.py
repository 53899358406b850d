"""JSON Schemas of the formats that are read, for editors and other tools."""

from __future__ import annotations

from exai_sre.slo.schema.openslo_v1 import openslo_schema

__all__ = ["openslo_schema"]
