"""The one path to an upstream: retries and fallback under one deadline, everything counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exai_sre.clock import Clock
from exai_sre.context import current_operation, deadline_at, remaining, resend_count, waiting_for_upstream
from exai_sre.metrics.families import GenAiMetrics
from exai_sre.metrics.families.gen_ai import TOKEN_TYPES
from exai_sre.names import Attribute, Event, LabelName, LogField
from exai_sre.outcome import Outcome
from exai_sre.resilience import outcome_of
from exai_sre.resilience.scope import outcome_in_time
from server.providers.base import ChatResult, ChunkSink
from server.providers.completion_result import CompletionFailed, CompletionResult, error_text, error_type_of
from server.providers.delivery import Delivery, StreamInterrupted
from server.providers.guard import UpstreamGuard
from server.providers.journal import Journal
from server.providers.registry import CompletionRequest, Plan, ProviderRegistry, Route

__all__ = ["Completion", "EventSink"]

EventSink = Callable[[str, Mapping[str, object]], None]
"""Takes the name of a log event and its fields."""

_FALLBACK_ON = frozenset({Outcome.UPSTREAM_ERROR, Outcome.TIMEOUT})


@dataclass(slots=True)
class _Run:
    """One completion in progress."""

    delivery: Delivery
    started: float
    provider: str
    attempts: int = 0
    outcome: Outcome = Outcome.OK


class Completion:
    """Asks the providers of a plan in order until one answers.

    Args:
        registry: plans the request.
        guards: per provider its retry, breaker and limits.
        metrics: what every call leaves behind.
        clock: for durations and the deadline.
        total_timeout: seconds for the whole of it: all attempts, waits and fallbacks.
        on_event: takes log events (``upstream_attempt`` for failures, ``upstream_fallback``).
    """

    def __init__(
        self,
        registry: ProviderRegistry,
        guards: Mapping[str, UpstreamGuard],
        *,
        metrics: GenAiMetrics,
        clock: Clock,
        total_timeout: float = 120.0,
        on_event: EventSink | None = None,
    ) -> None:
        self.journal = Journal()
        self.total_timeout = total_timeout
        self._registry = registry
        self._guards = guards
        self._metrics = metrics
        self._clock = clock
        self._on_event = on_event

    async def run(self, request: CompletionRequest, on_chunk: ChunkSink | None = None) -> CompletionResult:
        """Answer ``request``; with ``stream`` set its chunks go to ``on_chunk`` as they come.

        Raises:
            RequestRefused: nothing was asked; see :meth:`ProviderRegistry.plan`.
            CompletionFailed: no upstream answered, or one rightly refused the request.
            asyncio.CancelledError: the caller withdrew; the upstream request is closed by then.
        """
        plan = self._registry.plan(request)
        run = _Run(Delivery(on_chunk, self._clock), self._clock.monotonic(), plan.routes[0].provider.name)
        try:
            with deadline_at(run.started + self.total_timeout):
                return await self._first_answer(plan, plan.routes, (), run)
        except BaseException as error:
            run.outcome = outcome_in_time(error, self._clock.monotonic())
            raise
        finally:
            self._observe(request.stream, run)

    async def _first_answer(
        self, plan: Plan, routes: tuple[Route, ...], failures: tuple[tuple[str, Exception], ...], run: _Run
    ) -> CompletionResult:
        route, rest = routes[0], routes[1:]
        run.provider = route.provider.name
        try:
            answer = await self._ask(route, len(routes), run)
        except Exception as error:
            failures = (*failures, (run.provider, error))
            if not rest or not self._goes_on(error, run):
                raise CompletionFailed(failures) from error
            self._fall_back(run.provider, rest[0].provider.name, error)
        else:
            return self._result(plan, route, answer, run)
        return await self._first_answer(plan, rest, failures, run)

    async def _ask(self, route: Route, providers_left: int, run: _Run) -> ChatResult:
        now = self._clock.monotonic()
        left = remaining(now)
        # An upstream that hangs may use up its share of the deadline, never that of the next one.
        share = now + (left if left is not None else self.total_timeout) / providers_left
        with deadline_at(share), waiting_for_upstream():
            return await self._guards[route.provider.name].call(self._attempt, route, run)

    async def _attempt(self, route: Route, run: _Run) -> ChatResult:
        provider = route.provider.name
        run.attempts += 1
        started = self._clock.monotonic()
        failure: BaseException | None = None
        try:
            guard = self._guards[provider]
            return await guard.attempt(route.provider.chat, route.request, run.delivery)
        except BaseException as error:
            failure = error
            if isinstance(error, Exception) and run.delivery.started:
                outcome = outcome_of(error)
                raise StreamInterrupted(provider, outcome, error_type_of(error)) from error
            raise
        finally:
            self._note(provider, self._clock.monotonic() - started, failure)

    def _note(self, provider: str, seconds: float, failure: BaseException | None) -> None:
        outcome = Outcome.OK if failure is None else outcome_in_time(failure, self._clock.monotonic())
        labels = {LabelName.PROVIDER: provider, LabelName.OUTCOME: outcome.value}
        self._metrics.attempt_duration.labels(**labels).observe(seconds)
        text = "" if failure is None else error_text(provider, failure)
        self.journal.note(provider, outcome, self._clock.time(), text)
        if failure is not None:
            self._emit(
                Event.UPSTREAM_ATTEMPT,
                {
                    Attribute.PROVIDER: provider,
                    Attribute.OUTCOME: outcome.value,
                    Attribute.RESEND_COUNT: resend_count.get(),
                    Attribute.ERROR_TYPE: error_type_of(failure),
                    LogField.ERROR: text,
                    LogField.DURATION_MS: seconds * 1e3,
                },
            )

    def _goes_on(self, error: Exception, run: _Run) -> bool:
        left = remaining(self._clock.monotonic())
        in_time = left is None or left > 0
        return in_time and not run.delivery.started and outcome_of(error) in _FALLBACK_ON

    def _fall_back(self, provider: str, successor: str, error: Exception) -> None:
        self._metrics.fallbacks.labels(**{LabelName.FROM: provider, LabelName.TO: successor}).inc()
        fields = {LabelName.FROM: provider, LabelName.TO: successor, LogField.ERROR: error_text(provider, error)}
        self._emit(Event.UPSTREAM_FALLBACK, fields)

    def _result(self, plan: Plan, route: Route, answer: ChatResult, run: _Run) -> CompletionResult:
        model, usage = route.model, answer.usage
        labels = {LabelName.PROVIDER: model.provider, LabelName.MODEL: model.id}
        self._metrics.input_tokens.labels(**labels).inc(usage.input_tokens)
        self._metrics.output_tokens.labels(**labels).inc(usage.output_tokens)
        cost = model.cost(usage.input_tokens, usage.output_tokens)
        self._metrics.request_cost.labels(**labels).observe(cost)
        for kind, tokens in zip(TOKEN_TYPES, (usage.input_tokens, usage.output_tokens), strict=True):
            of_kind = {LabelName.PROVIDER: model.provider, LabelName.TOKEN_TYPE: kind}
            self._metrics.request_tokens.labels(**of_kind).observe(tokens)
        operation = current_operation.get()
        if operation is not None:
            operation.fields.update({Attribute.PROVIDER: model.provider, Attribute.MODEL: model.id})
        first = plan.routes[0]
        return CompletionResult(
            answer=answer,
            provider=model.provider,
            model=model.id,
            requested=plan.requested,
            attempts=run.attempts,
            fallback_from=None if route is first else first.provider.name,
            dropped=route.dropped,
            adjusted=route.adjusted,
            notes=plan.notes,
            cost=cost,
            seconds=self._clock.monotonic() - run.started,
        )

    def _observe(self, stream: bool, run: _Run) -> None:
        now, first_at = self._clock.monotonic(), run.delivery.first_at
        labels = {LabelName.PROVIDER: run.provider, LabelName.OUTCOME: run.outcome.value}
        self._metrics.operation_duration.labels(**labels).observe(now - run.started)
        if not stream:
            return
        if first_at is not None:
            labels[LabelName.OUTCOME] = Outcome.OK.value
        # Without a first chunk the outcome, not the time, makes it a bad event of the SLI.
        seconds = (now if first_at is None else first_at) - run.started
        self._metrics.first_chunk.labels(**labels).observe(seconds)

    def _emit(self, event: str, fields: Mapping[str, object]) -> None:
        if self._on_event is not None:
            self._on_event(event, fields)
