"""Receivers as a file: complete, located in its faults, and without a secret in it."""

from __future__ import annotations

import pytest

from exai_sre.generate.alertmanager import (
    Email,
    Mute,
    Notifications,
    PagerDuty,
    Receiver,
    Slack,
    Webhook,
    read_receivers,
)
from exai_sre.slo.documents import Faults

COMPLETE = """\
receivers:
- name: payments-oncall
  owners: [payments, risk]
  receives: [page]
  pagerduty: {routing_key_file: /etc/alertmanager/secrets/payments}
- name: chat
  receives: [ticket]
  slack:
    api_url_file: secrets/slack
    channel: '#slo'
  webhook: {url: 'https://hook.example:8443/x', credentials_file: secrets/token}
- name: boss
  receives: []
  email:
    to: boss@shop.example
    from: alerts@shop.example
    smarthost: mail.shop.example:587
    auth_username: alerts
    auth_password_file: secrets/mail
    require_tls: false
- name: old
  pagerduty: {service_key_file: secrets/old}
- name: dead-man
  receives: [watchdog]
  webhook: {url_file: secrets/dead-man}
mutes:
- name: nights
  owners: [payments]
  receives: [page, ticket]
  time_intervals:
  - times: [{start_time: '00:00', end_time: '07:30'}, {start_time: '18:00', end_time: '24:00'}]
    weekdays: [saturday, 'monday:friday']
    days_of_month: ['1:5', -1, '-3:-1', '1:-1']
    months: [december, '1:3', 'june:august']
    years: [2026, '2027:2030']
    location: Europe/Berlin
"""


def read(text):
    faults = Faults()
    made = read_receivers(text, "receivers.yaml", faults)
    return made, [str(fault) for fault in faults.errors]


def test_every_kind_of_receiver_and_mute_is_read():
    made, faults = read(COMPLETE)
    assert faults == []
    assert made == Notifications(
        (
            Receiver(
                "payments-oncall",
                (PagerDuty(routing_key_file="/etc/alertmanager/secrets/payments"),),
                ("page",),
                ("payments", "risk"),
                2,
            ),
            Receiver(
                "chat",
                (Slack("secrets/slack", "#slo"), Webhook("https://hook.example:8443/x", "", "secrets/token")),
                ("ticket",),
                line=6,
            ),
            Receiver(
                "boss",
                (
                    Email(
                        "boss@shop.example",
                        "alerts@shop.example",
                        "mail.shop.example:587",
                        "alerts",
                        "secrets/mail",
                        require_tls=False,
                    ),
                ),
                (),
                line=12,
            ),
            Receiver("old", (PagerDuty(service_key_file="secrets/old"),), line=21),
            Receiver("dead-man", (Webhook(url_file="secrets/dead-man"),), ("watchdog",), line=23),
        ),
        (
            Mute(
                "nights",
                (
                    {
                        "times": [
                            {"start_time": "00:00", "end_time": "07:30"},
                            {"start_time": "18:00", "end_time": "24:00"},
                        ],
                        "weekdays": ["saturday", "monday:friday"],
                        "days_of_month": ["1:5", "-1", "-3:-1", "1:-1"],
                        "months": ["december", "1:3", "june:august"],
                        "years": ["2026", "2027:2030"],
                        "location": "Europe/Berlin",
                    },
                ),
                ("page", "ticket"),
                ("payments",),
            ),
        ),
        "receivers.yaml",
    )


def receiver(*lines):
    return "receivers:\n- name: x\n" + "".join(f"  {line}\n" for line in lines)


