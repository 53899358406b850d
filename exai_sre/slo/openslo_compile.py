"""Objects of OpenSLO put together into SLOs: references followed, indicators and alerts compiled.

What is valid OpenSLO but cannot be computed from Prometheus is refused here by name, never
skipped: an objective that is silently not watched would be worse than an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from exai_sre.metrics.catalog import Catalog
from exai_sre.slo.documents import Faults
from exai_sre.slo.indicator import Surroundings, check_sli
from exai_sre.slo.model import Alerting, Slo, Source, make_slo
from exai_sre.slo.openslo import DataSourceSpec, Definition, ServiceSpec
from exai_sre.slo.openslo_alerts import ConditionSpec, PolicySpec, TargetSpec
from exai_sre.slo.openslo_extensions import ID, RUNBOOK, Extensions, read_extensions
from exai_sre.slo.openslo_fields import EXTENSION
from exai_sre.slo.openslo_objectives import Promise, promises
from exai_sre.slo.openslo_policies import Policies, Registry, check_condition, compile_policies
from exai_sre.slo.openslo_sli import SliSpec
from exai_sre.slo.openslo_slo import SloSpec, WindowSpec
from exai_sre.slo.openslo_window import Window, compile_window
from exai_sre.slo.suggestion import suggest
from exai_sre.slo.tiers import MIN_FAILURES_FASTEST, MIN_FAILURES_REST, BurnTier, tiers_for, with_min_failures
from exai_sre.slo.windows import format_duration

__all__ = ["compile_definitions"]

SpecT = TypeVar("SpecT")


@dataclass(frozen=True, slots=True)
class _World:
    """Everything that an SLO may refer to."""

    around: Surroundings
    slis: Mapping[str, SliSpec | None]
    services: frozenset[str]
    registry: Registry


def compile_definitions(definitions: Sequence[Definition], catalog: Catalog | None, faults: Faults) -> list[Slo]:
    """The SLOs that the definitions make, in the order of reading; faults are kept.

    Args:
        definitions: objects of any kind, from any number of files.
        catalog: what instruments, labels and bounds are checked against; ``None`` for no such check.
        faults: where faults go.
    """
    first: dict[tuple[str, ...], Definition] = {}
    kept = [definition for definition in definitions if faults.attempt(partial(_sole, definition, first), None)]
    sources = {name: spec.type for name, spec in _named(kept, "DataSource", DataSourceSpec).items() if spec}
    conditions = _named(kept, "AlertCondition", ConditionSpec)
    world = _World(
        Surroundings(sources, catalog, faults),
        _named(kept, "SLI", SliSpec),
        frozenset(_named(kept, "Service", ServiceSpec)),
        Registry(
            _named(kept, "AlertPolicy", PolicySpec), conditions, _named(kept, "AlertNotificationTarget", TargetSpec)
        ),
    )
    for definition in kept:
        _check_extensions(definition, faults)
    for sli in world.slis.values():
        if sli is not None:
            check_sli(sli, world.around)
    slos: list[Slo] = []
    for definition in kept:
        # What is wrong with a faulty one has been told; its references would only repeat it.
        if isinstance(definition.spec, SloSpec) and definition.sound and definition.spec.window:
            slos += _compiled(definition, definition.spec, definition.spec.window, world)
    return slos


def _sole(definition: Definition, first: dict[tuple[str, ...], Definition]) -> bool:
    """Whether the definition may stand; of a Service, two say the same.

    Raises:
        SpecError: another one of its kind and name was read before; SLOs are told apart by their
            service, too.
    """
    kind, *names = _identity(definition)
    known = first.setdefault((kind, *names), definition)
    if known is not definition and kind != "Service":
        what = f"{kind} {'-'.join(names)!r} is defined twice"
        remedy = f"rename one; the first is at {known.value.file}:{known.value.line}"
        raise definition.metadata.value.find(("name",)).fault(what, remedy)
    return True


def _identity(definition: Definition) -> tuple[str, ...]:
    if isinstance(definition.spec, SloSpec):
        own = definition.metadata.extensions.get("name")
        return definition.kind, definition.spec.service, str(own.node.value) if own else definition.metadata.name
    return definition.kind, definition.metadata.name


def _named(definitions: Sequence[Definition], kind: str, of: type[SpecT]) -> dict[str, SpecT | None]:
    return {
        definition.metadata.name: definition.spec if isinstance(definition.spec, of) else None
        for definition in definitions
        if definition.kind == kind
    }


def _check_extensions(definition: Definition, faults: Faults) -> None:
    """Our annotations mean something on an SLO, and one of them on a condition."""
    if isinstance(definition.spec, ConditionSpec):
        check_condition(definition.spec, faults)
    elif definition.kind not in ("SLO", "AlertCondition"):
        for name, value in definition.metadata.extensions.items():
            what = f"annotation {EXTENSION + name!r} means nothing on a {definition.kind}"
            faults.add(value.fault(what, "put it on the SLO"))


def _compiled(definition: Definition, spec: SloSpec, time: WindowSpec, world: _World) -> list[Slo]:
    faults = world.around.faults
    before = len(faults.errors)
    extensions = read_extensions(definition.metadata, faults)
    faults.attempt(partial(_check_service, spec, world.services), None)
    window = faults.attempt(partial(compile_window, time), None)
    policies = compile_policies(spec.policies, world.registry, faults)
    found = promises(definition.metadata, spec, world.slis, world.around)
    if window is None:
        return []
    nothing: tuple[BurnTier, ...] = ()
    tiers = faults.attempt(partial(_tiers, definition, extensions, policies, window), nothing)
    if len(faults.errors) > before:
        return []
    build = partial(_slo, definition, spec, extensions, window, tiers, _alerting(extensions, policies))
    built = [faults.attempt(partial(_located, definition, partial(build, promise)), None) for promise in found]
    return [slo for slo in built if slo is not None]


def _check_service(spec: SloSpec, services: frozenset[str]) -> None:
    place = spec.value.find(("service",))
    if not ID.fullmatch(spec.service):
        remedy = "use letters, digits, '-', '_' and '.', no mark at the ends"
        raise place.fault(f"{spec.service!r} is no valid name", remedy)
    if services and spec.service not in services:
        raise place.fault(f"service {spec.service!r} is not defined", suggest(spec.service, services))


def _tiers(
    definition: Definition, extensions: Extensions, policies: Policies | None, window: Window
) -> tuple[BurnTier, ...]:
    """Tiers of the annotation, else of the policies, else of the window; with their gates."""
    fastest, rest = extensions.min_failures or (MIN_FAILURES_FASTEST, MIN_FAILURES_REST)
    tiers = extensions.tiers if extensions.tiers is not None else policies.tiers if policies else "default"
    if tiers == "default":
        return tiers_for(window.seconds, fastest=fastest, rest=rest)
    names = [tier.name for tier in tiers]
    if len(set(names)) < len(names):
        place = definition.value.find(("spec", "alertPolicies"))
        raise place.fault("two policies have the same threshold", "give each its own burn rate")
    for tier in tiers:
        if tier.long > window.seconds:
            what = f"burn tier {tier.name} looks back {format_duration(tier.long)}, longer than the SLO's window"
            raise definition.value.find(("spec", "timeWindow")).fault(what, "shorten the tier or lengthen the window")
    if any(tier.min_failures for tier in tiers):
        if extensions.min_failures:
            place = definition.metadata.extensions["min-failures"]
            raise place.fault("the tiers say themselves what they wait for", "remove it, or 'min' from the tiers")
        return tiers
    return with_min_failures(tiers, fastest=fastest, rest=rest)


def _alerting(extensions: Extensions, policies: Policies | None) -> Alerting:
    given = extensions.alerting or Alerting(no_data=policies.no_data if policies else True)
    annotations = {**given.annotations, RUNBOOK: extensions.runbook} if extensions.runbook else given.annotations
    if policies is None:
        return replace(given, annotations=annotations)
    return replace(
        given,
        annotations=annotations,
        page=replace(given.page, targets=given.page.targets or policies.page),
        ticket=replace(given.ticket, targets=given.ticket.targets or policies.ticket),
        targets=policies.targets,
    )


def _located(definition: Definition, build: Callable[[], Slo]) -> Slo:
    try:
        return build()
    except ValueError as error:
        raise definition.value.find(("spec",)).fault(str(error), "correct the objective or the window") from None


def _slo(
    definition: Definition,
    spec: SloSpec,
    extensions: Extensions,
    window: Window,
    tiers: tuple[BurnTier, ...],
    alerting: Alerting,
    promise: Promise,
) -> Slo:
    metadata = definition.metadata
    return make_slo(
        (extensions.name or metadata.name) + promise.suffix,
        spec.service,
        promise.objective,
        promise.indicator,
        window=window.seconds,
        display_name=(extensions.display_name or metadata.display_name) + promise.title,
        description=extensions.description or spec.description,
        labels=metadata.labels,
        annotations=metadata.annotations,
        calendar=window.calendar,
        group_by=extensions.group_by,
        group_limit=extensions.group_limit,
        missing=extensions.missing,
        alerting=alerting,
        depends_on=extensions.depends_on,
        tiers=tiers,
        source=Source(definition.value.file, definition.value.line),
    )
