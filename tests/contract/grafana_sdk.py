"""Reading our dashboards with the models of Grafana's SDK, and what is lost or mistyped on the way."""

from __future__ import annotations

import enum
import json
import typing
import warnings
from collections.abc import Iterator
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder

with warnings.catch_warnings():
    # The SDK announces version 2 of dashboards; Grafana 10 to 13 read version 1.
    warnings.simplefilter("ignore", DeprecationWarning)
    import grafana_foundation_sdk.builders.common as common_builders
    import grafana_foundation_sdk.builders.dashboard as builders
    import grafana_foundation_sdk.models.dashboard as models
    from grafana_foundation_sdk.builders import heatmap, prometheus, stat, statetimeline, text, timeseries
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models import common, units

__all__ = [
    "BUILDERS",
    "builders",
    "common",
    "common_builders",
    "lost",
    "members",
    "models",
    "plain",
    "prometheus",
    "register_default_plugins",
    "units",
]

BUILDERS = {
    "timeseries": timeseries.Panel,
    "stat": stat.Panel,
    "state-timeline": statetimeline.Panel,
    "heatmap": heatmap.Panel,
    "text": text.Panel,
}


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value, cls=JSONEncoder))


def lost(ours: Any, theirs: Any, path: str = "$") -> Iterator[str]:
    """Keys and values of ours that did not survive."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in theirs:
                yield from lost(value, theirs[key], f"{path}.{key}")
            elif value is not None:
                yield f"{path}.{key}"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for at, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from lost(one, other, f"{path}[{at}]")
    elif ours != theirs:
        yield f"{path}: {ours!r} became {theirs!r}"


def members(model: Any, path: str = "$") -> Iterator[str]:
    """Values that the models read but that their annotations do not allow."""
    for name, hint in typing.get_type_hints(type(model)).items():
        if hasattr(model, name):
            yield from _mistyped(getattr(model, name), hint, f"{path}.{name}")


def _mistyped(value: Any, hint: Any, path: str) -> Iterator[str]:
    check = _BY_ORIGIN.get(typing.get_origin(hint))
    if check is not None:
        yield from check(value, typing.get_args(hint), path)
    elif isinstance(hint, type):
        yield from _instance(value, hint, path)


def _instance(value: Any, hint: type, path: str) -> Iterator[str]:
    if issubclass(hint, enum.Enum):
        fits = value in [each.value for each in hint]
    elif hint is float:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    elif isinstance(value, dict) and hasattr(hint, "from_json"):
        yield from members(hint.from_json(value), path)
        return
    else:
        fits = isinstance(value, hint)
    if not fits:
        yield f"{path}: {value!r} is no {hint.__name__}"
    elif hasattr(value, "to_json"):
        yield from members(value, path)


def _union(value: Any, arguments: tuple[Any, ...], path: str) -> Iterator[str]:
    exact = [each for each in arguments if type(value) is each]
    present = exact or [each for each in arguments if (each is type(None)) == (value is None)] or list(arguments)
    yield from min((list(_mistyped(value, each, path)) for each in present), key=len)


def _list(value: Any, arguments: tuple[Any, ...], path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: {value!r} is no list"
        return
    for at, each in enumerate(value):
        yield from _mistyped(each, arguments[0], f"{path}[{at}]")


def _literal(value: Any, arguments: tuple[Any, ...], path: str) -> Iterator[str]:
    if value not in arguments:
        yield f"{path}: {value!r} is none of {arguments}"


_BY_ORIGIN = {typing.Union: _union, list: _list, typing.Literal: _literal}
