"""pybreaker's listeners and storages on our breakers, unchanged."""

from __future__ import annotations

from exai_sre.resilience.interop.courier import Courier
from exai_sre.resilience.interop.pybreaker_facade import BreakerFacade, ReadOnlyBreaker
from exai_sre.resilience.interop.pybreaker_listeners import Deliver, FailedResult, ListenerBridge, inline
from exai_sre.resilience.interop.storage_mirror import StorageMirror, StorageMirrorOptions

__all__ = [
    "BreakerFacade",
    "Courier",
    "Deliver",
    "FailedResult",
    "ListenerBridge",
    "ReadOnlyBreaker",
    "StorageMirror",
    "StorageMirrorOptions",
    "inline",
]
