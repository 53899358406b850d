"""Expressions changed by tokens: what is changed is what is meant, and all else keeps its words."""

from __future__ import annotations

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exai_sre.generate.promql_edit import narrow, once_per_replica, rename_metrics
from exai_sre.generate.promql_tokens import find_selectors, tokenize

NAMES = {"slo:a": "new:slo:a", "info": "new_info", "sum": "never"}


@given(st.text())
def test_tokens_joined_are_the_expression(expr):
    assert "".join(token.text for token in tokenize(expr)) == expr


@given(st.text("abc:(){}[]\"'`=~!,. \n#@-+offset by"))
def test_arbitrary_text_gives_no_traceback(expr):
    assert rename_metrics(expr, {}) == expr
    assert narrow(expr, {}) == expr
    assert once_per_replica(expr, ()) == expr
    find_selectors(tokenize(expr))


@pytest.mark.parametrize(
    ("expr", "wanted"),
    [
        ("slo:a", "new:slo:a"),
        ("slo:ab + slo:a / slo:a", "slo:ab + new:slo:a / new:slo:a"),
        ('sum by (info) (slo:a{info="slo:a", x=~"info"})', 'sum by (info) (new:slo:a{info="slo:a", x=~"info"})'),
        ("max(slo:a > 0) without (info)", "max(new:slo:a > 0) without (info)"),
        ("info * on (info) group_left (info) slo:a", "new_info * on (info) group_left (info) new:slo:a"),
        ("info * ignoring (info) group_right slo:a", "new_info * ignoring (info) group_right new:slo:a"),
        ("sum_over_time(slo:a[30d]) # slo:a\n/ 5", "sum_over_time(new:slo:a[30d]) # slo:a\n/ 5"),
        ("max_over_time(slo:a[1h:5m] offset -5m)", "max_over_time(new:slo:a[1h:5m] offset -5m)"),
        ("slo:a[5m] @ end() or slo:a", "new:slo:a[5m] @ end() or new:slo:a"),
        ("{__name__=\"slo:a\", x='y'}", "{__name__=\"new:slo:a\", x='y'}"),
        ('{__name__!="slo:a", x!="slo:a"}', '{__name__!="new:slo:a", x!="slo:a"}'),
        ('{"slo:a", x="slo:a"}', '{"new:slo:a", x="slo:a"}'),
        ('{"slo:a"="slo:a"}', '{"slo:a"="slo:a"}'),
        ('label_replace(slo:a, "info", "$1", "x", "slo:a")', 'label_replace(new:slo:a, "info", "$1", "x", "slo:a")'),
        ("(info) and (info) unless info", "(new_info) and (new_info) unless new_info"),
        ('{__name__=~"other.*"}', '{__name__=~"other.*"}'),
        ('{__name__=~"(?<broken"}', '{__name__=~"(?<broken"}'),
        ("slo:a offset -5m / slo:a @ 5 offset 1d", "new:slo:a offset -5m / new:slo:a @ 5 offset 1d"),
        ("INFO + inf + NaN", "INFO + inf + NaN"),
    ],
)
def test_metrics_are_renamed_and_nothing_else(expr, wanted):
    assert rename_metrics(expr, NAMES) == wanted


@pytest.mark.parametrize("operator", ["=~", "!~"])
def test_a_pattern_of_names_that_matches_one_is_refused(operator):
    with pytest.raises(ValueError, match="matches slo:a, which is to be renamed"):
        rename_metrics(f'{{__name__{operator}"slo:.*"}}', NAMES)


@pytest.mark.parametrize(
    ("expr", "wanted"),
    [
        ("up", 'up{cluster="eu"}'),
        ("up{}", 'up{cluster="eu"}'),
        ('sum(rate(x{a="b"}[5m])) / sum(y offset 5m)',
         'sum(rate(x{cluster="eu", a="b"}[5m])) / sum(y{cluster="eu"} offset 5m)'),
        ('{a="b"}', '{cluster="eu", a="b"}'),
        ("vector(1)", "vector(1)"),
        ("time() - a", 'time() - a{cluster="eu"}'),
    ],
)  # fmt: skip
def test_every_selector_is_narrowed(expr, wanted):
    assert narrow(expr, {"cluster": "eu"}) == wanted


def test_a_value_cannot_leave_its_quotes():
    made = narrow("up", {"cluster": 'a"} or vector(1) #\\'})
    assert promql_parser.parse(made).matchers.matchers[0].value == 'a"} or vector(1) #\\'


R = "max without (replica) "


@pytest.mark.parametrize(
    ("expr", "wanted"),
    [
        ('sum(increase(x_total{a="b"}[5m]))', f'sum({R}(increase(x_total{{a="b"}}[5m])))'),
        ("sum by (tool) (rate(x[5m] offset 1h))", f"sum by (tool) ({R}(rate(x[5m] offset 1h)))"),
        ("quantile_over_time(0.9, x[5m])", f"{R}(quantile_over_time(0.9, x[5m]))"),
        ("(up == 0) or absent(up)", f"({R}(up) == 0) or absent(up)"),
        ("absent_over_time(up[5m])", "absent_over_time(up[5m])"),
        ("max_over_time(x[1h:5m])", f"max_over_time({R}(x)[1h:5m])"),
        ("max_over_time((a - b)[1h:5m])", f"max_over_time(({R}(a) - {R}(b))[1h:5m])"),
        ("sum_over_time(slo:own[1d])", "sum_over_time(slo:own[1d])"),
        ("vector(1) + 5", "vector(1) + 5"),
        ("histogram_count(sum(rate(x[5m])))", "histogram_count(sum(avg without (replica) (rate(x[5m]))))"),
        ("x @ start()", f"{R}(x @ start())"),
    ],
)
def test_duplicates_are_counted_once(expr, wanted):
    assert once_per_replica(expr, ("replica",), {"slo:own"}) == wanted
    promql_parser.parse(wanted)


def test_several_replica_labels_are_left_out_at_once():
    assert once_per_replica("x", ("a", "b")) == "max without (a, b) (x)"


def metrics(expr):
    return [token.text for token in tokenize(expr) if token.kind == "word" and ":" in token.text]


LABELS = st.sampled_from(["", '{a="b"}', "{}", '{a=~"slo:a", b!="c"}'])
SELECTORS = st.builds("{}{}".format, st.sampled_from(["slo:a", "x_total", "info"]), LABELS)
EXPRESSIONS = st.recursive(
    st.one_of(SELECTORS, st.builds("rate({}[5m])".format, SELECTORS), st.just("1.5")),
    lambda inner: st.one_of(
        st.builds("sum by (a, info) ({})".format, inner),
        st.builds("max({}) without (info)".format, inner),
        st.builds("({} / on (info) group_left {})".format, inner, inner),
        st.builds("({} or 0 * {})".format, inner, inner),
        st.builds("max_over_time(({})[1h:5m])".format, inner),
    ),
    max_leaves=6,
)


@given(EXPRESSIONS)
def test_renaming_there_and_back_gives_the_expression_again(expr):
    back = {new: old for old, new in NAMES.items()}
    assert rename_metrics(rename_metrics(expr, NAMES), back) == expr
    assert len(metrics(expr)) == len(metrics(rename_metrics(expr, {"slo:a": "new:slo:a"})))


@given(EXPRESSIONS)
def test_every_change_gives_an_expression_that_parses_if_its_origin_did(expr):
    try:
        promql_parser.parse(expr)
    except ValueError:
        return
    for made in (rename_metrics(expr, NAMES), narrow(expr, {"c": "d"}), once_per_replica(expr, ("replica",))):
        promql_parser.parse(made)
