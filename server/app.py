"""The composition root: the one place where the server's parts are put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from exai_sre.clock import Clock, SystemClock
from exai_sre.errors import ExaiSreError
from exai_sre.health import Health
from exai_sre.logs import get_logger, shutdown_logging
from exai_sre.metrics.otlp import otlp_push
from exai_sre.metrics.process import sample_loop_lag
from exai_sre.middleware.aiohttp_client import instrumented_session
from exai_sre.middleware.mcp import instrument
from exai_sre.names import Event, LabelName
from exai_sre.resilience.errors import breaker_open
from exai_sre.slo import run_tracker, slo_report
from exai_sre.version import __version__
from server.gate import CallGate
from server.mcp.sdk import import_sdk
from server.metrics import TOOLS
from server.monitoring.dashboard_broadcaster import DashboardBroadcaster
from server.monitoring.live_state import LiveState, ServerFacts
from server.monitoring.traffic import Traffic
from server.observability import SERVICE, Observability, observe
from server.providers import ProviderParts, build_providers
from server.services import Services
from server.settings import Settings
from server.simulator.process import SimulatorProcess
from server.sockets import take_ports
from server.tools import build_tools
from server.upstreams import Upstreams, upstreams
from server.usage import Usage

if TYPE_CHECKING:
    from mcp.server.lowlevel import Server

__all__ = ["Application", "running"]

_SETTLE: Final = 0.1
"""Seconds that the answer of the last call gets to reach its socket."""

_GOODBYE: Final = 2.0
"""Seconds that open sockets get to be closed in good order."""

_INSTRUCTIONS: Final = (
    "Ask the GLM and Kimi models by the tool chat; listmodels says which there are. status, health and "
    "slo_status tell how the server and its upstreams are doing."
)


@dataclass(slots=True)
class Application:
    """The running server.

    Attributes:
        settings: what it was started with.
        watch: what observes it.
        gate: admits calls.
        health: its readiness.
        live: what its live page shows.
        broadcaster: tells live pages.
        core: the MCP server, for a transport of the caller's own such as stdio.
        simulator: the simulated upstreams, ``None`` with a key set.
        started_at: seconds since the Unix epoch.
        mcp_url: address of the MCP port; empty where no port is served.
        monitoring_url: address of the monitoring port; empty where no port is served.
        goodbyes: close the open sockets, each of one endpoint.
    """

    settings: Settings
    watch: Observability
    clock: Clock
    gate: CallGate
    health: Health
    live: LiveState
    broadcaster: DashboardBroadcaster
    core: Server[Any]
    simulator: SimulatorProcess | None
    started_at: float
    mcp_url: str = ""
    monitoring_url: str = ""
    goodbyes: tuple[Callable[[], Awaitable[None]], ...] = ()

    async def drain(self) -> bool:
        """Refuse new work, let running calls end, say goodbye to sockets; whether all calls ended in time."""
        self.gate.draining = True
        self.health.drain()
        self.broadcaster.notify()
        self.watch.log.info(Event.SERVER_DRAINING, running=self.gate.running, seconds=self.settings.drain_seconds)
        finished = await self.gate.drained(self.settings.drain_seconds)
        await self.clock.sleep(_SETTLE)
        # A client that reads no more would keep its goodbye waiting for ever; the end of the block aborts it.
        with suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE):
                await asyncio.gather(*(close_all() for close_all in self.goodbyes))
        return finished

    def session_closed(self, transport: str, seconds: float) -> None:
        """Measure a connection that lived for ``seconds``."""
        self.watch.metrics.mcp.session_duration.labels(**{LabelName.TRANSPORT: transport}).observe(seconds)


@asynccontextmanager
async def running(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    ports: bool = True,
    simulator: SimulatorProcess | None = None,
) -> AsyncIterator[Application]:
    """The whole server, started; it stops when the block ends.

    Args:
        settings: what the operator set.
        environment: where the providers' keys are.
        ports: whether to serve the MCP and the monitoring port.
        simulator: used when no key is set; one with defaults if left out.

    Raises:
        ListenError: a port cannot be had.
        SpecError: an SLO definition cannot be used.
        SettingError: an address of a provider cannot be used.
        SimulatorError: the simulator did not start.
    """
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        taken = take_ports(stack, settings) if ports else None
        starting = asyncio.create_task(stack.enter_async_context(upstreams(environment, simulator=simulator)))
        # The simulator's process starts in this step and gets ready while we do, on a core of its own. A thread of
        # ours would not be quicker than this one: what imports holds the interpreter's lock.
        await asyncio.sleep(0)
        try:
            watch = observe(settings, clock)
            stack.callback(shutdown_logging)
            import_sdk()
        except BaseException:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            raise
        source = await starting
        stack.push_async_callback(asyncio.to_thread, watch.tracing.shutdown)
        _start_pushing(stack, watch)
        application = await _composed(stack, settings, watch, source, clock)
        if taken is not None:
            from server.ports import serve_ports

            await serve_ports(stack, application, taken)
        application.health.started()
        # What an open breaker raises brings pybreaker with it: loaded now, not by the first refusal of an outage.
        _background(stack, asyncio.to_thread(breaker_open))
        yield application


async def _composed(
    stack: AsyncExitStack, settings: Settings, watch: Observability, source: Upstreams, clock: Clock
) -> Application:
    """Everything but the ports."""
    started_at = clock.time()
    parts = await _providers(stack, watch, source, clock)
    health, gate = _health(watch, source, parts, clock), CallGate()
    usage = Usage(watch.metrics, clock)
    services = Services(
        registry=parts.registry,
        completion=parts.completion,
        health=health,
        tracker_report=lambda: slo_report(watch.tracker, now=clock.time()),
        breakers=parts.breakers,
        clock=clock,
        version=__version__,
        replica=settings.replica,
        started_at=started_at,
        simulated=source.simulated,
        feature_used=usage.feature_used,
    )
    core = _core(services, gate, watch, usage, clock)
    traffic = Traffic(watch.metrics)
    live = _live_state(services, watch, traffic, clock)
    broadcaster = DashboardBroadcaster(live, watch.tail.lines, pages=settings.max_page_clients)
    stack.callback(watch.tail.on_line(broadcaster.add_line))
    _announce_breakers(parts, watch, broadcaster)
    await _start_background(stack, settings, watch, broadcaster, traffic, clock)
    return Application(settings, watch, clock, gate, health, live, broadcaster, core, source.simulator, started_at)


def _start_pushing(stack: AsyncExitStack, watch: Observability) -> None:
    """Push the metrics to the collector that the ``OTEL_*`` variables name, if they name one."""
    push = otlp_push(watch.metrics.catalog, service=SERVICE, version=__version__, metrics=watch.metrics.telemetry)
    if push is not None:
        push.start()
        stack.push_async_callback(asyncio.to_thread, push.stop)


def _health(watch: Observability, source: Upstreams, parts: ProviderParts, clock: Clock) -> Health:
    """Readiness: our storage decides; the upstreams inform, since every replica shares their fate."""

    async def any_upstream() -> str:
        refusing = [each["name"] for each in parts.breakers() if each["state"] == "open"]
        told = f"circuit breaker open: {', '.join(refusing)}" if refusing else ""
        if len(refusing) == len(parts.guards):
            raise ExaiSreError(told)
        return told

    health = Health(clock, redact=watch.sanitizer.redact_text)
    health.add_probe("storage", watch.state.probe, ttl=1.0)
    health.add_probe("upstreams", any_upstream, ttl=0.5, critical=False)
    simulator = source.simulator
    if simulator is not None:

        async def alive() -> bool:
            return simulator.running

        health.add_probe("simulator", alive, ttl=1.0)
    return health


async def _providers(stack: AsyncExitStack, watch: Observability, source: Upstreams, clock: Clock) -> ProviderParts:
    session = await stack.enter_async_context(instrumented_session(tracing=watch.tracing))

    def on_event(event: str, fields: Mapping[str, object]) -> None:
        watch.log.warning(event, **fields)

    return build_providers(
        source.endpoints,
        session,
        gen_ai=watch.metrics.gen_ai,
        resilience=watch.metrics.resilience,
        clock=clock,
        redact=watch.sanitizer.redact_text,
        on_event=on_event,
    )


def _core(services: Services, gate: CallGate, watch: Observability, usage: Usage, clock: Clock) -> Server[Any]:
    from server.mcp.core import build_server

    core = build_server(
        build_tools(services), gate=gate, version=__version__, instructions=_INSTRUCTIONS, on_call=usage.called
    )
    instrument(
        core,
        catalog=watch.metrics.catalog,
        tools=TOOLS,
        logger=get_logger("server.mcp"),
        tracing=watch.tracing,
        sanitizer=watch.sanitizer,
        clock=clock,
    )
    return core


def _live_state(services: Services, watch: Observability, traffic: Traffic, clock: Clock) -> LiveState:
    from mcp_types.version import SUPPORTED_PROTOCOL_VERSIONS

    facts = ServerFacts(
        name=SERVICE,
        version=services.version,
        replica=services.replica,
        started_at=services.started_at,
        simulated=services.simulated,
        protocol_versions=tuple(sorted(SUPPORTED_PROTOCOL_VERSIONS, reverse=True)),
    )
    return LiveState(
        facts,
        clock=clock,
        traffic=traffic,
        slos=lambda: [status.to_json() for status in watch.tracker.status()],
        breakers=services.breakers,
        draining=lambda: services.health.draining,
    )


def _announce_breakers(parts: ProviderParts, watch: Observability, broadcaster: DashboardBroadcaster) -> None:
    def announce(name: str, old: Any, new: Any) -> None:
        watch.log.warning(Event.BREAKER_TRANSITION, breaker=name, old=old.value, new=new.value)
        broadcaster.notify()

    for guard in parts.guards.values():
        guard.breaker.on_transition(announce)


async def _start_background(
    stack: AsyncExitStack,
    settings: Settings,
    watch: Observability,
    broadcaster: DashboardBroadcaster,
    traffic: Traffic,
    clock: Clock,
) -> None:
    """Tracker, loop-lag sampler and broadcaster; the tracker saves a last time when it ends."""
    stack.callback(watch.store.close)
    interval, restored = settings.tick_seconds, asyncio.Event()

    def on_tick() -> None:
        traffic.sample(clock.monotonic())

    _background(
        stack,
        run_tracker(
            watch.tracker,
            watch.store,
            clock=clock,
            interval=interval,
            on_restored=restored.set,
            on_tick=on_tick,
            on_error=watch.state.on_error,
        ),
    )
    # Ready means that budgets from before a restart are back: until then every report would be false.
    await restored.wait()
    _background(stack, sample_loop_lag(watch.metrics.process.loop_lag.labels(), clock=clock))
    _background(stack, broadcaster.run(interval, clock))


def _background(stack: AsyncExitStack, work: Coroutine[Any, Any, object]) -> None:
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    stack.push_async_callback(end)