def mute(*lines):
    return "mutes:\n- name: x\n  time_intervals:\n" + "".join(f"  {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (receiver("slack: {api_url: 'https://x', channel: c}"),
         "receivers.yaml:3: receivers[0].slack.api_url: a secret must not stand here; write it to a file and give its "
         "path as api_url_file"),
        (receiver("pagerduty: {routing_key: k}"), "receivers.yaml:3: receivers[0].pagerduty.routing_key: a secret"),
        (receiver("pagerduty: {service_key: k}"), "give its path as service_key_file"),
        (receiver("email: {to: a, from: b, smarthost: 'c:1', auth_password: p}"), "path as auth_password_file"),
        (receiver("webhook: {url: 'http://x', credentials: p}"), "path as credentials_file"),
        (receiver("webhook: {url: 'http://me:secret@x/'}"), "give its path as url_file"),
        (receiver("webhook: {url: 'ftp://x/'}"), "'ftp://x/' is no address; write http://host:port/path"),
        (receiver("webhook: {url: 'http://[x/'}"), "is no address"),
        (receiver("webhook: {}"), "receivers[0].webhook: has no address, or two; give either url or url_file"),
        (receiver("pagerduty: {}"), "has no key, or two"),
        (receiver("slack: {api_url_file: 'https://hooks', channel: c}"), "api_url_file: is no path"),
        (receiver("slack: {api_url_file: f}"), "the field 'channel' is missing"),
        (receiver("email: {to: a, from: b, smarthost: c}"), "smarthost 'c' has no port"),
        (receiver("email: {to: a, from: b, smarthost: 'c:1', auth_username: d}"), "has half a login"),
        (receiver("receives: [page]"), "receivers.yaml:2: receivers[0]: tells nobody; add one of email, pagerduty"),
        (receiver("receives: [pages]", "webhook: {url: 'http://x'}"), "receives[0]: 'pages' is not among page, ticket"),
        (receiver("pager: {}"), "unknown key 'pager'; did you mean 'pagerduty'?"),
        ("receivers:\n- name: a b\n  webhook: {url: 'http://x'}\n", "'a b' is no name"),
        ("receivers:\n" + 2 * "- name: a\n  webhook: {url: 'http://x'}\n", "the receiver 'a' is given twice"),
        ("receivers: x\n", "receivers.yaml:1: receivers: must be a list, not a single value"),
        ("receivers: [x]\n", "receivers[0]: must be a mapping"),
        ("- a\n- b\n", "holds no single document"),
        ("", "holds no single document"),
        ("a: [\n", "is not readable as YAML"),
        (mute("- weekdays: [caturday]"),
         "receivers.yaml:4: mutes[0].time_intervals[0].weekdays[0]: 'caturday' is none of the weekdays"),
        (mute("- weekdays: ['friday:monday']"), "ends before it begins; write two ranges"),
        (mute("- days_of_month: [0]"), "'0' is none of the days of month"),
        (mute("- days_of_month: ['-1:1']"), "ends before it begins"),
        (mute("- days_of_month: ['1:2:3']"), "is none of"),
        (mute("- months: [13]"), "'13' is none of the months"),
        (mute("- years: [soon]"), "'soon' is none of the years"),
        (mute("- times: [{start_time: '25:00', end_time: '26:00'}]"), "'25:00' is not of the form 18:00"),
        (mute("- times: [{start_time: '18:00', end_time: '07:00'}]"), "18:00 is not before 07:00; write a span over"),
        (mute("- times: [{start_time: 18:00, end_time: '07:00'}]"), "put it in quotes"),
        (mute("- location: 'the moon!'"), "'the moon!' is not of the form Europe/Berlin"),
        (mute("- {}"), "holds no time; give one of times, weekdays"),
        ("mutes:\n- name: x\n  receives: [watchdog]\n  time_intervals: [{years: [2026]}]\n",
         "'watchdog' is not among page, ticket"),
    ],
)  # fmt: skip
def test_a_fault_names_its_line_field_and_remedy(text, words):
    _, faults = read(text)
    assert any(words in fault for fault in faults), faults


def test_all_faults_are_told_at_once():
    text = receiver("webhook: {}", "slack: {}") + "- name: y\n" + mute("- years: [soon]")
    assert len(read(text)[1]) == 5


def test_what_is_sound_is_read_beside_what_is_faulty():
    made, faults = read(receiver("webhook: {url: 'http://x'}") + "- nothing\n")
    assert [each.name for each in made.receivers] == ["x"]
    assert len(faults) == 1
