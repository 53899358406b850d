"""A catalog of foreign instruments as a YAML file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from exai_sre.generate.onboarding.seen import SeenFamily, Sighting
from exai_sre.metrics.instrument import Chart, Instrument, Label

__all__ = ["API_VERSION", "KIND", "catalog_text"]

API_VERSION: Final = "exai-sre/v1"
"""Version of the file format."""

KIND: Final = "Catalog"
"""Kind of the document."""

_SHOWN: Final = 8
_LONGEST_SEEN: Final = 40
_PLAIN: Final = re.compile(r"[A-Za-z_/][\w ./()%-]*(?<! )", re.ASCII)
_RESERVED: Final = frozenset({"false", "n", "no", "null", "off", "on", "true", "y", "yes"})
_HEAD: Final = """\
# Metrics that others export, declared for exai-sre, written by `exai-sre init` from {origin}.
# A label has either all its values (values) or how many it may take (bound). Yours to edit.
"""


def catalog_text(instruments: Sequence[Instrument], sighting: Sighting) -> str:
    """The file that declares these instruments.

    Args:
        instruments: what to declare, in order.
        sighting: where they were seen; their seen values become comments, bounds keep their spelling.
    """
    head = _HEAD.format(origin=_line(sighting.origin))
    parts = [head, f"apiVersion: {API_VERSION}\nkind: {KIND}\ninstruments:\n"]
    parts += [_entry(instrument, sighting.families[instrument.name]) for instrument in instruments]
    return "".join(parts)


def _seen(values: Sequence[str]) -> str:
    """What was seen of a label, as a comment behind it."""
    if not any(values):
        return ""
    shown = ", ".join(_line(value)[:_LONGEST_SEEN] or "(empty)" for value in values[:_SHOWN])
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return f"  # seen: {shown}{more}"


def _line(text: str) -> str:
    """A text in one printable line, which no value can leave."""
    return "".join(char if char.isprintable() else " " for char in text)


def _entry(instrument: Instrument, seen: SeenFamily) -> str:
    lines = [f"- name: {_inline(instrument.name)}", f"kind: {instrument.kind}", f"help: {_inline(instrument.help)}"]
    if instrument.unit:
        lines.append(f"unit: {_inline(instrument.unit)}")
    if instrument.labels:
        lines.append("labels:")
        lines += [
            f"  {_inline(each.name)}: {_label(each)}{_seen(seen.labels[each.name])}" for each in instrument.labels
        ]
    if seen.bounds:
        lines.append(f"buckets: [{', '.join(map(_number, seen.bounds))}]")
    return "\n  ".join((*lines, _chart(instrument))) + "\n"


def _label(label: Label) -> str:
    return f"{{values: {_list(label.values)}}}" if label.values else f"{{bound: {label.bound}}}"


def _chart(instrument: Instrument) -> str:
    chart = instrument.chart
    if not isinstance(chart, Chart):
        return f"notCharted: {_inline(chart.reason)}"
    by = f", by: {_list(chart.by)}" if chart.by else ""
    title = _inline(chart.title)
    return f"chart: {{dashboard: {_inline(chart.dashboard)}, title: {title}, shows: {chart.shows}{by}}}"


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_inline, texts))}]"


def _inline(text: str) -> str:
    """A text as a YAML scalar that can stand in brackets, too."""
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED:
        return text
    return "'" + _line(text).replace("'", "''") + "'"


def _number(bound: str) -> str:
    """A bound as the exporter spells it; YAML reads an exponent only after a point."""
    return bound if "e" not in bound.lower() or "." in bound else bound.lower().replace("e", ".0e")
