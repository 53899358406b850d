"""Who is told about an SLO: its targets, else the receivers of its owner, else everybody's, else the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from exai_sre.errors import SpecError
from exai_sre.generate.alertmanager.mutes import Mute
from exai_sre.generate.alertmanager.receivers import KINDS, Notifications, Receiver, Urgency, Webhook
from exai_sre.generate.options import RuleOptions
from exai_sre.slo.model import NotificationTarget, Slo
from exai_sre.slo.suggestion import suggest

__all__ = ["Address", "AddressBook"]

_DEFAULT_NAMES: Final[Mapping[Urgency, str]] = {"page": "page", "ticket": "ticket", "watchdog": "dead-mans-switch"}


@dataclass(frozen=True, slots=True)
class Address:
    """Who is told at once, and when not.

    Attributes:
        receivers: at least one.
        mutes: times at which they are not told.
    """

    receivers: tuple[Receiver, ...]
    mutes: tuple[Mute, ...] = ()


class AddressBook:
    """Finds who is told.

    Args:
        notifications: receivers and mutes; without any, everything goes to the addresses in ``options``.
        options: the default addresses.
    """

    def __init__(self, notifications: Notifications | None, options: RuleOptions) -> None:
        self._given = notifications or Notifications()
        self._by_name = {receiver.name: receiver for receiver in self._given.receivers}
        self._known = notifications is not None
        self._defaults: dict[Urgency, Receiver] = {
            urgency: Receiver(name, (Webhook(_url(urgency, options)),), (urgency,))
            for urgency, name in _DEFAULT_NAMES.items()
        }

    def of_slo(self, slo: Slo, urgency: Literal["page", "ticket"]) -> Address:
        """Who is told about an SLO.

        Raises:
            SpecError: the SLO names a target that no receiver stands for, or of another kind.
        """
        named = tuple(self._target(slo, target) for target in slo.alerting.told(urgency)) if self._known else ()
        chosen = tuple(each for each in named if not each.receives or urgency in each.receives)
        mutes = tuple(
            mute for mute in self._given.mutes if urgency in mute.receives and slo.owner in (mute.owners or [slo.owner])
        )
        return Address(_once(chosen) or self._of_owner(slo.owner, urgency), mutes)

    def of_all(self, urgency: Urgency) -> Address:
        """Who is told about what belongs to no SLO."""
        mutes = tuple(mute for mute in self._given.mutes if urgency in mute.receives and not mute.owners)
        return Address(self._of_owner("", urgency), mutes)

    def _of_owner(self, owner: str, urgency: Urgency) -> tuple[Receiver, ...]:
        hearing = [receiver for receiver in self._given.receivers if urgency in receiver.receives]
        own = tuple(receiver for receiver in hearing if owner in receiver.owners)
        anybodys = tuple(receiver for receiver in hearing if not receiver.owners)
        return own or anybodys or (self._defaults[urgency],)

    def _target(self, slo: Slo, target: NotificationTarget) -> Receiver:
        receiver = self._by_name.get(target.name)
        where = self._given.file or "the receivers"
        kind = target.target.lower()
        if receiver is None:
            problem, remedy = f"no receiver {target.name!r} in {where}", suggest(target.name, self._by_name)
        elif kind in KINDS and not any(isinstance(channel, KINDS[kind]) for channel in receiver.channels):
            problem, remedy = f"the receiver {target.name!r} in {where} has no {kind}", f"give it a {kind} there"
        else:
            return receiver
        raise SpecError(
            problem, file=slo.source.file, line=slo.source.line, field=f"{slo.id}: notification target", remedy=remedy
        )


def _once(receivers: tuple[Receiver, ...]) -> tuple[Receiver, ...]:
    return tuple(sorted({each.name: each for each in receivers}.values(), key=lambda each: each.name))


def _url(urgency: Urgency, options: RuleOptions) -> str:
    return options.watchdog_url if urgency == "watchdog" else options.webhook_url
