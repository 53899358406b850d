"""Every kind of strategy that a policy file can name, as data: where its class is, and its options."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

__all__ = ["BUDGET_OPTIONS", "DEFAULT_ORDER", "KINDS", "Kind", "Option", "Slot"]

_PACKAGE: Final = "exai_sre.resilience"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a strategy.

    Attributes:
        name: its name, in files and in code.
        value: kind of its value, a name from :data:`~exai_sre.resilience.config.values.VALUES`.
        help: what it does, in one clause, with the unit.
        required: whether a file must give it.
    """

    name: str
    value: str
    help: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of strategy.

    Attributes:
        name: its name in files.
        home: module and class below ``exai_sre.resilience``.
        help: what it does, in one sentence.
        options: what a file can say.
        code_only: arguments that no file can say: callables and objects.
        named: whether it takes a name; that of the pipeline by default.
        completed_by: arguments of which one must come from the file, a neighbour or code.
    """

    name: str
    home: str
    help: str
    options: tuple[Option, ...]
    code_only: tuple[str, ...] = ()
    named: bool = False
    completed_by: tuple[str, ...] = ()

    def load(self) -> Any:
        """The class; importing it is left to those who build one."""
        module, _, attribute = self.home.partition(":")
        return getattr(import_module(f"{_PACKAGE}.{module}"), attribute)


def _options(*rows: tuple[str, str, str]) -> tuple[Option, ...]:
    """Options from rows of name (``!`` after one that is required), kind of value and help."""
    return tuple(Option(name.rstrip("!"), value, text, name.endswith("!")) for name, value, text in rows)


_NAME: Final = ("name", "text", "name in errors and metrics; that of the pipeline by default")

BUDGET_OPTIONS: Final = _options(
    ("share", "number", "retries that each call earns, such as 0.1 for one per ten calls"),
    ("per_second", "number", "retries that each second earns"),
    ("reserve", "number", "retries in hand at the start"),
    ("cap", "number", "most retries that can be saved up"),
)
"""Options of a retry budget."""

_FALLBACK: Final = Kind(
    "fallback",
    "fallback:Fallback",
    "Answers a call that failed.",
    _options(
        ("value", "anything", "the answer; what makes one from the error is given in code"),
        ("on", "errors", "errors that are answered"),
    ),
    code_only=("of", "to"),
    completed_by=("value", "of", "to"),
)
_CACHE: Final = Kind(
    "cache",
    "cache:Cache",
    "Answers with an earlier result for the same arguments; equal calls share one flight.",
    _options(
        ("ttl!", "number", "seconds for which a result answers further calls"),
        ("max_entries", "integer", "most results kept"),
        ("negative", "errors", "errors that are kept too"),
        ("negative_ttl", "number", "seconds for which a kept error answers"),
        ("stale_if_error", "number", "seconds after ttl for which a result stands in for an error"),
        ("stale_on", "errors", "errors that a stale result may hide"),
    ),
    code_only=("keep", "key"),
)
_TIMEOUT: Final = Kind(
    "timeout",
    "timeout:Timeout",
    "Ends a call that takes too long.",
    _options(
        ("seconds!", "number", "time that a call is given, in seconds"),
        ("total", "boolean", "whether everything inside shares this time as its deadline"),
    ),
)
_LOAD_SHEDDER: Final = Kind(
    "load_shedder",
    "load_shedder:LoadShedder",
    "Turns away the least important calls, by the pipeline's adaptive limit or by a burn rate given in code.",
    _options(
        _NAME,
        ("target", "number", "share of the limit in use above which calls are shed, 0 to 1"),
        ("width", "number", "share of the limit over which the share that passes falls to none"),
        ("burn_start", "number", "burn rate from which on unimportant work is cut"),
        ("burn_full", "number", "burn rate at which all of it is cut"),
    ),
    code_only=("burn", "cohort", "limit"),
    named=True,
    completed_by=("limit", "burn"),
)
_ADAPTIVE_LIMIT: Final = Kind(
    "adaptive_limit",
    "adaptive_limit:AdaptiveLimit",
    "Lets as many calls run as the dependency serves without a growing queue.",
    _options(
        _NAME,
        ("algorithm", "algorithm", "how the limit is found"),
        ("initial", "integer", "calls that may run at once at first"),
        ("minimum", "integer", "the limit never falls below it"),
        ("maximum", "integer", "the limit never rises above it"),
        ("window", "number", "least seconds between two limits"),
        ("samples", "integer", "least calls between two limits"),
    ),
    named=True,
)
_RATE_LIMIT: Final = Kind(
    "rate_limit",
    "rate_limit:RateLimit",
    "Refuses calls above a rate.",
    _options(
        _NAME,
        ("rate!", "number", "calls per period, in the long run"),
        ("per", "number", "length of the period in seconds"),
        ("burst", "integer", "calls that may come at once after a quiet time"),
        ("wait", "number", "seconds that a call may wait for its turn"),
        ("keys", "integer", "most keys with a bucket of their own, where code gives a key"),
    ),
    code_only=("key", "sleep"),
    named=True,
)
_BULKHEAD: Final = Kind(
    "bulkhead",
    "bulkhead:Bulkhead",
    "Bounds how many calls run at once.",
    _options(
        ("limit!", "integer", "calls that may run at once"),
        ("queue", "integer", "calls that may wait for a slot"),
    ),
)
_RETRY: Final = Kind(
    "retry",
    "retry:Retry",
    "Calls again where that can help.",
    _options(
        ("attempts", "integer", "how often the function is called at most"),
        ("wait", "wait", "time before the next attempt"),
        ("on", "errors", "errors that are worth another attempt"),
        ("budget", "budget", "bound on the share of retries"),
        ("longest_wait", "number", "a peer that asks to wait for more seconds is not asked again"),
        ("idempotent", "boolean", "whether a call may be sent twice"),
    ),
    code_only=("before_sleep", "retry_if", "sleep", "stop"),
)
_BREAKER: Final = Kind(
    "breaker",
    "breaker:CircuitBreaker",
    "Stops calling a dependency that fails, and finds out when it is well again.",
    _options(
        _NAME,
        ("failure_rate", "number", "share of failed calls that opens the breaker, above 0 to 1"),
        ("slow_rate", "number", "share of slow calls that opens the breaker, above 0 to 1"),
        ("slow_after", "number", "seconds above which a call is slow"),
        ("window", "number", "seconds over which rates are taken"),
        ("minimum_calls", "integer", "no rate is taken of fewer calls"),
        ("open_for", "open_time", "how long calls are refused before probes are let through"),
        ("half_open_calls", "integer", "probes that must succeed to close the breaker"),
        ("half_open_limit", "number", "seconds after which a probe counts as failed"),
        ("failure_on", "errors", "errors that count as failures"),
        ("ignore", "errors", "errors that are neutral"),
    ),
    code_only=("failure_if", "on_transition"),
    named=True,
)
_HEDGE: Final = Kind(
    "hedge",
    "hedge:Hedge",
    "Begins another attempt where the first has not answered in time.",
    _options(
        ("after!", "number", "seconds without an answer after which another attempt begins"),
        ("idempotent!", "boolean", "that making the call twice does no harm"),
        ("quantile", "number", "share of calls that should end without a hedge, 0 to 1"),
        ("extra", "integer", "most attempts beside the first"),
        ("budget", "budget", "bound on the share of hedges"),
    ),
)

KINDS: Final = {
    kind.name: kind
    for kind in (
        _FALLBACK,
        _CACHE,
        _TIMEOUT,
        _LOAD_SHEDDER,
        _ADAPTIVE_LIMIT,
        _RATE_LIMIT,
        _BULKHEAD,
        _RETRY,
        _BREAKER,
        _HEDGE,
    )
}
"""Kinds by name."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the default order.

    Attributes:
        name: its name in files.
        kind: the kind of strategy that stands there.
        fixed: options that the place itself decides.
    """

    name: str
    kind: str
    fixed: tuple[tuple[str, Any], ...] = ()


DEFAULT_ORDER: Final = (
    Slot("fallback", "fallback"),
    Slot("cache", "cache"),
    Slot("total_timeout", "timeout", (("total", True),)),
    Slot("load_shedder", "load_shedder"),
    Slot("adaptive_limit", "adaptive_limit"),
    Slot("rate_limit", "rate_limit"),
    Slot("bulkhead", "bulkhead"),
    Slot("retry", "retry"),
    Slot("breaker", "breaker"),
    Slot("hedge", "hedge"),
    Slot("attempt_timeout", "timeout", (("total", False),)),
)
"""The default order, outermost first."""
