"""No objective lies above what its dependencies allow."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exai_sre.slo.ceiling import ceiling_findings, ceiling_of
from exai_sre.slo.model import QueryIndicator, Source, make_slo


def slo(name, objective, *depends_on):
    indicator = QueryIndicator(None, "errors_total", "all_total")
    return make_slo(name, "s", Decimal(objective), indicator, depends_on=depends_on, source=Source("x.yaml", 7))


def test_dependencies_that_are_all_needed_multiply():
    found = ceiling_findings([slo("top", "0.999", "s-a", "s-b"), slo("a", "0.999"), slo("b", "0.995")])
    (finding,) = found
    assert finding.above
    assert finding.ceiling == Decimal("0.994005")
    assert (finding.source.file, finding.source.line) == ("x.yaml", 7)
    assert finding.message == (
        "s-top promises 99.9 %, but its dependencies allow 99.4005 % at most; "
        "lower the objective, or add a dependency that can replace one"
    )


def test_dependencies_that_replace_each_other_fail_only_together():
    others = [slo("a", "0.99"), slo("b", "0.99"), slo("c", "0.9999999")]
    (finding,) = ceiling_findings([slo("top", "0.9999", "s-a|s-b", " s-c "), *others])
    assert finding.ceiling == Decimal("0.99989990001")
    assert ceiling_findings([slo("top", "0.999", "s-a|s-b"), *others]) == []


def test_an_objective_at_its_ceiling_is_fine():
    assert ceiling_findings([slo("top", "0.99", "s-a"), slo("a", "0.99")]) == []


def test_what_has_no_figure_is_listed_and_flatters_nothing():
    (finding,) = ceiling_findings([slo("top", "0.9", "s-x", "s-a|s-y", "s-top"), slo("a", "0.5")])
    assert finding.missing == ("s-top", "s-x", "s-y")
    assert finding.ceiling == 1
    assert not finding.above
    assert finding.message == ""


def test_a_figure_that_is_known_speaks_although_another_is_missing():
    (finding,) = ceiling_findings([slo("top", "0.999", "s-a", "s-x"), slo("a", "0.99")])
    assert finding.above
    assert finding.missing == ("s-x",)
    assert finding.message.startswith("s-top promises 99.9 %, but its dependencies allow 99 % at most")


@given(st.lists(st.decimals("0.5", "0.99999", places=5), min_size=1, max_size=6))
def test_the_ceiling_falls_with_each_needed_dependency_and_rises_with_each_redundant_one(objectives):
    known = {f"s-{at}": objective for at, objective in enumerate(objectives)}
    serial = ceiling_of(slo("top", "0.9", *known), known).ceiling
    redundant = ceiling_of(slo("top", "0.9", "|".join(known)), known).ceiling
    assert 0 < serial <= min(objectives) <= max(objectives) <= redundant < 1


@pytest.mark.parametrize("entry", ["", " ", "|"])
def test_an_empty_entry_depends_on_nothing(entry):
    assert ceiling_of(slo("top", "0.9", entry), {}).ceiling == 1
