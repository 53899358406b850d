"""The error budget policy as data: when a release may go out, who said so, and until when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Final, Literal, TypeVar

from exai_sre.errors import SpecError
from exai_sre.slo.documents import Faults, Record, Value, read_documents
from exai_sre.slo.model import Source
from exai_sre.slo.moments import read_end, read_moment
from exai_sre.slo.suggestion import suggest

__all__ = ["RULES", "Exemption", "Freeze", "GatePolicy", "Limits", "read_policy", "unknown_ids"]

T = TypeVar("T")

Burning = Literal["page", "ticket", "none"]

RULES: Final = ("freeze", "burning", "budget", "coverage")
"""Names of the rules that can block, in the order in which they are asked."""

_BURNING: Final = ("page", "ticket", "none")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one SLO must show before a release goes out.

    Attributes:
        minimum_budget: share of the error budget (0..1) that must be left.
        block_on: firing severity that blocks: ``page``, ``ticket`` (both) or ``none``.
        minimum_coverage: share of the window (0..1) that must have been recorded.
    """

    minimum_budget: Decimal = Decimal(0)
    block_on: Burning = "page"
    minimum_coverage: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time in which nothing is released.

    Attributes:
        start: seconds since the Unix epoch.
        end: seconds since the Unix epoch, after ``start``.
        reason: why.
        author: who answers for it.
        slos: ids of the SLOs concerned; empty for all.
        source: where it was written.
    """

    start: float
    end: float
    reason: str
    author: str
    slos: tuple[str, ...] = ()
    source: Source = field(default_factory=Source)


@dataclass(frozen=True, slots=True)
class Exemption:
    """Leave to release although a rule blocks; what is unknown is never exempt.

    Attributes:
        slo: id of the SLO.
        allows: names of the rules that do not block.
        reason: why.
        author: who answers for it.
        expires: seconds since the Unix epoch from which on it holds no more.
        source: where it was written.
    """

    slo: str
    allows: tuple[str, ...]
    reason: str
    author: str
    expires: float
    source: Source = field(default_factory=Source)


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """A whole policy.

    Attributes:
        default: limits of every SLO that has none of its own.
        slos: limits by id.
        freezes: times in which nothing is released.
        exceptions: who may release nevertheless.
        places: where each id is named, for what is wrong with it.
    """

    default: Limits = field(default_factory=Limits)
    slos: Mapping[str, Limits] = field(default_factory=dict)
    freezes: tuple[Freeze, ...] = ()
    exceptions: tuple[Exemption, ...] = ()
    places: tuple[tuple[str, Source], ...] = ()

    def limits(self, slo: str) -> Limits:
        """The limits of an SLO by id."""
        return self.slos.get(slo, self.default)


def unknown_ids(policy: GatePolicy, known: Iterable[str]) -> list[SpecError]:
    """A fault for each id of the policy that no SLO has: it would protect nothing."""
    names = sorted(known)
    return [
        SpecError(f"no SLO has the id {name!r}", file=source.file, line=source.line, remedy=suggest(name, names))
        for name, source in policy.places
        if name not in names
    ]


def read_policy(text: str, file: str, faults: Faults) -> GatePolicy:
    """The policy of a file.

    Args:
        text: the text of the file: one document with any of ``default``, ``slos``, ``freezes`` and ``exceptions``.
        file: its path as the user named it.
        faults: where every fault is kept; with any, the policy must not be used.
    """
    documents = list(read_documents(text, file, faults))
    if len(documents) != 1:
        remedy = "write one, such as default: {minimum_budget: 0.1}"
        faults.add(SpecError(f"holds {len(documents)} policies", file=file, remedy=remedy))
        return GatePolicy()
    reader = _Reader(faults)
    return reader.policy(documents[0])


class _Reader:
    """Reads one policy, and remembers where it names SLOs."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._places: list[tuple[str, Source]] = []

    def policy(self, value: Value) -> GatePolicy:
        record = self._record(value, optional=("default", "slos", "freezes", "exceptions"))
        if record is None:
            return GatePolicy()
        default = record.take("default", partial(self._limits, before=Limits()), Limits())
        slos: dict[str, Limits] = record.take("slos", partial(self._by_id, default=default), {})
        freezes = self._each(record.take("freezes", Value.items, []), self._freeze)
        exceptions = self._each(record.take("exceptions", Value.items, []), self._exemption)
        return GatePolicy(default, slos, tuple(freezes), tuple(exceptions), tuple(self._places))

    def _record(self, value: Value, **keys: tuple[str, ...]) -> Record | None:
        return self._faults.attempt(partial(Record, value, self._faults, **keys), None)

    def _each(self, values: Iterable[Value], read: Callable[[Value], T | None]) -> list[T]:
        found = []
        for value in values:
            before = len(self._faults.errors)
            one = read(value)
            if one is not None and len(self._faults.errors) == before:
                found.append(one)
        return found

    def _limits(self, value: Value, before: Limits) -> Limits:
        record = self._record(value, optional=("minimum_budget", "block_on", "minimum_coverage"))
        if record is None:
            return before
        written: str = before.block_on
        block_on: Any = record.take("block_on", partial(_word, known=_BURNING), written)
        return Limits(
            record.take("minimum_budget", _share, before.minimum_budget),
            block_on,
            record.take("minimum_coverage", _share, before.minimum_coverage),
        )

    def _by_id(self, value: Value, default: Limits) -> dict[str, Limits]:
        found = {}
        for name, entry in value.entries().items():
            self._places.append((name, Source(entry.file, entry.line)))
            found[name] = self._limits(entry, default)
        return found

    def _id(self, value: Value) -> str:
        name = value.text()
        self._places.append((name, Source(value.file, value.line)))
        return name

    def _freeze(self, value: Value) -> Freeze | None:
        record = self._record(value, required=("start", "end", "reason", "author"), optional=("slos",))
        if record is None:
            return None
        start, end = record.take("start", read_moment, 0.0), record.take("end", read_end, 1.0)
        if "start" in record and "end" in record and end <= start:
            self._faults.add(value.find(("end",)).fault("is not after the start", "give an end that lies after it"))
        named: list[Value] = record.take("slos", Value.items, [])
        slos = tuple(self._faults.attempt(partial(self._id, each), "") for each in named)
        return Freeze(start, end, *self._words(record), slos, Source(value.file, value.line))

    def _exemption(self, value: Value) -> Exemption | None:
        record = self._record(value, required=("slo", "reason", "author", "expires"), optional=("allows",))
        if record is None:
            return None
        named: list[Value] = record.take("allows", Value.items, [])
        allows = tuple(self._faults.attempt(partial(_word, each, known=RULES), "") for each in named)
        reason, author = self._words(record)
        expires = record.take("expires", read_end, 0.0)
        slo = record.take("slo", self._id, "")
        return Exemption(slo, allows or RULES, reason, author, expires, Source(value.file, value.line))

    @staticmethod
    def _words(record: Record) -> tuple[str, str]:
        return record.take("reason", Value.text, ""), record.take("author", Value.text, "")


def _share(value: Value) -> Decimal:
    share = value.number()
    if not 0 <= share <= 1:
        raise value.fault(f"must lie between 0 and 1, not at {share}", "write a share: 0.1 for ten percent")
    return share


def _word(value: Value, known: tuple[str, ...]) -> str:
    word = value.text()
    if word not in known:
        raise value.fault(f"must be one of {', '.join(known)}, not {word!r}", suggest(word, known))
    return word
