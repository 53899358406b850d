"""``status`` and ``gate`` against a real Prometheus: what cannot be known is never healthy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from exai_sre.cli.main import run
from tests.integration.prometheus_rig import import_history, openmetrics, prometheus_running
from tests.integration.recorded_history import DAY, NOW, history, labels, points, slo_document

pytestmark = pytest.mark.needs_prometheus

AT = datetime.fromtimestamp(NOW, UTC).isoformat()


def at(ago: int) -> str:
    return datetime.fromtimestamp(NOW - ago, UTC).isoformat()


def recorded() -> dict[str, list[tuple[float, float]]]:
    def incident(ago: int) -> float:
        return 10.0 if DAY <= ago < DAY + 3600 else 0.0

    grouped = [
        *history("shop-tools", bad=lambda ago: 0.05, tool="a"),
        *history("shop-tools", tool="b"),
        *history("shop-tools", tool="gone", until=2 * 3600),
    ]
    return dict(
        [
            *history("shop-fine", bad=lambda ago: 0.02),
            *history("shop-burning", bad=lambda ago: 2.0 if ago < 3600 else 0.0),
            *history("shop-quiet", per_minute=0.02, bad=lambda ago: 0.02 if ago < 300 else 0.0),
            *history("shop-incident", bad=incident),
            *history("shop-stale", until=1800),
            *history("shop-gone", until=2 * 3600),
            *history("shop-drifted", objective=0.99),
            *grouped,
            (f"slo:objective:ratio{labels('shop-empty')}", points(0.999)),
            (f"slo:time_period:days{labels('shop-empty')}", points(30)),
            *(pair for pair in history("shop-nan") if "30d" not in pair[0] and "remaining" not in pair[0]),
            (f"slo:sli_error:ratio_rate30d{labels('shop-nan', sloth_window='30d')}", points(float("nan"))),
            ("calls_total", points(5)),
            ("errors_total", points(0)),
            ('ALERTS{alertname="Burn",alertstate="firing",burnrate_tier="3x",sloth_id="shop-alert",sloth_severity="ticket"}',
             points(1)),
            *history("shop-alert"),
            *(pair for pair in history("shop-sloth") if "increase" not in pair[0]),
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("status") / "data"
    import_history(data, openmetrics(recorded()))
    with prometheus_running(data) as address:
        yield address


@pytest.fixture
def ask(url, capsys, tmp_path):
    """Run a command over definitions of the named SLOs; its exit code, its JSON and what it said on stderr."""

    def run_it(command, *slos, arguments=(), document="", form="json"):
        file = tmp_path / "slo.yaml"
        file.write_text(document or "---\n".join(slo_document(slo) for slo in slos), encoding="utf-8")
        inputs = ["-i", str(file)] if slos or document else []
        code = run([command, *inputs, "--prometheus", url, "--at", AT, "--format", form, *arguments])
        out, err = capsys.readouterr()
        return code, json.loads(out) if form == "json" and out else out, err

    return run_it


def standing(found):
    (one,) = found["slos"]
    return one


def test_a_healthy_slo_is_told_with_its_figures(ask):
    code, found, _ = ask("status", "shop-fine")
    one = standing(found)
    assert (code, one["verdict"], one["unknown"], one["notes"]) == (0, "ok", "", [])
    assert one["sli"] == pytest.approx(0.9998)
    assert one["budget_remaining"] == pytest.approx(0.8)
    assert one["burn_rates"]["1h"] == pytest.approx(0.2)
    assert list(one["burn_rates"]) == ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"]
    assert one["exhaustion_seconds"] == pytest.approx(0.8 * 30 * DAY / 0.2)
    assert one["coverage"] == pytest.approx(2 / 30, rel=1e-3)
    assert one["age_seconds"] == 0


def test_text_says_the_same_in_words(ask):
    code, text, _ = ask("status", "shop-fine", "shop-incident", form="text")
    assert code == 1
    assert text.startswith(
        "ok        shop-fine\n          99.98 % good of 99.9 % over 30d, 80 % of the budget left, spent in 120d at"
    )
    assert "\n          coverage 6.66898 % of the window, newest value 0s old\n" in text
    assert "\nexhausted shop-incident\n" in text


def test_a_tier_burns_when_both_windows_and_enough_failures_say_so(ask):
    code, found, _ = ask("status", "shop-burning")
    one = standing(found)
    assert (code, one["verdict"]) == (1, "page")
    assert one["firing_tiers"] == {"14.4x": "page"}
    assert one["notes"] == ["no alert fires for 14.4x: are the alert rules loaded?"]
    quiet = standing(ask("status", "shop-quiet")[1])
    assert quiet["burn_rates"]["5m"] > quiet["burn_rates"]["1h"] > 14.4
    assert quiet["firing_tiers"] == {}


def test_an_alert_that_fires_is_told(ask):
    code, found, _ = ask("status", "shop-alert")
    one = standing(found)
    assert (code, one["verdict"], one["firing_tiers"]) == (1, "ticket", {"3x": "ticket"})


@pytest.mark.parametrize(
    ("slo", "said"),
    [
        ("shop-empty", "no data: nothing is recorded for sloth_id 'shop-empty'"),
        ("shop-misspelt", "no data: nothing is recorded"),
        ("shop-stale", "stale: the newest value is 30m old"),
        ("shop-gone", "stale: no value in the last 1h"),
        ("shop-nan", "the error ratio of 30d is NaN"),
    ],
)
def test_what_cannot_be_known_is_unknown_to_both_commands(ask, slo, said):
    code, found, _ = ask("status", slo)
    one = standing(found)
    assert (code, one["verdict"], one["sli"], one["budget_remaining"]) == (1, "unknown", None, None)
    assert said in one["unknown"]
    code, found, _ = ask("gate", slo)
    assert (code, found["verdict"], found["decisions"][0]["rule"]) == (1, "unknown", "data")


@pytest.mark.parametrize("place", ["bad", "total"])
@pytest.mark.parametrize(
    "name",
    ["error_total", 'errors_total{cod="500"}', "errors", "Errors_total", "errors_totl", 'errorstotal{code="500"}',
     "sum(rate(errs_total[{{.window}}]))", 'sum(rate({__name__="errors_totals"}[{{.window}}]))'],
)  # fmt: skip
def test_every_misspelt_metric_name_ends_as_unknown(ask, place, name):
    """The series of ``shop-fine`` look healthy; only that the metric was never seen tells."""
    query = f"'{name}'"
    names = {"bad": "errors_total", "total": "calls_total", place: query}
    code, found, _ = ask("gate", document=slo_document("shop-fine", **names))
    assert (code, found["verdict"]) == (1, "unknown")
    assert "Prometheus has never seen" in found["decisions"][0]["text"]


def test_groups_stand_each_for_itself_and_an_idle_one_holds_up_nobody(ask):
    code, found, _ = ask("status", arguments=["--slo", "shop-tools"])
    assert code == 0
    assert [(one["group"], one["budget_remaining"]) for one in found["slos"]] == [
        ({"tool": "a"}, pytest.approx(0.5)),
        ({"tool": "b"}, 1.0),
    ]
    assert 'shop-tools{tool="a"}' in ask("status", arguments=["--slo", "shop-tools"], form="text")[1]


def test_without_definitions_prometheus_tells_what_there_is(ask):
    _, found, _ = ask("status")
    assert sorted({one["id"] for one in found["slos"]}) == [
        f"shop-{name}"
        for name in ("alert", "burning", "drifted", "empty", "fine", "incident", "nan", "quiet", "sloth", "tools")
    ]


def test_rules_of_another_objective_are_noticed(ask):
    _, found, _ = ask("status", "shop-drifted")
    assert standing(found)["notes"] == [
        "the rules in Prometheus are those of the objective 0.99, not of 0.999; load the generated ones"
    ]


def write_corrections(tmp_path: Path, *rows: tuple[str, int, int]) -> str:
    file = tmp_path / "corrections.yaml"
    lines = [
        f"  - {{slo: {slo}, start: '{at(start)}', end: '{at(end)}', reason: a drill, author: ada}}"
        for slo, start, end in rows
    ]
    file.write_text("corrections:\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return str(file)


@pytest.mark.parametrize(("start", "end"), [(DAY + 3600, DAY), (DAY + 3660, DAY - 120)])
def test_a_correction_gives_back_what_its_time_has_spent_and_both_are_told(ask, tmp_path, start, end):
    """Ten of a hundred calls failed for an hour: 600 of 288,000 in two days, twice the budget."""
    file = write_corrections(tmp_path, ("shop-incident", start, end))
    code, found, _ = ask("status", "shop-incident", arguments=["--corrections", file])
    one = standing(found)
    assert one["budget_remaining"] == pytest.approx(-1.083, abs=0.01)
    assert one["corrected_budget_remaining"] == pytest.approx(1.0, abs=0.05)
    assert (code, one["verdict"]) == (0, "ok")
    code, text, _ = ask("gate", "shop-incident", arguments=["--corrections", file], form="text")
    assert code == 0
    assert "of the budget are left\n          budget left -108" in text


def test_a_correction_of_another_time_changes_nothing(ask, tmp_path):
    file = write_corrections(tmp_path, ("shop-incident", 40 * DAY, 35 * DAY), ("shop-fine", DAY, 0))
    _, found, _ = ask("status", "shop-incident", "shop-fine", arguments=["--corrections", file])
    corrected = {one["id"]: one["corrected_budget_remaining"] for one in found["slos"]}
    assert corrected == {"shop-incident": None, "shop-fine": pytest.approx(0.8, abs=1e-3)}


def test_rules_of_sloth_are_read_too_but_hold_no_events_to_correct(ask, tmp_path):
    file = write_corrections(tmp_path, ("shop-sloth", DAY, 0))
    code, found, _ = ask("status", "shop-sloth", arguments=["--corrections", file])
    one = standing(found)
    assert (code, one["verdict"], one["budget_remaining"], one["coverage"]) == (0, "ok", 1.0, None)
    assert one["notes"] == ["its corrections could not be applied: they need recorded increases"]


def test_a_window_that_is_left_out_as_a_whole_leaves_nothing_to_correct(ask, tmp_path):
    file = write_corrections(tmp_path, ("shop-fine", 40 * DAY, 0))
    _, found, _ = ask("status", "shop-fine", arguments=["--corrections", file])
    assert standing(found)["corrected_budget_remaining"] is None


def test_a_correction_of_an_unknown_slo_is_refused_by_line(ask, tmp_path):
    file = write_corrections(tmp_path, ("shop-finee", DAY, 0))
    code, out, err = ask("status", "shop-fine", arguments=["--corrections", file])
    assert (code, out) == (1, "")
    assert "corrections.yaml:2: no SLO has the id 'shop-finee'; did you mean 'shop-fine'?" in err
    code, found, err = ask("gate", "shop-fine", arguments=["--corrections", file])
    assert (code, found["verdict"]) == (1, "unknown")


def policy(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    return ["--policy", str(file)]


def decision(found):
    (one,) = found["decisions"]
    return found["verdict"], one["rule"], one["text"]


def test_with_budget_left_and_nothing_firing_the_gate_passes(ask):
    code, found, _ = ask("gate", "shop-fine")
    assert (code, decision(found)) == (0, ("pass", "budget", "80 % of the budget are left"))


@pytest.mark.parametrize(
    ("slo", "text", "rule", "said"),
    [
        ("shop-incident", "default: {}", "budget", "-108.3 % of the budget are left, 0 % must be"),
        ("shop-burning", "default: {}", "burning", "firing now: 14.4x"),
        ("shop-fine", "slos: {shop-fine: {minimum_budget: 0.9}}", "budget", "80 % of the budget are left, 90 % must"),
        ("shop-fine", "default: {minimum_coverage: 0.5}", "coverage", "6.669 % of the window were recorded, 50 % must"),
        ("shop-alert", "default: {block_on: ticket}", "burning", "firing now: 3x"),
        ("shop-fine", f"freezes: [{{start: {at(60)}, end: {at(-60)}, reason: sale, author: ada}}]", "freeze", ": sale"),
    ],
)  # fmt: skip
def test_a_rule_of_the_policy_blocks_and_says_which(ask, tmp_path, slo, text, rule, said):
    code, found, _ = ask("gate", slo, arguments=policy(tmp_path, text))
    verdict, decided, words = decision(found)
    assert (code, verdict, decided) == (1, "block", rule)
    assert said in words
    assert ask("gate", slo, arguments=[*policy(tmp_path, text), "--dry-run"])[0] == 0


def exception(slo: str, expires: str, allows: str = "") -> str:
    return f"exceptions: [{{slo: {slo}, reason: hotfix, author: ada, expires: {expires}{allows}}}]\n"


def test_an_exception_lifts_what_it_names_until_it_expires(ask, tmp_path):
    lifted = policy(tmp_path, exception("shop-incident", at(-60), ", allows: [budget]"))
    code, found, _ = ask("gate", "shop-incident", arguments=lifted)
    assert (code, decision(found)[:2]) == (0, ("pass", "exception"))
    assert "excepted by ada: hotfix" in decision(found)[2]
    other = policy(tmp_path, exception("shop-incident", at(-60), ", allows: [freeze]"))
    assert ask("gate", "shop-incident", arguments=other)[0] == 1
    expired = policy(tmp_path, exception("shop-incident", at(60)))
    code, found, _ = ask("gate", "shop-incident", arguments=expired)
    assert (code, decision(found)[:2]) == (1, ("block", "budget"))
    assert "expired on" in found["decisions"][0]["gate_notes"][0]


def test_nothing_lifts_what_is_unknown(ask, tmp_path):
    code, found, _ = ask("gate", "shop-stale", arguments=policy(tmp_path, exception("shop-stale", at(-60))))
    assert (code, decision(found)[:2]) == (1, ("unknown", "data"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("slos: {shop-fin: {}}", "policy.yaml:1: no SLO has the id 'shop-fin'; did you mean 'shop-fine'?"),
        (exception("shop-fin", "2030-01-01"), "no SLO has the id 'shop-fin'"),
        ("defaults: {}", "policy.yaml:1: defaults: unknown key 'defaults'"),
        ("", "holds 0 policies"),
        ("default: [", "is not readable as YAML"),
    ],
)
def test_a_policy_that_cannot_be_read_is_no_leave(ask, tmp_path, text, said):
    for dry in ([], ["--dry-run"]):
        code, found, err = ask("gate", "shop-fine", arguments=[*policy(tmp_path, text), *dry])
        assert (code, found["verdict"], found["decisions"]) == (1, "unknown", [])
        assert said in err
        assert found["error"] in err


def test_an_unknown_slo_and_a_missing_file_are_no_leave(ask, tmp_path):
    code, found, _ = ask("gate", "shop-fine", arguments=["--slo", "shop-fin"])
    assert (code, found["verdict"]) == (1, "unknown")
    assert "no SLO has the id 'shop-fin'; did you mean 'shop-fine'?" in found["error"]
    code, found, _ = ask("gate", "shop-fine", arguments=["--policy", str(tmp_path / "none.yaml")])
    assert (code, found["verdict"]) == (1, "unknown")
    assert ask("status", "shop-fine", arguments=["--slo", "x"])[0] == 1


def test_an_unreachable_prometheus_is_unknown_and_an_environment_error(ask):
    for command in ("status", "gate"):
        code, found, err = ask(command, "shop-fine", arguments=["--prometheus", "http://127.0.0.1:1"])
        assert code == 3
        assert "cannot be reached" in err
        assert found == "" or found["verdict"] == "unknown"


def test_a_prometheus_without_any_slo_passes_nothing(tmp_path, capsys):
    with prometheus_running(tmp_path / "data") as empty:
        for command, said in (("status", "no SLO is recorded here"), ("gate", "no SLO was found")):
            assert run([command, "--prometheus", empty]) == 1
            assert said in capsys.readouterr().err
