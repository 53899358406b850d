"""The routes we generate, as the real amtool reads them."""

from __future__ import annotations

import itertools
import subprocess
from decimal import Decimal

import pytest

from exai_sre.generate import alertmanager_config
from exai_sre.generate.alertmanager import (
    Email,
    Mute,
    Notifications,
    PagerDuty,
    Receiver,
    Slack,
    Webhook,
    merge_alertmanager,
    our_part,
)
from exai_sre.slo import QueryIndicator, make_slo

pytestmark = pytest.mark.needs_alertmanager

RECEIVERS = {"page": "exai-page", "ticket": "exai-ticket", "none": "exai-ticket", "": "exai-ticket"}

NOTIFICATIONS = Notifications(
    (
        Receiver("oncall", (PagerDuty(routing_key_file="/s/key"),), ("page",), ("payments",)),
        Receiver("old", (PagerDuty(service_key_file="/s/key"),), ("page",), ("search",)),
        Receiver("chat", (Slack("/s/slack", "#slo"), Webhook("http://x/", credentials_file="/s/token")), ("ticket",)),
        Receiver("mail", (Email("a@x", "b@x", "mail:25", "user", "/s/mail"),), ("ticket",), ("payments",)),
        Receiver("switch", (Webhook("http://y/"),), ("watchdog",)),
    ),
    (
        Mute(
            "nights",
            (
                {
                    "times": [{"start_time": "18:00", "end_time": "24:00"}],
                    "weekdays": ["monday:friday", "sunday"],
                    "days_of_month": ["1:5", "-3:-1"],
                    "months": ["1:3", "december"],
                    "years": ["2026:2027"],
                    "location": "Europe/Berlin",
                },
            ),
            owners=("payments",),
        ),
    ),
)

THEIRS = """\
route:
  receiver: mail
  routes:
  - receiver: dba
    matchers: [severity="page"]
  - receiver: watch
    matchers: [alertname="Watchdog"]
receivers:
- name: mail
- name: dba
- name: watch
"""


def amtool(*arguments, cwd):
    return subprocess.run(["amtool", *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def accepted(text, folder):
    (folder / "alertmanager.yaml").write_text(text, encoding="utf-8")
    done = amtool("check-config", "alertmanager.yaml", cwd=folder)
    return done.returncode == 0, done.stdout + done.stderr


def leads_to(receivers, folder, **labels):
    routes = ("config", "routes", "test", "--config.file=alertmanager.yaml", f"--verify.receivers={receivers}")
    done = amtool(*routes, *(f"{name}={value}" for name, value in labels.items() if value), cwd=folder)
    return done.returncode == 0, done.stdout + done.stderr


def slo(name, **labels):
    return make_slo(name, "shop", Decimal("0.999"), QueryIndicator("g_total", None, "a_total"), labels=labels)


SLOS = [slo("pay.fast", owner="payments"), slo("find", team="search"), slo("else")]


def test_the_committed_configuration_is_accepted(root):
    done = amtool("check-config", "alertmanager.yaml", cwd=root / "alerts")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ours")
    ok, words = accepted(alertmanager_config(SLOS), folder)
    assert ok, words
    return folder


@pytest.mark.parametrize(
    ("severity", "slo_id", "name"),
    list(itertools.product(RECEIVERS, ("", "shop-pay.fast", "elsewhere"), ("Watchdog", "ServerTargetDown", "Other"))),
)
def test_every_label_set_reaches_its_receiver(ours, severity, slo_id, name):
    wanted = "exai-dead-mans-switch" if name == "Watchdog" else RECEIVERS[severity]
    ok, words = leads_to(wanted, ours, severity=severity, sloth_severity=severity, sloth_id=slo_id, alertname=name)
    assert ok, words


@pytest.fixture(scope="module")
def teams(tmp_path_factory):
    folder = tmp_path_factory.mktemp("teams")
    ok, words = accepted(alertmanager_config(SLOS, notifications=NOTIFICATIONS), folder)
    assert ok, words
    return folder


@pytest.mark.parametrize(
    ("slo_id", "severity", "receiver"),
    [
        ("shop-pay.fast", "page", "exai-oncall"),
        ("shop-pay.fast", "ticket", "exai-mail"),
        # The dot of the id is no wildcard.
        ("shop-payxfast", "ticket", "exai-chat"),
        ("shop-find", "page", "exai-old"),
        ("shop-find", "ticket", "exai-chat"),
        ("shop-else", "page", "exai-page"),
        ("shop-else", "ticket", "exai-chat"),
    ],
)
def test_each_owner_hears_of_its_own(teams, slo_id, severity, receiver):
    ok, words = leads_to(receiver, teams, sloth_id=slo_id, severity="theirs", sloth_severity=severity, alertname="A")
    assert ok, words


@pytest.fixture(scope="module")
def merged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("merged")
    ok, words = accepted(merge_alertmanager(THEIRS, our_part(SLOS, notifications=NOTIFICATIONS)), folder)
    assert ok, words
    return folder


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"sloth_id": "shop-find", "sloth_severity": "page", "severity": "page"}, "exai-old"),
        ({"sloth_id": "theirs", "sloth_severity": "page", "severity": "page"}, "dba"),
        ({"severity": "page"}, "dba"),
        ({"severity": "ticket"}, "mail"),
        # Their own dead man's switch hears the heartbeat, too.
        ({"alertname": "Watchdog"}, "exai-switch,watch"),
    ],
)
def test_in_a_merged_configuration_our_alerts_come_to_ours_and_theirs_to_theirs(merged, labels, receivers):
    ok, words = leads_to(receivers, merged, **labels)
    assert ok, words
