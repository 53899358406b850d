"""Who sends the spans: resource attributes, of which the environment's win over the code's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from exai_sre.names import Attribute

__all__ = ["resource_attributes"]

_NAME: Final = "OTEL_SERVICE_NAME"
_ATTRIBUTES: Final = "OTEL_RESOURCE_ATTRIBUTES"


def resource_attributes(service: str, version: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Resource attributes of this process.

    ``OTEL_SERVICE_NAME`` goes before ``OTEL_RESOURCE_ATTRIBUTES``, which go before ``service``
    and ``version``. A member of the list that is no ``key=value`` is left out.
    """
    found = {Attribute.SERVICE_NAME: service}
    if version:
        found[Attribute.SERVICE_VERSION] = version
    for member in environ.get(_ATTRIBUTES, "").split(","):
        key, equals, value = member.partition("=")
        if equals and key.strip():
            found[key.strip()] = unquote(value.strip())
    named = environ.get(_NAME, "").strip()
    if named:
        found[Attribute.SERVICE_NAME] = named
    return found
