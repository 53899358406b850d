"""Reading a script of incidents from YAML or TOML."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Final

from exai_sre.backtest.minutes import MAX_DAYS
from exai_sre.backtest.scripted import START, Script, ScriptedIncident, Traffic
from exai_sre.errors import SpecError
from exai_sre.slo.documents import Faults, Record, Value, read_documents
from exai_sre.slo.moments import read_moment
from exai_sre.slo.windows import DAY, HOUR, MINUTE, parse_duration

__all__ = ["read_script"]

_LARGEST_SEED: Final = 2**53
_TIME_OF_DAY = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_OFFSET = re.compile(r"[\dwdhms]+", re.ASCII)


def read_script(text: str, file: str) -> Script:
    """The script that a YAML or TOML text (by the name of its file) holds.

    Args:
        text: the content.
        file: path of the file as the user named it.

    Raises:
        SpecError: it is no such script; file, line (of YAML), field and remedy are named.
    """
    faults = Faults()
    toml = file.lower().endswith(".toml")
    documents = list(read_documents(_yaml_of_toml(text, file) if toml else text, file, faults))
    if len(documents) != 1 and not faults.errors:
        faults.add(SpecError("is not one mapping", file=file, remedy="write traffic, error_rate, incidents and days"))
    script = Script()
    if not faults.errors:
        script = faults.attempt(partial(_script, documents[0], faults), script)
    if faults.errors:
        raise _without_line(faults.errors[0]) if toml else faults.errors[0]
    return script


def _yaml_of_toml(text: str, file: str) -> str:
    import tomllib

    import yaml

    try:
        return yaml.safe_dump(tomllib.loads(text), sort_keys=False, allow_unicode=True)
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"is no TOML: {error}", file=file, remedy="mend that place") from None


def _without_line(error: SpecError) -> SpecError:
    """The fault with its field alone: its line is one of the YAML that was read in place of the TOML."""
    where = f"{error.file}:{error.line}: {error.field}: " if error.field else f"{error.file}:{error.line}: "
    return SpecError(error.what.removeprefix(where), file=error.file, field=error.field, remedy=error.remedy)


def _script(document: Value, faults: Faults) -> Script:
    keys = ("traffic", "error_rate", "incidents", "start", "days", "seed")
    record = Record(document, faults, optional=keys)
    start = record.take("start", read_moment, START)
    none: list[ScriptedIncident] = []
    incidents = record.take("incidents", partial(_incidents, faults=faults, origin=start), none)
    return Script(
        record.take("traffic", partial(_traffic, faults=faults), Traffic()),
        tuple(sorted(incidents, key=lambda one: one.start)),
        record.take("error_rate", _between(0, 1), 0.0),
        start,
        record.take("days", _between(0.01, MAX_DAYS), 30.0),
        int(record.take("seed", _between(0, _LARGEST_SEED), 1.0)),
    )


def _traffic(value: Value, faults: Faults) -> Traffic:
    record = Record(value, faults, required=("per_minute",), optional=("swing", "peak"))
    return Traffic(
        record.take("per_minute", _between(0, 1e9), 0.0),
        record.take("swing", _between(0, 1), 0.0),
        record.take("peak", _time_of_day, DAY // 2),
    )


def _incidents(value: Value, faults: Faults, origin: float) -> list[ScriptedIncident]:
    made = [faults.attempt(partial(_incident, one, faults, origin), None) for one in value.items()]
    return [one for one in made if one is not None]


def _incident(value: Value, faults: Faults, origin: float) -> ScriptedIncident:
    needed = ("name", "start", "duration", "error_rate")
    record = Record(value, faults, required=needed, optional=("traffic", "page", "slo"))
    return ScriptedIncident(
        name=record.take("name", Value.text, "?"),
        start=record.take("start", partial(_offset_or_moment, origin=origin), origin),
        duration=record.take("duration", _duration, float(MINUTE)),
        error_rate=record.take("error_rate", _between(0, 1), 0.0),
        traffic=record.take("traffic", _between(0, 1000), 1.0),
        page=record.take("page", Value.boolean, default=True),
        slo=record.take("slo", Value.text, ""),
    )


def _between(least: float, most: float) -> Callable[[Value], float]:
    def read(value: Value) -> float:
        number = float(value.number())
        if not least <= number <= most:
            raise value.fault(f"must lie between {least:g} and {most:g}, not {number:g}", "mend the number")
        return number

    return read


def _duration(value: Value) -> float:
    try:
        return float(parse_duration(value.text()))
    except ValueError as error:
        raise value.fault(str(error), "write it as 45m or 2h") from None


def _offset_or_moment(value: Value, origin: float) -> float:
    """A moment, or a time since the begin of the script such as ``3d4h`` or ``0m``."""
    written = str(value.node.value) if value.kind == "scalar" else ""
    if not _OFFSET.fullmatch(written):
        return read_moment(value)
    return origin if set(written) <= set("0wdhms") else origin + _duration(value)


def _time_of_day(value: Value) -> int:
    match = _TIME_OF_DAY.fullmatch(value.text())
    if match is None:
        raise value.fault("must be a time of day", 'write it in quotes as "14:00"')
    return int(match[1]) * HOUR + int(match[2]) * MINUTE
