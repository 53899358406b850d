"""Our part of Alertmanager's configuration in the words of ``AlertmanagerConfig`` (v1alpha1).

Source: the types of prometheus-operator, pkg/apis/monitoring/v1alpha1/alertmanager_config_types.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from posixpath import basename
from typing import Any, Final

from exai_sre.errors import SpecError
from exai_sre.generate.alertmanager.part import OurPart, own_name

__all__ = ["alertmanager_spec"]

_MATCHER: Final = re.compile(r'(\w+)(!=|=~|!~|=)"((?:[^"\\]|\\.)*)"', re.ASCII)
_NOBODY: Final = own_name("nobody")
_CAMEL: Final = re.compile(r"_([a-z])")

Made = dict[str, Any]


def alertmanager_spec(part: OurPart, secret: str) -> Made:
    """The ``spec`` of the object.

    Its own route leads to nobody and the operator lets every alert go on from it, so that alerts
    that are not ours are left to others.

    Args:
        part: the lists of our part.
        secret: Secret whose keys are the names of the files that receivers read their secrets from.

    Raises:
        SpecError: a time interval has a time zone, which the object has no word for.
    """
    spec: Made = {
        "route": {"receiver": _NOBODY, "routes": [_route(route) for route in part.routes]},
        "receivers": [{"name": _NOBODY}, *(_receiver(each, secret) for each in part.receivers)],
        "inhibitRules": [_inhibit_rule(rule) for rule in part.inhibit_rules],
    }
    if part.time_intervals:
        spec["muteTimeIntervals"] = [_intervals(each) for each in part.time_intervals]
    return spec


def _camel(name: str) -> str:
    return _CAMEL.sub(lambda match: match[1].upper(), name)


def _route(route: Mapping[str, Any]) -> Made:
    made: Made = {}
    for name, value in route.items():
        if name == "matchers":
            made["matchers"] = [_matcher(text) for text in value]
        elif name == "routes":
            made["routes"] = [_route(each) for each in value]
        else:
            made[_camel(name)] = value
    return made


def _matcher(text: str) -> Made:
    match = _MATCHER.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no matcher of ours")
    value = re.sub(r"\\(.)", lambda escaped: "\n" if escaped[1] == "n" else escaped[1], match[3])
    return {"name": match[1], "value": value, "matchType": match[2]}


def _inhibit_rule(rule: Mapping[str, Any]) -> Made:
    made: Made = {
        "sourceMatch": [_matcher(text) for text in rule["source_matchers"]],
        "targetMatch": [_matcher(text) for text in rule["target_matchers"]],
    }
    return {**made, "equal": rule["equal"]} if "equal" in rule else made


_SECRETS: Final = {
    "url_file": "urlSecret",
    "api_url_file": "apiURL",
    "routing_key_file": "routingKey",
    "service_key_file": "serviceKey",
    "auth_password_file": "authPassword",  # nosec B105 - the name of a field
}
"""Settings that name a file, and the field that names a key of the Secret instead."""


def _receiver(receiver: Mapping[str, Any], secret: str) -> Made:
    made: Made = {"name": receiver["name"]}
    for kind, configs in receiver.items():
        if kind != "name":
            made[_camel(kind)] = [_config(config, secret) for config in configs]
    return made


def _config(config: Mapping[str, Any], secret: str) -> Made:
    made: Made = {}
    for name, value in config.items():
        if name in _SECRETS:
            made[_SECRETS[name]] = _key(value, secret)
        elif name == "http_config":
            credentials = value["authorization"]["credentials_file"]
            made["httpConfig"] = {"authorization": {"credentials": _key(credentials, secret)}}
        else:
            made["requireTLS" if name == "require_tls" else _camel(name)] = value
    return made


def _key(path: str, secret: str) -> Made:
    return {"name": secret, "key": re.sub(r"[^\w.-]", "-", basename(path), flags=re.ASCII)}


def _intervals(named: Mapping[str, Any]) -> Made:
    return {
        "name": named["name"],
        "timeIntervals": [_interval(each, named["name"]) for each in named["time_intervals"]],
    }


def _interval(interval: Mapping[str, Any], name: str) -> Made:
    if interval.get("location", "UTC") != "UTC":
        raise SpecError(
            f"the time zone {interval['location']} of {name} has no place in an AlertmanagerConfig",
            field=f"{name}.location",
            remedy="give its times in UTC, or put it into Alertmanager's own configuration",
        )
    made: Made = {}
    for field, value in interval.items():
        if field == "times":
            made["times"] = [{_camel(end): time for end, time in each.items()} for each in value]
        elif field == "days_of_month":
            made["daysOfMonth"] = [_days(each) for each in value]
        elif field != "location":
            made[field] = value
    return made


def _days(text: str) -> Made:
    first, _, last = text.partition(":")
    return {"start": int(first), "end": int(last or first)}
