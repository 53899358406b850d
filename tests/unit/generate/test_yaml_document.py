"""The emitter's text means what was put in, whatever it is."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from exai_sre.generate.document import yaml_document

TEXT = st.one_of(
    st.text(max_size=20),
    st.text(alphabet="ab: #-'\"\n |>{}[]%@&*!?0123456789.exs~\t\\", max_size=12),
    st.sampled_from(["yes", "1e3", "0x1", "5m", "14.4x", "null", "-", "a: b", "x #y", "12:30", ".5", "", "2001-01-01"]),
)
SCALAR = st.one_of(TEXT, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False, allow_infinity=False))
TREE = st.recursive(
    SCALAR,
    lambda below: st.one_of(st.lists(below, max_size=4), st.dictionaries(TEXT, below, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(TEXT, TREE, min_size=1, max_size=4))
def test_what_is_read_back_is_what_was_written(content):
    assert yaml.safe_load(yaml_document(content)) == content


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("5m", "x: 5m"),
        ("slo:objective:ratio", "x: slo:objective:ratio"),
        ("14.4x", "x: '14.4x'"),
        ("it's", "x: 'it''s'"),
        ("yes", "x: 'yes'"),
        ([], "x: []"),
        ({}, "x: {}"),
        (0.1, "x: 0.1"),
    ],
)
def test_values_are_written_in_the_plainest_way_that_is_safe(value, line):
    assert yaml_document({"x": value}).splitlines()[1:] == [line]


def test_texts_of_several_lines_are_blocks_and_lists_are_not_indented():
    text = yaml_document({"x": [{"a": "one\ntwo", "b": ["c"]}]})
    assert text.splitlines()[1:] == ["x:", "- a: |-", "    one", "    two", "  b:", "  - c"]
