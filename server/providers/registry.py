"""Models and providers: which of them answers a request, in which order, with which parameters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from exai_sre.clock import Clock
from exai_sre.errors import ExaiSreError
from exai_sre.outcome import Outcome
from server.providers.base import ChatRequest, Message, Provider
from server.providers.budget import estimate_tokens, output_budget
from server.providers.catalogue import Model, ModelCatalogue

__all__ = ["CompletionRequest", "Plan", "ProviderRegistry", "RequestRefused", "Route"]


class RequestRefused(ExaiSreError):
    """A request that no provider may be asked; nothing was sent.

    Attributes:
        outcome: always ``client_error``.
        error_type: ``unknown_model``, ``model_unavailable`` or ``prompt_too_long``.
        retryable: always false.
    """

    outcome = Outcome.CLIENT_ERROR
    retryable = False

    def __init__(self, what: str, error_type: str, *, remedy: str = "") -> None:
        self.error_type = error_type
        super().__init__(what, remedy=remedy)


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """What a tool asks for, before any provider is chosen.

    Attributes:
        messages: the conversation, oldest first.
        model: id or alias of a model; ``None`` for the catalogue's default.
        max_tokens: bound of the answer in tokens; ``None`` for the most that fits.
        temperature: sampling temperature; ``None`` leaves it to the model.
        thinking: switch reasoning on or off; ``None`` leaves it to the model.
        stream: ask for the answer in chunks.
    """

    messages: tuple[Message, ...]
    model: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    thinking: bool | None = None
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One provider to try.

    Attributes:
        provider: whom to ask.
        model: the model there.
        request: what to ask, fitted to that model.
        dropped: parameters that the model does not take and that were left out.
        adjusted: parameters that were lowered to the model's limits.
    """

    provider: Provider
    model: Model
    request: ChatRequest
    dropped: tuple[str, ...] = ()
    adjusted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The providers to try in order.

    Attributes:
        routes: at least one.
        requested: the model's name as the caller wrote it.
        notes: what the caller should know: a retired model, a provider without a key.
    """

    routes: tuple[Route, ...]
    requested: str
    notes: tuple[str, ...] = ()


class ProviderRegistry:
    """Plans requests over the providers that are set up.

    Args:
        catalogue: all models.
        providers: those that can be asked.
        clock: says which day it is, and so which models are retired.
    """

    def __init__(self, catalogue: ModelCatalogue, providers: Iterable[Provider], *, clock: Clock) -> None:
        self.catalogue = catalogue
        self.providers = {provider.name: provider for provider in providers}
        self._clock = clock

    def today(self) -> date:
        """The current day in UTC."""
        return datetime.fromtimestamp(self._clock.time(), UTC).date()

    def available(self, model: Model) -> bool:
        """Whether ``model`` can be asked: its provider is set up and it is not retired."""
        return self._available(model, self.today())

    def _available(self, model: Model, today: date) -> bool:
        return model.provider in self.providers and not model.retired(today)

    def plan(self, request: CompletionRequest) -> Plan:
        """Choose the providers for ``request`` and fit it to each.

        Raises:
            RequestRefused: the model is unknown or not to be had, or the prompt is too long for
                every model that could answer.
        """
        requested = request.model or self.catalogue.default
        named = self.catalogue.find(requested)
        if named is None:
            names = ", ".join(model.id for model in self.catalogue.models if self.available(model))
            raise RequestRefused(f"unknown model {requested[:80]!r}", "unknown_model", remedy=f"one of {names}")
        models, notes = self._candidates(named)
        prompt = estimate_tokens(request.messages)
        fitted = [self._fit(model, request, prompt) for model in models]
        routes = tuple(route for route in fitted if route is not None)
        if not routes:
            raise _too_long(models[0], prompt, request.max_tokens)
        if routes[0].model is not models[0]:
            notes = (*notes, f"the prompt does not fit {models[0].id}, {routes[0].model.id} answers")
        return Plan(routes, requested, notes)

    def _candidates(self, named: Model) -> tuple[list[Model], tuple[str, ...]]:
        today = self.today()
        first = self.catalogue.serving(named, today)
        second = self.catalogue.fallback(first or named, today)
        models = [model for model in (first, second) if model is not None and self._available(model, today)]
        if not models:
            raise RequestRefused(
                f"model {named.id} cannot be asked: its provider {named.provider} is not set up",
                "model_unavailable",
                remedy="choose another model or set the provider's key",
            )
        notes = []
        if first is not named:
            notes.append(f"{named.id} was retired on {named.retired_on}")
        if models[0] is not first and first is not None:
            notes.append(f"{first.provider} is not set up, {models[0].id} answers instead of {first.id}")
        return models, tuple(notes)

    def _fit(self, model: Model, request: CompletionRequest, prompt: int) -> Route | None:
        max_tokens = output_budget(prompt, request.max_tokens, context=model.context, max_output=model.max_output)
        if max_tokens is None:
            return None
        asked = {
            "stream": request.stream or None,
            "temperature": request.temperature,
            "thinking": request.thinking,
        }
        dropped = tuple(name for name, value in asked.items() if value is not None and name not in model.capabilities)
        fitted = ChatRequest(
            model=model.id,
            messages=request.messages,
            max_tokens=max_tokens,
            temperature=None if "temperature" in dropped else request.temperature,
            thinking=None if "thinking" in dropped else request.thinking,
            stream=request.stream and "stream" not in dropped,
        )
        lowered = request.max_tokens is not None and max_tokens < request.max_tokens
        adjusted = ("max_tokens",) if lowered else ()
        return Route(self.providers[model.provider], model, fitted, dropped, adjusted)


def _too_long(model: Model, prompt: int, asked: int | None) -> RequestRefused:
    answer = min(asked, model.max_output) if asked is not None else None
    for_answer = f" with {answer} for the answer" if answer is not None else ""
    return RequestRefused(
        f"the prompt has about {prompt} tokens{for_answer}, {model.id} takes {model.context} in all",
        "prompt_too_long",
        remedy="shorten the prompt, lower max_tokens or choose a model with a larger context",
    )
