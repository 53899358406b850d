"""Trials: scores against known incidents, what did not page, the positive control, reports, suggestions."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from random import Random
from statistics import mean, pvariance
from xml.etree import ElementTree

import pytest

from exai_sre.backtest.history import from_events
from exai_sre.backtest.incidents import Incident
from exai_sre.backtest.noise import poisson
from exai_sre.backtest.report_html import html_report
from exai_sre.backtest.report_json import report
from exai_sre.backtest.report_text import percent, trial_lines
from exai_sre.backtest.script_reading import read_script
from exai_sre.backtest.scripted import scripted_history
from exai_sre.backtest.suggestion import suggest_from
from exai_sre.backtest.suggestion_report import suggestion_lines, suggestion_report
from exai_sre.backtest.trial import hold_trial, with_objective
from exai_sre.errors import SpecError
from exai_sre.metrics import Matcher
from exai_sre.slo import EventsIndicator, make_slo

SLO = make_slo("a", "s", Decimal("0.999"), EventsIndicator("x_total", good=(Matcher("code", ("200",)),)))

SCRIPT = """\
traffic: {per_minute: 100, swing: 0.4, peak: "14:30"}
error_rate: 0.0001
start: 2026-03-01T00:00:00Z
days: 6
seed: 3
incidents:
  - {name: leak, start: 4d, duration: 3h, error_rate: 0.004, page: false}
  - {name: outage, start: 2d6h, duration: 30m, error_rate: 0.5, traffic: 0.5}
  - {name: elsewhere, start: 2026-03-03T12:00:00Z, duration: 30m, error_rate: 1, slo: s-other}
"""


@pytest.fixture(scope="module")
def script():
    return read_script(SCRIPT, "x.yaml")


@pytest.fixture(scope="module")
def trial(script):
    known = [*script.known, Incident("unnoticed", script.start + 1000, script.start + 9000)]
    return hold_trial(SLO, scripted_history(script, SLO.id, Random(1)), known)


TOML = """\
error_rate = 0.0001
start = 2026-03-01T00:00:00Z
days = 6
seed = 3

[traffic]
per_minute = 100
swing = 0.4
peak = "14:30"

[[incidents]]
name = "leak"
start = "4d"
duration = "3h"
error_rate = 0.004
page = false

[[incidents]]
name = "outage"
start = "2d6h"
duration = "30m"
error_rate = 0.5
traffic = 0.5

