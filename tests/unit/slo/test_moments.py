"""Moments in files: with a zone, or a day of which the end counts."""

from __future__ import annotations

import pytest

from exai_sre.errors import SpecError
from exai_sre.slo.documents import Faults, read_documents
from exai_sre.slo.moments import moment_text, read_end, read_moment


def value(text):
    (document,) = read_documents(f"at: {text}\n", "x.yaml", Faults())
    return document.entries()["at"]


@pytest.mark.parametrize("text", ["2026-01-31T14:30:00Z", "'2026-01-31T14:30:00Z'", "2026-01-31T15:30:00+01:00"])
def test_quotes_and_offsets_make_no_difference(text):
    assert moment_text(read_moment(value(text))) == "2026-01-31T14:30:00Z"
    assert read_end(value(text)) == read_moment(value(text))


def test_a_day_counts_to_its_end():
    assert moment_text(read_end(value("2026-12-31"))) == "2027-01-01T00:00:00Z"


@pytest.mark.parametrize("text", ["2026-12-31", "9999-12-31", "soon", "", "{}", "12"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(SpecError, match=r"x.yaml:1: at: "):
        read_moment(value(text))


def test_the_last_day_of_all_has_no_end():
    with pytest.raises(SpecError, match="has no zone"):
        read_end(value("9999-12-31"))
