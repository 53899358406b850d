"""A stand-in for the upstreams: OpenAI-compatible, with scripted latency and faults, in its own process."""

from server.simulator.process import SimulatorProcess

__all__ = ["SimulatorProcess"]
