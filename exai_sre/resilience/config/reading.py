"""From plain data to policies: every fault with its line, its field and a remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from exai_sre.resilience.classifiers import CLASSIFIERS
from exai_sre.resilience.config.document import Document, Path
from exai_sre.resilience.config.kinds import BUDGET_OPTIONS, DEFAULT_ORDER, KINDS, Option
from exai_sre.resilience.config.spec import PipelineSpec, PolicySpec, StrategySpec
from exai_sre.resilience.config.values import VALUES
from exai_sre.settings import suggestion

__all__ = ["VERSION", "read_spec"]

VERSION: Final = 1
"""Version of the file format."""

_SLOTS: Final = {slot.name: slot for slot in DEFAULT_ORDER}
_TOP: Final = ("version", "budgets", "pipelines")
_LISTED: Final = "strategies"
_JUDGED: Final = "classifiers"


def read_spec(document: Document) -> PolicySpec:
    """The policies that ``document`` holds; what is wrong is added to its faults and left out."""
    data = document.data
    if not isinstance(data, dict):
        document.fault((), "is no mapping", f"begin with version: {VERSION} and pipelines")
        return PolicySpec({})
    _known(document, (), data, _TOP)
    if data.get("version") != VERSION or isinstance(data.get("version"), bool):
        document.fault(("version",), f"is {data.get('version')!r}", f"write version {VERSION}")
    budgets = dict(_budgets(document, data.get("budgets", {})))
    pipelines = {pipeline.name: pipeline for pipeline in _pipelines(document, data.get("pipelines"), set(budgets))}
    return PolicySpec(pipelines, budgets)


def _known(document: Document, path: Path, data: Mapping[str, Any], names: Iterable[str]) -> None:
    names = tuple(names)
    for key in data:
        if key not in names:
            near = suggestion(key, names)
            remedy = f"did you mean {near}?" if near else f"there are {', '.join(names)}"
            document.fault((*path, key), "is unknown", remedy)


def _mapping(document: Document, path: Path, data: object, what: str) -> dict[str, Any]:
    if isinstance(data, dict):
        return data
    document.fault(path, f"is no mapping of {what}", "write names with their values below it")
    return {}


def _budgets(document: Document, data: object) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, options in _mapping(document, ("budgets",), data, "budgets").items():
        path = ("budgets", name)
        yield name, _options(document, path, _mapping(document, path, options, "options"), BUDGET_OPTIONS)


def _pipelines(document: Document, data: object, budgets: set[str]) -> Iterator[PipelineSpec]:
    found = _mapping(document, ("pipelines",), data, "pipelines")
    if isinstance(data, dict) and not found:
        document.fault(("pipelines",), "is empty", "name at least one pipeline")
    for name, content in found.items():
        yield _pipeline(document, name, _mapping(document, ("pipelines", name), content, "strategies"), budgets)


def _pipeline(document: Document, name: str, data: dict[str, Any], budgets: set[str]) -> PipelineSpec:
    path: Path = ("pipelines", name)
    _known(document, path, data, (_JUDGED, _LISTED, *_SLOTS))
    ordered = _LISTED in data
    if ordered:
        for key in data:
            if key in _SLOTS:
                document.fault((*path, key), f"stands beside {_LISTED}", f"put it into {_LISTED}, or leave these out")
        strategies = tuple(_listed(document, (*path, _LISTED), data[_LISTED], budgets))
    else:
        strategies = tuple(_in_slots(document, path, data, budgets))
    if not strategies and not document.faults:
        document.fault(path, "has no strategy", f"name one of {', '.join(_SLOTS)}, or a list of {_LISTED}")
    return PipelineSpec(name, strategies, tuple(_classifiers(document, path, data)), ordered, path)


def _classifiers(document: Document, path: Path, data: Mapping[str, Any]) -> Iterator[str]:
    names = data.get(_JUDGED, [])
    if not isinstance(names, list):
        document.fault((*path, _JUDGED), "is no list", "write a list of names")
        return
    for at, name in enumerate(names):
        if name in CLASSIFIERS:
            yield name
        else:
            document.fault((*path, _JUDGED, at), f"is {name!r}", f"use one of {', '.join(CLASSIFIERS)}")


def _in_slots(document: Document, path: Path, data: Mapping[str, Any], budgets: set[str]) -> Iterator[StrategySpec]:
    for slot in DEFAULT_ORDER:
        if slot.name not in data:
            continue
        place = (*path, slot.name)
        given = _mapping(document, place, data[slot.name], "options")
        for name, _ in slot.fixed:
            if name in given:
                document.fault((*place, name), f"is decided by the place {slot.name}", "leave it out")
        yield _strategy(document, place, slot.kind, given, budgets, slot.name)


def _listed(document: Document, path: Path, data: object, budgets: set[str]) -> Iterator[StrategySpec]:
    if not isinstance(data, list):
        document.fault(path, "is no list", "write a list of mappings, each with its kind")
        return
    for at, item in enumerate(data):
        place = (*path, at)
        given = dict(_mapping(document, place, item, "options"))
        kind = given.pop("kind", None)
        if kind in KINDS:
            yield _strategy(document, place, kind, given, budgets)
        elif isinstance(item, dict):
            near = suggestion(str(kind), KINDS)
            remedy = f"did you mean {near}?" if near else f"use one of {', '.join(KINDS)}"
            document.fault((*place, "kind"), f"is {kind!r}", remedy)


def _strategy(
    document: Document, path: Path, kind: str, given: dict[str, Any], budgets: set[str], slot: str = ""
) -> StrategySpec:
    options = _options(document, path, given, KINDS[kind].options)
    budget = options.get("budget")
    if isinstance(budget, str) and budget not in budgets:
        known = f"there are {', '.join(sorted(budgets))}" if budgets else "define it under budgets"
        document.fault((*path, "budget"), f"names the unknown budget {budget!r}", known)
    if isinstance(budget, dict):
        _options(document, (*path, "budget"), budget, BUDGET_OPTIONS)
    return StrategySpec(kind, options, slot, path)


def _options(document: Document, path: Path, given: Mapping[str, Any], options: Iterable[Option]) -> dict[str, Any]:
    """The options that are known and of the right kind of value, as they were given."""
    table = {option.name: option for option in options}
    _known(document, path, given, table)
    for option in table.values():
        if option.required and option.name not in given:
            document.fault(path, f"{option.name} is missing", f"give it: {option.help}")
    kept = {}
    for name, value in given.items():
        if name not in table:
            continue
        allowed = VALUES[table[name].value]
        if allowed.fits(value):
            kept[name] = value
        else:
            document.fault((*path, name), f"is {value!r}", f"write {allowed.says}")
    return kept
