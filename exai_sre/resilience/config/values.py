"""The kinds of value that options have in a file, and what is made of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from exai_sre.outcome import Outcome
from exai_sre.resilience.classifiers.class_table import is_of_class
from exai_sre.resilience.classify import ErrorMatch, outcome_of

__all__ = ["VALUES", "Value", "is_number", "longest_waits", "same"]

_OUTCOMES: Final = tuple(outcome.value for outcome in Outcome)
_WAIT_KEYS: Final = ("multiplier", "longest", "jitter")
_DEFAULT_MULTIPLIER: Final = 0.2
_DEFAULT_LONGEST: Final = 10.0
_OPEN_KEYS: Final = ("first", "factor", "longest")


@dataclass(frozen=True, slots=True)
class Value:
    """One kind of value.

    Attributes:
        says: what is allowed, for the error.
        fits: whether plain data is of this kind.
        schema: its JSON Schema.
        make: from the data to what the strategy takes.
    """

    says: str
    fits: Callable[[Any], bool]
    schema: Mapping[str, Any]
    make: Callable[[Any], Any]


def same(value: Any) -> Any:
    """The value as it is."""
    return value


def is_number(value: object) -> bool:
    """Whether ``value`` is a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_errors(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, str) and (item in _OUTCOMES or "." in item.strip(".")) for item in value
    )


def _errors(names: list[str]) -> ErrorMatch:
    """A match for these outcomes and class paths; classes are found by path, never imported."""
    outcomes = frozenset(Outcome(name) for name in names if name in _OUTCOMES)
    paths = frozenset(name for name in names if name not in _OUTCOMES)
    if not paths:
        return outcomes
    return lambda error: outcome_of(error) in outcomes or is_of_class(error, paths)


def _is_mapping_of_numbers(value: object, keys: tuple[str, ...]) -> bool:
    return isinstance(value, dict) and set(value) <= set(keys) and all(is_number(each) for each in value.values())


def _is_wait(value: object) -> bool:
    if is_number(value):
        return True
    if not isinstance(value, dict) or value.get("jitter", "full") not in ("full", "none"):
        return False
    return _is_mapping_of_numbers({key: each for key, each in value.items() if key != "jitter"}, _WAIT_KEYS)


def _wait(value: Any) -> Any:
    if is_number(value):
        return value
    from tenacity import wait_exponential, wait_random_exponential

    make = wait_exponential if value.get("jitter") == "none" else wait_random_exponential
    return make(multiplier=value.get("multiplier", _DEFAULT_MULTIPLIER), max=value.get("longest", _DEFAULT_LONGEST))


def longest_waits(wait: Any, attempts: int) -> float:
    """The most seconds that all waits between so many attempts take together.

    Args:
        wait: the option as it stands in a file; ``None`` for the default.
        attempts: the most attempts.
    """
    if is_number(wait):
        return float(wait * (attempts - 1))
    chosen = wait or {}
    multiplier, longest = chosen.get("multiplier", _DEFAULT_MULTIPLIER), chosen.get("longest", _DEFAULT_LONGEST)
    return float(sum(min(longest, multiplier * 2**turn) for turn in range(min(attempts - 1, 1000))))


def _is_open_time(value: object) -> bool:
    return is_number(value) or (
        isinstance(value, dict) and "first" in value and _is_mapping_of_numbers(value, _OPEN_KEYS)
    )


def _open_time(value: Any) -> Any:
    if is_number(value):
        return value
    first, factor, longest = value["first"], value.get("factor", 2.0), value.get("longest", 300.0)
    return lambda openings: min(longest, first * factor ** min(openings - 1, 100))


def _is_algorithm(value: object) -> bool:
    if not isinstance(value, dict) or value.get("kind") not in ("aimd", "gradient2"):
        return False
    return all(is_number(each) for key, each in value.items() if key != "kind")


def _algorithm(value: dict[str, Any]) -> Any:
    from exai_sre.resilience.aimd import Aimd
    from exai_sre.resilience.gradient2 import Gradient2

    options = {key: each for key, each in value.items() if key != "kind"}
    return Aimd(**options) if value["kind"] == "aimd" else Gradient2(**options)


def _numbers(keys: tuple[str, ...], **more: Any) -> dict[str, Any]:
    properties = {key: {"type": "number"} for key in keys}
    return {"type": "object", "properties": {**properties, **more}, "additionalProperties": False}


_NUMBER: Final = {"type": "number"}

VALUES: Final[dict[str, Value]] = {
    "number": Value("a number", is_number, _NUMBER, same),
    "integer": Value("a whole number", _is_integer, {"type": "integer"}, same),
    "boolean": Value("true or false", lambda value: isinstance(value, bool), {"type": "boolean"}, same),
    "text": Value("a text", lambda value: isinstance(value, str), {"type": "string", "minLength": 1}, same),
    "anything": Value("any value", lambda _: True, {}, same),
    "errors": Value(
        f"a list of outcomes ({', '.join(_OUTCOMES)}) and class paths such as httpx.ConnectError",
        _is_errors,
        {
            "type": "array",
            "items": {"anyOf": [{"enum": list(_OUTCOMES)}, {"type": "string", "pattern": r"[^.]\.[^.]"}]},
        },
        _errors,
    ),
    "wait": Value(
        "seconds, or a mapping of multiplier and longest (seconds) and jitter (full or none)",
        _is_wait,
        {"anyOf": [_NUMBER, _numbers(_WAIT_KEYS[:2], jitter={"enum": ["full", "none"]})]},
        _wait,
    ),
    "open_time": Value(
        "seconds, or a mapping of first (seconds), factor and longest (seconds)",
        _is_open_time,
        {"anyOf": [_NUMBER, {**_numbers(_OPEN_KEYS), "required": ["first"]}]},
        _open_time,
    ),
    "algorithm": Value(
        "a mapping whose kind is gradient2 or aimd, with that algorithm's numbers",
        _is_algorithm,
        {
            "type": "object",
            "properties": {"kind": {"enum": ["aimd", "gradient2"]}},
            "required": ["kind"],
            "additionalProperties": _NUMBER,
        },
        _algorithm,
    ),
    "budget": Value(
        "the name of a budget, or a mapping of its options",
        lambda value: isinstance(value, (str, dict)),
        {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/budget"}]},
        same,
    ),
}
"""Kinds of value by name."""
