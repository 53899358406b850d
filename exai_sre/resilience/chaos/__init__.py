"""Chaos: faults on purpose, off by default, refused in production unless permitted in as many words."""

from __future__ import annotations

from exai_sre.resilience.chaos.injector import Injector, InjectorOptions
from exai_sre.resilience.chaos.injectors import (
    BehaviourInjector,
    ClockJumpInjector,
    FaultInjector,
    LatencyInjector,
    OutcomeInjector,
)
from exai_sre.resilience.chaos.jumping_clock import JumpingClock
from exai_sre.resilience.chaos.permission import CHAOS_SETTINGS, ChaosPermission, ChaosRefused
from exai_sre.resilience.chaos.scenario import Act, InjectedFault, Scenario

__all__ = [
    "CHAOS_SETTINGS",
    "Act",
    "BehaviourInjector",
    "ChaosPermission",
    "ChaosRefused",
    "ClockJumpInjector",
    "FaultInjector",
    "InjectedFault",
    "Injector",
    "InjectorOptions",
    "JumpingClock",
    "LatencyInjector",
    "OutcomeInjector",
    "Scenario",
]
