"""Receivers as data: channels to people, each secret a path to a file on Alertmanager's machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from exai_sre.generate.alertmanager.mutes import Mute
from exai_sre.generate.alertmanager.part import own_name

__all__ = [
    "KINDS",
    "Channel",
    "Email",
    "Notifications",
    "PagerDuty",
    "Receiver",
    "Slack",
    "Urgency",
    "Webhook",
    "receiver_entry",
    "receiver_name",
]

Urgency = Literal["page", "ticket", "watchdog"]
"""What a receiver may be told: pages, tickets, or the heartbeat for a dead man's switch."""

_SUMMARY: Final = "{{ (index .Alerts 0).Annotations.summary }}"
_TEXT: Final = (
    "{{ range .Alerts }}{{ .Annotations.description }}"
    "{{ with .Annotations.runbook_url }} Runbook: {{ . }}{{ end }}\n{{ end }}"
)
_URGENCY: Final = '{{ if eq .CommonLabels.severity "page" }}critical{{ else }}warning{{ end }}'


@dataclass(frozen=True, slots=True)
class Webhook:
    """A service that takes Alertmanager's JSON.

    Attributes:
        url: its address; no secret.
        url_file: file that holds its address, instead of ``url``. Alertmanager knows it from 0.26 on.
        credentials_file: file that holds a bearer token.
    """

    url: str = ""
    url_file: str = ""
    credentials_file: str = ""

    def settings(self) -> dict[str, Any]:
        """The entry of ``webhook_configs``."""
        made: dict[str, Any] = {"url": self.url} if self.url else {"url_file": self.url_file}
        if self.credentials_file:
            made["http_config"] = {"authorization": {"credentials_file": self.credentials_file}}
        return made


@dataclass(frozen=True, slots=True)
class Slack:
    """A Slack channel.

    Attributes:
        api_url_file: file that holds the address of the incoming webhook.
        channel: such as ``#payments``.
    """

    api_url_file: str
    channel: str

    def settings(self) -> dict[str, Any]:
        """The entry of ``slack_configs``."""
        return {"api_url_file": self.api_url_file, "channel": self.channel, "title": _SUMMARY, "text": _TEXT}


@dataclass(frozen=True, slots=True)
class PagerDuty:
    """A PagerDuty service; one of the two keys is given.

    Attributes:
        routing_key_file: file that holds the key of the Events API v2.
        service_key_file: file that holds the key of the Prometheus integration.
    """

    routing_key_file: str = ""
    service_key_file: str = ""

    def settings(self) -> dict[str, Any]:
        """The entry of ``pagerduty_configs``."""
        key = {"routing_key_file": self.routing_key_file, "service_key_file": self.service_key_file}
        return {
            **{name: path for name, path in key.items() if path},
            "description": _SUMMARY,
            "severity": _URGENCY,
        }


@dataclass(frozen=True, slots=True)
class Email:
    """A mailbox.

    Attributes:
        to: address of the reader.
        sender: address of the sender.
        smarthost: host and port of the mail server.
        auth_username: user of the mail server; empty for none.
        auth_password_file: file that holds the user's password.
        require_tls: whether mail leaves over TLS only.
    """

    to: str
    sender: str
    smarthost: str
    auth_username: str = ""
    auth_password_file: str = ""
    require_tls: bool = True

    def settings(self) -> dict[str, Any]:
        """The entry of ``email_configs``."""
        login = {"auth_username": self.auth_username, "auth_password_file": self.auth_password_file}
        return {
            "to": self.to,
            "from": self.sender,
            "smarthost": self.smarthost,
            **{name: value for name, value in login.items() if value},
            "require_tls": self.require_tls,
        }


Channel = Webhook | Slack | PagerDuty | Email
"""A way to somebody."""

KINDS: Final[Mapping[str, type[Channel]]] = {
    "email": Email,
    "pagerduty": PagerDuty,
    "slack": Slack,
    "webhook": Webhook,
}
"""Channels by their names in files, which are those of Alertmanager's lists without ``_configs``."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who is told.

    Attributes:
        name: name, unique; an OpenSLO notification target of that name means this receiver.
        channels: at least one way to them.
        receives: what they are told; empty for what SLOs that name them as a target have.
        owners: owners of the SLOs that they are told about; empty for everybody's.
        line: line of their definition; 0 where it is unknown.
    """

    name: str
    channels: tuple[Channel, ...]
    receives: tuple[Urgency, ...] = ("page", "ticket")
    owners: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Notifications:
    """All receivers and mutes.

    Attributes:
        receivers: who is told.
        mutes: when they are not.
        file: where it was written down; empty for an object built in code.
    """

    receivers: tuple[Receiver, ...] = ()
    mutes: tuple[Mute, ...] = ()
    file: str = ""


def receiver_entry(receivers: tuple[Receiver, ...]) -> dict[str, Any]:
    """The entry of ``receivers`` that tells all of these at once."""
    entry: dict[str, Any] = {"name": receiver_name(receivers)}
    for kind, of_kind in KINDS.items():
        configs = [
            {**channel.settings(), "send_resolved": "watchdog" not in receiver.receives}
            for receiver in receivers
            for channel in receiver.channels
            if isinstance(channel, of_kind)
        ]
        if configs:
            entry[f"{kind}_configs"] = configs
    return entry


def receiver_name(receivers: tuple[Receiver, ...]) -> str:
    """The name under which these are told at once."""
    return own_name("+".join(receiver.name for receiver in receivers))
