"""What a preset is: the series that a known library exports, and what they say about its service."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from exai_sre.generate.onboarding.seen import SeenFamily, Sighting
from exai_sre.generate.onboarding.statuses import Form, Side
from exai_sre.metrics.instrument import Instrument, Kind

__all__ = ["Condition", "Preset", "PresetLabel", "Promise", "Signal", "sighting_of", "translations"]

_OPEN: Final = 50
"""Distinct values that an open label may take where nothing else is known."""


@dataclass(frozen=True, slots=True)
class PresetLabel:
    """A label of a signal.

    Attributes:
        names: its names under each translation, the usual one first.
        values: all values that it can have; empty for an open label.
        bound: how many values an open label is expected to take.
    """

    names: tuple[str, ...]
    values: tuple[str, ...] = ()
    bound: int = _OPEN


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a label, which is left out where the label is not exported.

    Attributes:
        label: the label's usual name.
        values: values that are wanted.
        negated: whether they are the unwanted ones instead.
        why: one sentence.
    """

    label: str
    values: tuple[str, ...]
    negated: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """A further SLO on how events end, for bad endings of one kind.

    Attributes:
        name: end of the SLO's name.
        title: display name.
        description: what is promised.
        target: proposed objective, between 0 and 1.
        bad: values of the signal's status that break it.
        why: what to know about it, one sentence each.
    """

    name: str
    title: str
    description: str
    target: Decimal
    bad: tuple[str, ...]
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signal:
    """A metric family that a preset knows.

    Attributes:
        key: what it is about, which begins the names of its SLOs; of several signals with one
            key the first that is seen is used.
        subject: what is promised about, in the plural: ``requests``.
        names: names of the family under each translation, the usual one first.
        kind: counter or histogram.
        help: one sentence, where the exporter gives none.
        unit: unit of a histogram.
        labels: its labels.
        buckets: usual bounds of a histogram, spelt as the library spells them.
        side: whose requests are counted.
        status: usual name of the label that tells how a request ended; empty where none does.
        form: how that is written, where no value has been seen yet.
        also_bad: further values of ``status`` that are bad.
        filter: which events belong to the service at all.
        availability: whether an SLO on endings is proposed.
        slow_after: seconds that a request should take at most; 0 for no SLO on durations.
        promises: further SLOs on how its requests end.
        why: what to know about it, one sentence each.
    """

    key: str
    subject: str
    names: tuple[str, ...]
    kind: Kind
    help: str
    unit: str = ""
    labels: tuple[PresetLabel, ...] = ()
    buckets: tuple[str, ...] = ()
    side: Side = "server"
    status: str = ""
    form: Form = "exact"
    also_bad: tuple[str, ...] = ()
    filter: tuple[Condition, ...] = ()
    availability: bool = True
    slow_after: float = 0.0
    promises: tuple[Promise, ...] = ()
    why: tuple[str, ...] = ()

    def spelling(self, label: str, family: SeenFamily) -> str | None:
        """The name that a label has in a family; ``None`` where the family lacks it."""
        names = next((each.names for each in self.labels if label in each.names), (label,))
        return next((name for name in names if name in family.labels), None)


@dataclass(frozen=True, slots=True)
class Preset:
    """A library or proxy whose metrics are known.

    Attributes:
        name: name on the command line.
        title: name for people.
        about: what exports these series, and which versions were looked at.
        signals: its families, the best first.
        known: names of further families of its, for which no SLO is proposed.
        notes: what its user should know, one sentence each.
        pack: all families as the library itself declares them, with their charts; where there are
            any, dashboards are written at once.
    """

    name: str
    title: str
    about: str
    signals: tuple[Signal, ...]
    known: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    pack: tuple[Instrument, ...] = ()


def translations(name: str, suffix: str = "") -> tuple[str, ...]:
    """Names that an OpenTelemetry name gets in Prometheus under each translation strategy.

    They are, in order: escaped with suffixes (the usual one), escaped without, UTF-8 with
    suffixes, and untranslated.

    Args:
        name: the OpenTelemetry name, such as ``http.server.request.duration``.
        suffix: what the strategy adds for the unit or type, such as ``_seconds``.
    """
    escaped = name.replace(".", "_")
    return tuple(dict.fromkeys((escaped + suffix, escaped, name + suffix, name)))


def sighting_of(preset: Preset) -> Sighting:
    """What would be seen of a preset's usual series, for where there is nothing to look at yet."""
    keys: dict[tuple[str, Kind], Signal] = {}
    for signal in preset.signals:
        keys.setdefault((signal.key, signal.kind), signal)
    families = {each.name: _declared(each) for each in preset.pack}
    families |= {signal.names[0]: _usual(signal) for signal in keys.values()}
    return Sighting(dict(sorted(families.items())), (), f"the preset {preset.name}")


def _usual(signal: Signal) -> SeenFamily:
    labels = {label.names[0]: label.values for label in signal.labels}
    return SeenFamily(signal.names[0], signal.kind, signal.unit, signal.help, labels, signal.buckets)


def _declared(instrument: Instrument) -> SeenFamily:
    labels = {label.name: label.values for label in instrument.labels}
    bounds = tuple(map(str, instrument.buckets))
    return SeenFamily(instrument.name, instrument.kind, instrument.unit, instrument.help, labels, bounds)
