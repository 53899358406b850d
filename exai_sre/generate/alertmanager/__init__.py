"""Alertmanager: who hears what, when, and which alert silences which.

:func:`alertmanager_config` gives a whole configuration; :func:`our_part` gives only what is ours,
which :func:`merge_alertmanager` puts into a configuration that somebody else keeps.
"""

from __future__ import annotations

from exai_sre.generate.alertmanager.config import alertmanager_config, our_part
from exai_sre.generate.alertmanager.merge import merge_alertmanager
from exai_sre.generate.alertmanager.mutes import Mute
from exai_sre.generate.alertmanager.part import OurPart
from exai_sre.generate.alertmanager.receivers import Email, Notifications, PagerDuty, Receiver, Slack, Webhook
from exai_sre.generate.alertmanager.receivers_file import read_receivers
from exai_sre.generate.alertmanager.timing import Timing

__all__ = [
    "Email",
    "Mute",
    "Notifications",
    "OurPart",
    "PagerDuty",
    "Receiver",
    "Slack",
    "Timing",
    "Webhook",
    "alertmanager_config",
    "merge_alertmanager",
    "our_part",
    "read_receivers",
]
