"""Alertmanager configuration: who hears what, when, and which alert silences which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exai_sre.generate.document import yaml_document
from exai_sre.generate.options import RuleOptions
from exai_sre.generate.series import SlothLabel
from exai_sre.generate.symptom_alerts import WATCHDOG
from exai_sre.slo.model import BurnTier, Slo
from exai_sre.slo.windows import format_duration

__all__ = ["alertmanager_config"]

_TICKET_WAIT = "5m"
_OF_SLO = f'{SlothLabel.ID}!=""'


def alertmanager_config(slos: Sequence[Slo], *, options: RuleOptions | None = None) -> str:
    """The configuration as YAML text.

    Pages leave at once. Tickets wait five minutes: a slow tier crosses its threshold before the
    fast one pages, and inhibition cannot call back a ticket that was sent.

    Args:
        slos: the objectives, whose tiers inhibit each other.
        options: addresses of the receivers; the defaults of :class:`RuleOptions` otherwise.
    """
    chosen = options or RuleOptions()
    return yaml_document(
        {"route": _routes(chosen), "inhibit_rules": _inhibitions(slos), "receivers": _receivers(chosen)}
    )


def _routes(options: RuleOptions) -> dict[str, Any]:
    changes = format_duration(options.scrape_interval)
    return {
        "receiver": "ticket",
        "group_by": ["alertname", SlothLabel.ID],
        "group_wait": _TICKET_WAIT,
        "group_interval": _TICKET_WAIT,
        "repeat_interval": "1d",
        "routes": [
            {
                "receiver": "dead-mans-switch",
                "matchers": [f'alertname="{WATCHDOG}"'],
                "group_wait": "0s",
                "group_interval": "1m",
                "repeat_interval": "1m",
            },
            {
                "receiver": "page",
                "matchers": ['severity="page"'],
                "group_wait": "0s",
                "group_interval": changes,
                "repeat_interval": "4h",
            },
            {"receiver": "ticket", "matchers": ['severity="ticket"']},
        ],
    }


def _inhibitions(slos: Sequence[Slo]) -> list[dict[str, Any]]:
    tiers = _tier_names(slos)
    rules: list[dict[str, Any]] = [
        {
            "source_matchers": [f'{SlothLabel.TIER}="{faster}"'],
            "target_matchers": [f'{SlothLabel.TIER}=~"{_any_of(tiers[at + 1 :])}"'],
            "equal": [SlothLabel.ID],
        }
        for at, faster in enumerate(tiers[:-1])
    ]
    rules.append(
        {
            "source_matchers": ['severity="page"', _OF_SLO],
            "target_matchers": ['severity="ticket"', _OF_SLO],
            "equal": [SlothLabel.ID],
        }
    )
    rules.append(
        {
            "source_matchers": ['alertname="ServerTargetDown"'],
            "target_matchers": ['alertname=~".+NoData"'],
        }
    )
    return rules


def _tier_names(slos: Sequence[Slo]) -> list[str]:
    tiers: dict[str, BurnTier] = {tier.name: tier for slo in slos for tier in slo.tiers}
    return sorted(tiers, key=lambda name: (-tiers[name].factor, name))


def _any_of(names: Sequence[str]) -> str:
    return "|".join(name.replace(".", "\\\\.") for name in names)


def _receivers(options: RuleOptions) -> list[dict[str, Any]]:
    urls = {
        "page": options.webhook_url,
        "ticket": options.webhook_url,
        "dead-mans-switch": options.watchdog_url,
    }
    return [
        {"name": name, "webhook_configs": [{"url": url, "send_resolved": name != "dead-mans-switch"}]}
        for name, url in urls.items()
    ]
