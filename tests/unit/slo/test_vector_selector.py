"""Selectors are taken apart and written anew; nothing else passes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exai_sre.slo.vector_selector import LabelMatcher, VectorSelector, parse_selector


@pytest.mark.parametrize(
    ("text", "anew"),
    [
        ("up", "up"),
        (" job:up_total{} ", "job:up_total"),
        ('up{job="a", code=~ "5..",}', 'up{job="a",code=~"5.."}'),
        ("up{job!='a\"b\\'c'}", 'up{job!="a\\"b\'c"}'),
        ('up{path!~`\\d+"\n`}', 'up{path!~"\\\\d+\\"\\n"}'),
        (r'up{a="\\d\t\x41\u00e9\U0001F600\101"}', 'up{a="\\\\d\tAé😀A"}'),
        ('up{a="}[5m] or vector(1) #"}', 'up{a="}[5m] or vector(1) #"}'),
        ('up{a="b"} offset 1h30m', 'up{a="b"} offset 1h30m'),
        ("up offset -5m ", "up offset -5m"),
    ],
)
def test_a_selector_is_written_anew(text: str, anew: str) -> None:
    assert str(parse_selector(text)) == anew
    assert str(parse_selector(anew)) == anew


def test_a_range_stands_before_the_offset() -> None:
    assert parse_selector('up{a="b"} offset 1m').over("5m") == 'up{a="b"}[5m] offset 1m'
    assert parse_selector("up").over("5m") == "up[5m]"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "does not begin with a metric name"),
        ('{__name__="up"}', "does not begin with a metric name"),
        ("sum(up)", "is more than a selector of one metric, from '(up)' on"),
        ("up[5m]", "is more than a selector of one metric, from '[5m]' on"),
        ("up or vector(1)", "is more than a selector of one metric, from 'or vector(1)' on"),
        ('up{job="a"', "has no label matcher or closing brace at the end"),
        ('up{job=="a"}', "has no label matcher or closing brace at 'job==\"a\"}'"),
        ('up{job="a" or code="b"}', "has no label matcher or closing brace at 'or code=\"b\"}'"),
        ('up{job="a}', "has no label matcher or closing brace"),
        ('up{"job"="a"}', "has no label matcher or closing brace"),
        (r'up{job=~"\d"}', r"has an escape that PromQL does not know: \d"),
        (r'up{job="\uD800"}', r"has an escape that is no character: \uD800"),
        (r'up{job="\U00110000"}', r"has an escape that is no character: \U00110000"),
        ("up offset", "is more than a selector"),
    ],
)
def test_anything_else_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        parse_selector(text)


LABELS = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True)
MATCHERS = st.builds(LabelMatcher, LABELS, st.sampled_from(["=", "!=", "=~", "!~"]), st.text(max_size=12))
SELECTORS = st.builds(
    VectorSelector,
    st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,8}", fullmatch=True),
    st.lists(MATCHERS, max_size=3).map(tuple),
    st.sampled_from(["", "5m", "-1h30m"]),
)


@given(SELECTORS)
def test_what_is_written_is_read_again(selector: VectorSelector) -> None:
    assert parse_selector(str(selector)) == selector


@given(st.text(alphabet="up{}=~!\"'`\\,ax 5m[]()#\n", max_size=20))
def test_whatever_is_written_is_a_selector_or_a_value_error(text: str) -> None:
    try:
        selector = parse_selector(text)
    except ValueError:
        return
    assert parse_selector(str(selector)) == selector
