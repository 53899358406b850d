"""What the terminal shows, on 80 columns without colour."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from server.demo.prediction import Prediction
from server.demo.script import SCRIPT, Phase, length
from server.demo.terminal import Terminal
from server.demo.timeline import Entry


@pytest.fixture
def screen():
    return Console(file=io.StringIO(), width=80, highlight=False, soft_wrap=True)


def text(screen):
    return screen.file.getvalue()


def test_an_entry_is_one_line_with_its_time(screen):
    Terminal(screen).entry(Entry(7.25, "burn", "upstream-glm burns above 14.4x (page) [x]"))
    assert text(screen) == "[  7.2 s] upstream-glm burns above 14.4x (page) [x]\n"


@pytest.mark.parametrize(
    ("missing", "line"),
    [
        ([], "Prometheus and Alertmanager are installed: they start now, with the generated rules, and watch."),
        (["prometheus"], "Not installed here, so not part of the show: prometheus"),
    ],
)
def test_the_opening_names_the_page_the_short_windows_and_who_watches(screen, missing, line):
    Terminal(screen).opening("http://127.0.0.1:8080", 70.4, missing)
    first, second, third = text(screen).splitlines()
    assert first == "Live page: http://127.0.0.1:8080/   about 70 s, simulated upstreams, no keys used"
    assert "its windows hold this demo only" in second
    assert third == line


def test_the_summary_compares_measured_with_predicted_and_with_full_windows(screen):
    predictions = [
        Prediction("upstream-glm 14.4x", "outage", 2.0, ("a", "14.4x"), 518.4, 1.96),
        Prediction("first-token 1x", "slow-down", 9.0, ("b", "1x"), 12960.0, None),
        Prediction("breaker of glm opens", "outage", 3.2, ("glm", "open"), None, 3.24),
    ]
    Terminal(screen).summary(predictions, {"tool error": 2, "ok": 698})
    rows = [line.strip("│").split("│") for line in text(screen).splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["upstream-glm 14.4x", "outage", "2.0", "2.0", "8.6 min"],
        ["first-token 1x", "slow-down", "9.0", "not seen", "3.6 h"],
        ["breaker of glm opens", "outage", "3.2", "3.2", ""],
    ]
    assert "The windows held this demo only." in text(screen)
    assert text(screen).endswith("700 calls: 698 ok, 2 tool error\n")


def test_the_longest_row_fits_eighty_columns(screen):
    prediction = Prediction("UpstreamMostAttemptsFail page", "slow-down", 10.0, ("a", ""), 12960.0, None)
    Terminal(screen).summary([prediction], {})
    assert "UpstreamMostAttemptsFail page" in text(screen)
    assert max(len(line.rstrip()) for line in text(screen).splitlines() if line.startswith("│")) <= 80


def test_without_a_console_standard_output_is_written_to(capsys):
    Terminal().entry(Entry(0.0, "info", "x"))
    assert capsys.readouterr().out == "[  0.0 s] x\n"


def test_the_script_is_as_long_as_its_phases():
    assert length((Phase("a", "", 1.5), Phase("b", "", 2.0))) == 3.5
    assert {phase.name for phase in SCRIPT} == {"steady", "outage", "recovery", "slow-down", "end"}