[[incidents]]
name = "elsewhere"
start = 2026-03-03T12:00:00Z
duration = "30m"
error_rate = 1
slo = "s-other"
"""


def test_a_script_is_the_same_in_yaml_and_toml(script):
    assert read_script(TOML, "x.toml") == script
    assert [one.name for one in script.incidents] == ["outage", "elsewhere", "leak"]
    assert [one.name for one in script.known] == ["outage", "elsewhere"]


INCIDENT = "incidents:\n  - {{name: a, start: {}, duration: {}, error_rate: 1}}\n"


@pytest.mark.parametrize(
    ("text", "file", "what"),
    [
        ("incidents: 5\n", "x.yaml", "x.yaml:1: incidents: must be a list"),
        (INCIDENT.format("1d", "soon"), "x.yaml", "x.yaml:2: incidents[0].duration"),
        (INCIDENT.format("[]", "5m"), "x.yaml", "x.yaml:2: incidents[0].start"),
        ("traffic: {per_minute: 1, peak: '25:00'}\n", "x.yaml", "x.yaml:1: traffic.peak: must be a time of day"),
        ("error_rate: 2\n", "x.yaml", "x.yaml:1: error_rate: must lie between 0 and 1, not 2; mend"),
        ("eror_rate: 2\n", "x.yaml", "x.yaml:1: eror_rate: unknown key 'eror_rate'; did you mean"),
        ("days: 1\n---\ndays: 1\n", "x.yaml", "x.yaml: is not one mapping"),
        ("a: [\n", "x.yaml", "x.yaml:"),
        ("error_rate = 2\n", "x.toml", "x.toml: error_rate: must lie between 0 and 1, not 2; mend"),
        ("= 2\n", "x.toml", "x.toml: is no TOML"),
    ],
)  # fmt: skip
def test_a_faulty_script_names_its_place(text, file, what):
    with pytest.raises(SpecError) as caught:
        read_script(text, file)
    assert str(caught.value).startswith(what)
    assert "; " in str(caught.value)


def test_an_incident_at_the_begin_and_one_over_the_end_are_cut():
    two = INCIDENT.format("0m", "5m") + "  - {name: b, start: 10m, duration: 1h, error_rate: 1}\ndays: 0.01\n"
    history = scripted_history(read_script(two, "x"), "s")
    assert history.minutes == 14
    assert history.bad[-1] == pytest.approx(9 * 600)


def test_without_noise_a_script_gives_its_expected_counts(script):
    history = scripted_history(script, SLO.id)
    begin = (2 * 24 + 6) * 60
    assert history.total_in(-1, 1439) == pytest.approx(100 * 1440, rel=1e-9)
    assert history.bad_in(begin - 1, begin + 29) / history.total_in(begin - 1, begin + 29) == pytest.approx(0.5)
    assert history.total_in(begin - 1, begin + 29) < 0.6 * history.total_in(begin - 61, begin - 31)


@pytest.mark.parametrize("expected", [0.3, 12.0, 400.0])
def test_noise_has_the_mean_and_variance_of_independent_events(expected):
    random = Random(4)
    drawn = [poisson(random, expected) for _ in range(4000)]
    assert mean(drawn) == pytest.approx(expected, rel=0.05)
    assert pvariance(drawn) == pytest.approx(expected, rel=0.12)
    assert poisson(random, 0.0) == 0


def test_the_outage_pages_and_the_leak_is_told_as_unpaged(trial):
    assert trial.faults == ["missed"]
    (detection,) = [one for one in trial.score.detections if one.incident.name == "outage"]
    assert 60 <= detection.page <= 300
    assert trial.score.recall == 0.5
    assert trial.score.precision == 1.0
    assert [one.spent for one in trial.quiet] == sorted((one.spent for one in trial.quiet), reverse=True)
    leak, history = 4 * 1440, trial.replay.history
    expected = 0.004 * history.total_in(leak - 1, leak + 179) / trial.replay.allowance
    assert trial.quiet[0].spent == pytest.approx(expected, rel=0.15)


@pytest.fixture
def outage():
    """Two outages of ten minutes in a day of even traffic."""
    bad = [0.0] * 600 + [100.0] * 10 + [0.0] * 500 + [100.0] * 10 + [0.0] * 320
    return from_events(SLO.id, 60, bad, [100.0] * 1440)


def test_a_page_without_an_incident_is_false_and_an_incident_without_a_page_missed(outage):
    known = [Incident("one", 36000, 36700), Incident("two", 60000, 61000), Incident("past", -500, -400)]
    trial = hold_trial(SLO, outage, known)
    assert [one.name for one in trial.score.missed] == ["two"]
    assert len(trial.score.false) == 1
    assert (trial.score.precision, trial.score.recall) == (0.5, 0.5)
    assert trial.score.delays == [trial.score.median_delay]
    assert trial.faults == ["false", "missed"]


def test_a_page_that_fires_already_tells_the_incident_at_once(outage):
    trial = hold_trial(SLO, outage, [Incident("late", 36000 + 300, 36900)])
    assert trial.score.detections[0].page == 0


def test_nothing_known_and_nothing_fired_have_no_score():
    quiet = hold_trial(SLO, from_events(SLO.id, 60, [0.0] * 600, [5.0] * 600), [])
    assert (quiet.score.precision, quiet.score.recall, quiet.score.median_delay) == (None, None, None)
    assert hold_trial(SLO, quiet.replay.history).score is None


def test_the_control_pages_by_the_closed_form_whatever_the_objective(outage):
    for objective, least, most in (("0.999", 60, 180), ("0.99", 480, 660), ("0.9", 12960, 13200)):
        control = hold_trial(with_objective(SLO, Decimal(objective)), outage).control
        assert control.passed
        assert least <= control.detected <= most


def test_an_slo_that_can_only_open_tickets_must_open_one():
    even = from_events(SLO.id, 60, [0.0] * 8640, [10.0] * 8640)
    control = hold_trial(with_objective(SLO, Decimal("0.5")), even).control
    assert (control.expected, control.tier) == ("ticket", "1x")


def test_the_control_fails_where_nothing_can_page():
    idle = hold_trial(SLO, from_events(SLO.id, 60, [0.0] * 600, [0.0] * 600))
    assert idle.faults == ["control"]
    rare = hold_trial(SLO, from_events(SLO.id, 60, [0.0] * 600, [1.0, *[0.0] * 59] * 10))
    assert rare.faults == ["control"]
    text = "\n".join(trial_lines([idle, rare]))
    assert "FAILED: no traffic in this history" in text
    assert "FAILED: a planted total outage of 1h with 1 failures gives no page" in text
    assert text.endswith("controls passed: 0 of 2")


def test_a_spent_budget_is_a_fault():
    bad = from_events(SLO.id, 60, [1.0] * 600, [100.0] * 600)
    thirty = replace(SLO, window=600 * 60)
    assert "exhausted" in hold_trial(thirty, bad).faults


def test_another_objective_sets_other_tiers_apart():
    loose = with_objective(SLO, Decimal("0.9"))
    assert [tier.name for tier in loose.unreachable] == ["14.4x"]
    assert with_objective(loose, Decimal("0.999")).tiers == SLO.tiers
    with pytest.raises(ValueError, match="between 0 and 1"):
        with_objective(SLO, Decimal(1))


def test_the_text_names_every_figure_of_the_trial(trial):
    text = "\n".join(trial_lines([trial]))
    for part in ("s-a  99.9 % over 30d", "page      14.4x  2026-03-03 06:0", "incident  outage: paged after",
                 "incident  unnoticed: never told", "score     precision 1.00, recall 0.50", "unpaged   2026-03-0",
                 "control   passed: a planted total outage gives a page after 1m (14.4x)"):  # fmt: skip
        assert part in text
    assert not re.search(r"\d\.\d{5}", text)


def test_the_text_says_what_is_missing_and_cuts_long_lists():
    bad = ([0.0] * 40 + [50.0] * 2) * 80
    known = [Incident("x", 0, 10_000_000)]
    gappy = replace(from_events(SLO.id, 60, bad, [100.0] * len(bad)), missing=7)
    text = "\n".join(trial_lines([hold_trial(SLO, gappy, known)]))
    assert "7 minutes without data" in text
    assert "more (--format json lists all)" in text
    empty = "\n".join(trial_lines([hold_trial(SLO, from_events(SLO.id, 60, [0.0], [0.0]), known)]))
    assert "nothing spent: no event" in empty
    assert "alerts    none would have fired" in empty


def test_a_missed_incident_says_whether_a_ticket_was_opened(script):
    slow = hold_trial(
        SLO, from_events(SLO.id, 60, [0.0] * 2000 + [4.0] * 800, [1000.0] * 2800), [Incident("s", 120000, 168000)]
    )
    text = "\n".join(trial_lines([slow]))
    assert "never paged (ticket after" in text
    assert "ticket only" in text
    assert "never paged (ticket after" in html_report([slow])


def test_percentages_have_the_digits_that_matter():
    assert [percent(share) for share in (0.021, 0.00034, 5.123, 0)] == ["2.1 %", "0.034 %", "512 %", "0 %"]


def test_the_json_has_every_firing_and_survives_the_way_through_text(trial):
    made = json.loads(json.dumps(report([trial])))
    (only,) = made["trials"]
    assert made["version"] == 1
    assert len(only["firings"]) == len(trial.replay.firings)
    assert only["firings"][0]["start"].startswith("2026-03-03T06:")
    assert (only["objective"], only["faults"], only["control"]["passed"]) == ("0.999", ["missed"], True)
    assert only["history"]["events"] == int(only["history"]["events"])
    assert {one["paged_after_seconds"] for one in only["score"]["incidents"]} == {None, trial.score.delays[0]}


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.attributes = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_and_runs_nothing(script, trial):
    hostile = replace(SLO, name="<script>alert(1)</script>")
    history = scripted_history(script, SLO.id, Random(1))
    known = [Incident("<img src=x onerror=y>", script.start + 1000, script.start + 90_000)]
    page = html_report([trial, hold_trial(hostile, history, known)])
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert not {"script", "img", "link", "iframe"} & set(tags.seen)
    assert not [name for name, _ in tags.attributes if name in ("href", "src") or name.startswith("on")]
    assert "&lt;script&gt;" in page


def test_pictures_are_sound_svg_within_their_frame(trial):
    page = html_report([trial, hold_trial(SLO, from_events(SLO.id, 60, [0.0], [0.0]))])
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == 4
    for text in pictures:
        picture = ElementTree.fromstring(text)
        height = float(picture.get("height"))
        for line in picture.iter("{http://www.w3.org/2000/svg}polyline"):
            for x, y in (pair.split(",") for pair in line.get("points").split()):
                assert 0 <= float(x) <= 960
                assert 0 <= float(y) <= height
    assert any(rect.get("fill") == "#c0392b" for rect in ElementTree.fromstring(pictures[0]).iter())


def test_the_target_leaves_the_wanted_share_of_the_budget():
    history = from_events(SLO.id, 60, [0.0] * 999 + [40.0], [100.0] * 1000)
    suggestion = suggest_from(SLO, history)
    assert suggestion.target == Decimal("0.9992")
    left = {one.objective: one.left for one in suggestion.candidates}
    assert left[Decimal("0.9992")] == pytest.approx(0.5, abs=0.001)
    assert left[Decimal("0.999")] == pytest.approx(0.6)
    assert suggest_from(SLO, history, Decimal(0), [Decimal("0.99")]).target == Decimal("0.9996")


def test_a_history_without_failures_proves_no_more_than_its_events_can():
    suggestion = suggest_from(SLO, from_events(SLO.id, 60, [0.0] * 100, [10.0] * 100))
    assert suggestion.target == Decimal("0.994")


def test_a_longer_history_is_judged_by_its_worst_window():
    short = replace(SLO, window=500 * 60)
    history = from_events(SLO.id, 60, [0.0] * 1000 + [10.0] + [0.0] * 999, [100.0] * 2000)
    assert suggest_from(short, history, Decimal(0)).target == Decimal("0.9998")


def test_few_calls_ask_for_minimums_and_the_pages_go_away():
    bare = replace(SLO, tiers=tuple(replace(tier, min_failures=0) for tier in SLO.tiers))
    random = Random(2)
    bad = [float(random.random() < 0.0005) for _ in range(43_200)]
    suggestion = suggest_from(bare, from_events(SLO.id, 60, bad, [1.0] * 43_200), Decimal("0.5"), [Decimal("0.999")])
    fastest = suggestion.tiers[0]
    assert (fastest.tier.name, fastest.min_failures, fastest.usual) == ("14.4x", 3, 60.0)
    assert fastest.needed == pytest.approx(69.44, abs=0.01)
    assert fastest.too_few == 1.0
    (candidate,) = suggestion.candidates
    assert candidate.pages > 5
    assert candidate.guarded_pages == 0
    text = "\n".join(suggestion_lines([suggestion], Decimal("0.5")))
    assert "14.4x: a single failure exceeds the threshold 100 % of the time" in text
    assert "set its minimum of failures to 3" in text
    assert "a total outage then reaches it after about 3m" in text
    assert "(0 with the minimums below)" in text


def test_a_busy_service_needs_no_minimum_beyond_those_it_has(trial):
    suggestion = suggest_from(SLO, trial.replay.history, Decimal("0.5"), [SLO.objective, Decimal("0.9983")])
    assert suggestion.target == Decimal("0.9983")
    assert [one.min_failures for one in suggestion.tiers] == [tier.min_failures for tier in SLO.tiers]
    text = "\n".join(suggestion_lines([suggestion], Decimal("0.5")))
    assert "(defined)" in text
    assert "(suggested)" in text
    assert "traffic" not in text


def test_without_events_nothing_is_suggested():
    idle = suggest_from(SLO, from_events(SLO.id, 60, [0.0] * 10, [0.0] * 10))
    assert idle.target is None
    assert "none: the history has no event" in "\n".join(suggestion_lines([idle], Decimal("0.5")))
    assert suggestion_report([idle], Decimal("0.5"))["suggestions"][0]["target"] is None


def test_the_share_that_is_left_lies_between_nothing_and_all(trial):
    with pytest.raises(ValueError, match="between 0 and 1"):
        suggest_from(SLO, trial.replay.history, Decimal(1))


def test_the_suggestion_survives_the_way_through_json(trial):
    made = json.loads(
        json.dumps(
            suggestion_report(
                [suggest_from(SLO, trial.replay.history, Decimal("0.5"), [SLO.objective])], Decimal("0.5")
            )
        )
    )
    assert made["leave"] == "0.5"
    (only,) = made["suggestions"]
    assert [one["seconds"] for one in only["achieved"]] == [3600, 86400]
    assert {one["tier"] for one in only["tiers"]} == {"14.4x", "6x", "3x", "1x"}
