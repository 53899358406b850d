"""A fixed sample of the mutants of one rule file: the shipped tests notice them. All of them: ``make mutants``."""

from __future__ import annotations

from decimal import Decimal

import pytest

from exai_sre.metrics import Matcher
from exai_sre.slo.indicators import EventsIndicator
from exai_sre.slo.model import make_slo
from tests.mutants.judge import Judge
from tests.mutants.mutations import mutants

pytestmark = pytest.mark.needs_prometheus

EVERY = 53
"""Every that many mutants one is tried: with all kinds of change, in rules of all kinds."""


def rules_with(expr):
    return {"groups": [{"name": "g", "rules": [{"alert": "X", "expr": expr, "labels": {"a": "b"}, "for": "10m"}]}]}


def test_each_threshold_window_label_and_comparison_is_changed():
    made = {
        (mutant.kind, mutant.what) for mutant in mutants(rules_with('x{l="v"}[5m] > 2.5 and ratio_rate1h == bool 0'))
    }
    assert made == {
        ("label", "X: = -> != at 3"),
        ("label", 'X: "v" -> "vx" at 4'),
        ("label", "X: a=b changed"),
        ("window", "X: 5m -> 10m at 9"),
        ("window", "X: 5m -> 2m30s at 9"),
        ("window", "X: 1h -> 2h at 33"),
        ("window", "X: 1h -> 30m at 33"),
        ("window", "X: for 10m doubled"),
        ("window", "X: for dropped"),
        ("comparison", "X: > -> >= at 13"),
        ("comparison", "X: > -> <= at 13"),
        ("comparison", "X: and -> or at 19"),
        ("comparison", "X: and -> unless at 19"),
        ("comparison", "X: == -> != at 36"),
        ("threshold", "X: 2.5 -> 2.75 at 15"),
        ("threshold", "X: 2.5 -> 2.25 at 15"),
        ("threshold", "X: 0 -> 1 at 44"),
    }


def test_a_sample_of_mutants_is_noticed(tmp_path):
    good = EventsIndicator("calls_total", (Matcher("method", ("call",)),), good=(Matcher("outcome", ("ok",)),))
    judge = Judge(make_slo("api", "shop", Decimal("0.5"), good), tmp_path / "slo")
    assert not judge.kills(judge.rules)
    sample = list(mutants(judge.rules))[::EVERY]
    assert len(sample) >= 8
    assert {mutant.kind for mutant in sample} >= {"label", "window"}
    survivors = [mutant.what for mutant in sample if not judge.kills(mutant.rules)]
    assert len(survivors) <= len(sample) // 20, survivors
