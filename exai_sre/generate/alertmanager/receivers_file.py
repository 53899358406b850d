"""``receivers.yaml``: receivers and mutes as a team writes them down.

.. code-block:: yaml

    receivers:
    - name: payments-oncall
      owners: [payments]          # whose SLOs; without it everybody's
      receives: [page]            # page, ticket, watchdog; without it page and ticket
      pagerduty: {routing_key_file: /etc/alertmanager/secrets/payments}
    mutes:
    - name: weekends
      receives: [ticket]
      time_intervals: [{weekdays: ['saturday', 'sunday'], location: Europe/Berlin}]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, Literal, TypeVar, get_args
from urllib.parse import urlsplit

from exai_sre.errors import SpecError
from exai_sre.generate.alertmanager.mutes import Interval, Mute, check_interval
from exai_sre.generate.alertmanager.receivers import (
    KINDS,
    Channel,
    Email,
    Notifications,
    PagerDuty,
    Receiver,
    Slack,
    Urgency,
    Webhook,
)
from exai_sre.slo.documents import Faults, Record, Value, read_documents
from exai_sre.slo.suggestion import suggest

__all__ = ["read_receivers"]

T = TypeVar("T")

_NAME: Final = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9])?", re.ASCII)
_SECRETS: Final = {
    "webhook": ("credentials",),
    "slack": ("api_url",),
    "pagerduty": ("routing_key", "service_key"),
    "email": ("auth_password",),
}
"""Settings of Alertmanager that hold a secret; each has a twin that names a file."""

_RANGES: Final = ("weekdays", "days_of_month", "months", "years")


def read_receivers(text: str, file: str, faults: Faults) -> Notifications:
    """Read the text of a receivers file; what is wrong with it is kept in ``faults``.

    Args:
        text: YAML, one document.
        file: path as the user named it.
        faults: where faults go, each with its line and remedy.
    """
    documents = list(read_documents(text, file, faults))
    if len(documents) != 1:
        if not faults.errors:
            faults.add(SpecError("holds no single document", file=file, remedy="write receivers: and mutes: once"))
        return Notifications(file=file)
    return faults.attempt(lambda: _notifications(documents[0], faults), Notifications(file=file))


def _notifications(value: Value, faults: Faults) -> Notifications:
    record = Record(value, faults, optional=("receivers", "mutes"))
    receivers: list[Receiver] = record.take("receivers", _each(_receiver, faults), [])
    mutes: list[Mute] = record.take("mutes", _each(_mute, faults), [])
    _unique("receiver", receivers, value, faults)
    _unique("mute", mutes, value, faults)
    return Notifications(tuple(receivers), tuple(mutes), value.file)


def _each(read: Callable[[Value, Faults], T], faults: Faults) -> Callable[[Value], list[T]]:
    """A reader of a list that leaves out what is faulty."""

    def items(value: Value) -> list[T]:
        made: list[T] = []
        for item in value.items():
            try:
                made.append(read(item, faults))
            except SpecError as fault:
                faults.add(fault)
        return made

    return items


def _unique(what: str, named: Sequence[Receiver | Mute], value: Value, faults: Faults) -> None:
    names = [each.name for each in named]
    for name in sorted({name for name in names if names.count(name) > 1}):
        faults.add(value.fault(f"the {what} {name!r} is given twice", "give each a name of its own"))


def _receiver(value: Value, faults: Faults) -> Receiver:
    record = Record(value, faults, required=("name",), optional=("owners", "receives", *KINDS))
    channels = [record.take(kind, partial(_channel, faults=faults, kind=kind), None) for kind in KINDS]
    if not any(kind in record for kind in KINDS):
        faults.add(value.fault("tells nobody", f"add one of {', '.join(KINDS)}"))
    return Receiver(
        name=record.take("name", _name, ""),
        channels=tuple(channel for channel in channels if channel is not None),
        receives=record.take("receives", _words(get_args(Urgency)), ("page", "ticket")),
        owners=record.take("owners", _texts, ()),
        line=value.line,
    )


def _mute(value: Value, faults: Faults) -> Mute:
    record = Record(value, faults, required=("name", "time_intervals"), optional=("owners", "receives"))
    words: Callable[[Value], tuple[Literal["page", "ticket"], ...]] = _words(("page", "ticket"))
    return Mute(
        name=record.take("name", _name, ""),
        intervals=tuple(record.take("time_intervals", _each(_interval, faults), [])),
        receives=record.take("receives", words, ("ticket",)),
        owners=record.take("owners", _texts, ()),
    )


def _name(value: Value) -> str:
    text = value.text()
    if not _NAME.fullmatch(text):
        raise value.fault(f"{text!r} is no name", "use letters, digits, - _ and ., at most 63")
    return text


def _texts(value: Value) -> tuple[str, ...]:
    return tuple(item.text() for item in value.items())


def _words(known: tuple[Any, ...]) -> Callable[[Value], tuple[Any, ...]]:
    def read(value: Value) -> tuple[Any, ...]:
        for item in value.items():
            if item.text() not in known:
                raise item.fault(f"{item.text()!r} is not among {', '.join(known)}", suggest(item.text(), known))
        return _texts(value)

    return read


def _channel(value: Value, *, faults: Faults, kind: str) -> Channel | None:
    for key, entry in value.entries().items():
        if key in _SECRETS[kind]:
            raise entry.fault("a secret must not stand here", f"write it to a file and give its path as {key}_file")
    return _CHANNELS[kind](value, faults)


def _webhook(value: Value, faults: Faults) -> Webhook:
    record = Record(value, faults, optional=("url", "url_file", "credentials_file"))
    if ("url" in record) == ("url_file" in record):
        raise value.fault("has no address, or two", "give either url or url_file")
    return Webhook(
        record.take("url", _address, ""), record.take("url_file", _path, ""), record.take("credentials_file", _path, "")
    )


def _slack(value: Value, faults: Faults) -> Slack:
    record = Record(value, faults, required=("api_url_file", "channel"))
    return Slack(record.take("api_url_file", _path, ""), record.take("channel", Value.text, ""))


def _pagerduty(value: Value, faults: Faults) -> PagerDuty:
    record = Record(value, faults, optional=("routing_key_file", "service_key_file"))
    if ("routing_key_file" in record) == ("service_key_file" in record):
        raise value.fault("has no key, or two", "give either routing_key_file or service_key_file")
    return PagerDuty(record.take("routing_key_file", _path, ""), record.take("service_key_file", _path, ""))


def _email(value: Value, faults: Faults) -> Email:
    login = ("auth_username", "auth_password_file")
    record = Record(value, faults, required=("to", "from", "smarthost"), optional=(*login, "require_tls"))
    if (login[0] in record) != (login[1] in record):
        faults.add(value.fault("has half a login", f"give both {login[0]} and {login[1]}, or neither"))
    to, sender, smarthost = (record.take(key, Value.text, "") for key in ("to", "from", "smarthost"))
    if smarthost and not re.fullmatch(r"\S+:\d{1,5}", smarthost):
        faults.add(value.fault(f"smarthost {smarthost!r} has no port", "write host:port"))
    return Email(
        to,
        sender,
        smarthost,
        record.take(login[0], Value.text, ""),
        record.take(login[1], _path, ""),
        record.take("require_tls", Value.boolean, default=True),
    )


_CHANNELS: Final[dict[str, Callable[[Value, Faults], Channel]]] = {
    "webhook": _webhook,
    "slack": _slack,
    "pagerduty": _pagerduty,
    "email": _email,
}


def _address(value: Value) -> str:
    text = value.text()
    try:
        parts = urlsplit(text)
    except ValueError:
        raise value.fault(f"{text!r} is no address", "write http://host:port/path") from None
    if "@" in parts.netloc:
        raise value.fault("a secret must not stand here", "write the address to a file and give its path as url_file")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise value.fault(f"{text!r} is no address", "write http://host:port/path")
    return text


def _path(value: Value) -> str:
    text = value.text()
    if "://" in text or not text.isprintable():
        raise value.fault("is no path", "give the path of the file, as Alertmanager sees it")
    return text


def _interval(value: Value, faults: Faults) -> Interval:
    record = Record(value, faults, optional=("times", *_RANGES, "location"))
    made: dict[str, Any] = {}
    if "times" in record:
        times: list[dict[str, str]] = record.take("times", _each(_times, faults), [])
        made["times"] = times
    for field in _RANGES:
        if field in record:
            ranges: list[str] = record.take(field, partial(_ranges, field=field), [])
            made[field] = ranges
    if "location" in record:
        made["location"] = record.take("location", lambda place: _checked("location", place), "")
    if not made:
        raise value.fault("holds no time", f"give one of times, {', '.join(_RANGES)}")
    return made


def _times(value: Value, faults: Faults) -> dict[str, str]:
    record = Record(value, faults, required=("start_time", "end_time"))
    begin, end = (record.take(key, lambda time: _checked("clock", time), "") for key in ("start_time", "end_time"))
    if begin and end and begin >= end:
        raise value.fault(f"{begin} is not before {end}", "write a span over midnight as two, to 24:00 and from 00:00")
    return {"start_time": begin, "end_time": end}


def _ranges(value: Value, *, field: str) -> list[str]:
    return [_checked(field, item) for item in value.items()]


def _checked(field: str, value: Value) -> str:
    # A plain 2026 or -1 is a number to YAML; its digits are what is meant.
    text = str(value.node.value) if value.kind == "scalar" and field in _RANGES else value.text()
    problem = check_interval(field, text)
    if problem:
        raise value.fault(problem, "see Alertmanager's documentation of time_interval")
    return text
