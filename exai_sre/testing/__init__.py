"""Helpers for tests of code that uses this library; nothing in the library imports them."""

from exai_sre.testing.virtual_clock import VirtualClock, VirtualTimer

__all__ = ["VirtualClock", "VirtualTimer"]
