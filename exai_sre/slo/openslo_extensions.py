"""Our extensions of OpenSLO: annotations ``exai-sre/<name>`` on an SLO.

====================  =============================  ==========================================================
annotation            example                        meaning
====================  =============================  ==========================================================
``tiers``             ``14.4x 1h/5m page; ...``      burn tiers, ``none``, or ``default``: those of the window
``min-failures``      ``3,10``                       bad events that the fastest tier and the rest wait for
``missing-data``      ``bad``                        what time without data is: excluded, good or bad
``group-by``          ``tool,tenant``                labels of which each combination has a budget of its own
``group-limit``       ``50``                         how many groups get series of their own
``depends-on``        ``shop-db,dns-a|dns-b``        ids of SLOs whose failures are failures of this one;
                                                     those joined by ``|`` fail it together only
``runbook``           ``https://wiki/shop``          where the alerts send who is on call
``alerting``          ``{"name": "ShopDown"}``       names, labels and texts of the alerts, as JSON
``name``              ``Shop_API``                   the name, where OpenSLO allows no such name
``display-name``      ...                            the name for people, where it is longer than OpenSLO allows
``description``       ...                            the description, likewise
====================  =============================  ==========================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Literal, cast

from exai_sre.slo.documents import Faults, Value
from exai_sre.slo.model import Alerting, MissingData
from exai_sre.slo.openslo_alerting import read_alerting
from exai_sre.slo.openslo_fields import EXTENSION, Metadata, one_of
from exai_sre.slo.suggestion import suggest
from exai_sre.slo.tiers import BurnTier, parse_tier

__all__ = ["EXTENSIONS", "ID", "OLD_EXTENSION", "RUNBOOK", "Extensions", "read_extensions"]

OLD_EXTENSION: Final = "exai-sre.dev/"
"""A prefix that looks like ours and is none."""
RUNBOOK: Final = "runbook_url"
"""Annotation of an alert that holds the link to its runbook."""
ID: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", re.ASCII)
"""Name of a service or an SLO, as Sloth allows it, and what two of them make."""
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_MOST_GROUPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Extensions:
    """What the annotations of an SLO say; ``None`` where they say nothing.

    Attributes:
        tiers: burn tiers, with the failures that they wait for where these are given; or those of the window.
        min_failures: bad events that the fastest tier waits for, and those that the rest waits for.
        missing: what time without data is.
        group_by: labels that make groups.
        group_limit: how many groups get series of their own.
        depends_on: ids of other SLOs; ``|`` joins those that can replace each other.
        alerting: names, labels and texts of the alerts.
        runbook: link for who is on call, or empty.
        name: name of the SLO, or empty.
        display_name: name for people, or empty.
        description: what is promised, or empty.
    """

    tiers: tuple[BurnTier, ...] | Literal["default"] | None = None
    min_failures: tuple[int, int] | None = None
    missing: MissingData = "excluded"
    group_by: tuple[str, ...] = ()
    group_limit: int = 50
    depends_on: tuple[str, ...] = ()
    alerting: Alerting | None = None
    runbook: str = ""
    name: str = ""
    display_name: str = ""
    description: str = ""


def read_extensions(metadata: Metadata, faults: Faults) -> Extensions:
    """What the annotations of an SLO say; faults are kept."""
    for key in metadata.annotations:
        if key.startswith(OLD_EXTENSION):
            place = metadata.value.find(("annotations", key))
            faults.add(place.fault(f"annotation {key!r} is not ours", f"write {EXTENSION}{key.partition('/')[2]}"))
    read: dict[str, Any] = {}
    for name, value in metadata.extensions.items():
        if name not in EXTENSIONS:
            remedy = suggest(EXTENSION + name, [EXTENSION + known for known in EXTENSIONS])
            faults.add(value.fault(f"unknown annotation {EXTENSION + name!r}", remedy))
            continue
        field, reader = EXTENSIONS[name]
        result = faults.attempt(partial(reader, value), None)
        if result is not None:
            read[field] = result
    return replace(Extensions(), **read)


def _read_tiers(value: Value) -> tuple[BurnTier, ...] | Literal["default"]:
    text = value.text()
    if text in ("none", "default"):
        return () if text == "none" else "default"
    try:
        tiers = tuple(map(parse_tier, re.split("[;,]", text)))
    except ValueError as error:
        raise value.fault(str(error), "write for example '14.4x 1h/5m page; 6x 6h/30m page'") from None
    names = [tier.name for tier in tiers]
    if len(set(names)) < len(names):
        raise value.fault("two tiers have the same burn rate", "give each its own")
    return tiers


def _read_min_failures(value: Value) -> tuple[int, int]:
    numbers = [part.strip() for part in value.text().split(",")]
    if len(numbers) > 2 or not all(number.isascii() and number.isdigit() and len(number) < 10 for number in numbers):
        raise value.fault("must be one or two whole numbers", "write '3,10': the fastest tier, then the rest")
    return int(numbers[0]), int(numbers[-1])


def _read_missing(value: Value) -> MissingData:
    return cast("MissingData", one_of(value, ("bad", "excluded", "good"), "meaning of missing data"))


def _read_labels(value: Value) -> tuple[str, ...]:
    labels = _parts(value)
    for label in labels:
        if not _LABEL.fullmatch(label) or label.startswith("__"):
            raise value.fault(f"{label!r} is no name of a label", "use letters, digits and '_', no digit first")
    return labels


def _read_ids(value: Value) -> tuple[str, ...]:
    entries = tuple("|".join(name.strip() for name in entry.split("|")) for entry in _parts(value))
    for name in (name for entry in entries for name in entry.split("|")):
        if not ID.fullmatch(name):
            raise value.fault(
                f"{name!r} is no id of an SLO", "write service-name; '|' joins those that replace each other"
            )
    return tuple(dict.fromkeys(entries))


def _parts(value: Value) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in value.text().split(",")))


def _read_limit(value: Value) -> int:
    text = value.text()
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 0 < int(text) <= _MOST_GROUPS):
        raise value.fault(f"must be a whole number from 1 to {_MOST_GROUPS}", "write for example '50'")
    return int(text)


def _read_slo_name(value: Value) -> str:
    name = value.text()
    if not ID.fullmatch(name):
        raise value.fault(f"{name!r} is no valid name", "use letters, digits, '-', '_' and '.', no mark at the ends")
    return name


EXTENSIONS: Final[Mapping[str, tuple[str, Callable[[Value], Any]]]] = {
    "alerting": ("alerting", read_alerting),
    "depends-on": ("depends_on", _read_ids),
    "description": ("description", Value.text),
    "display-name": ("display_name", Value.text),
    "group-by": ("group_by", _read_labels),
    "group-limit": ("group_limit", _read_limit),
    "min-failures": ("min_failures", _read_min_failures),
    "missing-data": ("missing", _read_missing),
    "name": ("name", _read_slo_name),
    "runbook": ("runbook", Value.text),
    "tiers": ("tiers", _read_tiers),
}
"""Our annotations without their prefix: which field of :class:`Extensions` each fills, and its reader."""
