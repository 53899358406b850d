"""The layout of files of cells: what is written is read, what is half written is not there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exai_sre.metrics import Catalog, Label, NotCharted
from exai_sre.metrics.bound import BoundHistogram
from exai_sre.metrics.cell_records import (
    HEADER_WORDS,
    USED,
    SeriesKey,
    counted_words,
    record_words,
    records,
    series_key,
    write_record,
)

SERVED = NotCharted("a test")
TEXTS = st.text(max_size=20) | st.sampled_from(["\ud800", "\x00", '"', "é", "|", "\n"])


def segment(words=256):
    """An empty segment of so many words."""
    made = memoryview(bytearray(words * 8))
    made.cast("Q")[USED] = HEADER_WORDS
    return made


def put(made, key, numbers):
    words = made.cast("Q")
    used = words[USED]
    first = write_record(words, used, key, len(numbers))
    made.cast("d")[first : first + len(numbers)] = memoryview(bytes(len(numbers) * 8)).cast("d")
    for at, number in enumerate(numbers):
        made.cast("d")[first + at] = number
    words[USED] = first + len(numbers)
    return first + len(numbers) - used


@given(kind=st.sampled_from("cgha"), name=TEXTS, shape=TEXTS, values=st.lists(TEXTS, max_size=4))
def test_a_key_comes_back_as_it_was(kind, name, shape, values):
    key = SeriesKey(kind, name, shape, tuple(values))
    assert SeriesKey.decode(key.encode()) == key


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'["c","n"]', b'["c","n",1]', b"\xff", b'["c","n","s",2]'])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        SeriesKey.decode(text)


@given(
    st.lists(
        st.tuples(st.binary(min_size=1, max_size=20), st.lists(st.floats(allow_nan=False), max_size=5)), max_size=6
    )
)
def test_records_come_back_in_order_and_take_the_words_that_were_told(written):
    made = segment()
    for key, numbers in written:
        assert put(made, key, numbers) == record_words(key, len(numbers))
    read = [(record.key, list(record.cells.cast("d")) if record.cells else []) for record in records(made)]
    assert read == written


def test_reading_goes_on_where_it_ended():
    made = segment()
    put(made, b"first", [1.0])
    (first,) = records(made)
    assert list(records(made, first.end)) == []
    put(made, b"second", [2.0])
    assert [record.key for record in records(made, first.end)] == [b"second"]


def test_cells_stay_live():
    made = segment()
    put(made, b"key", [1.0])
    (record,) = records(made)
    made.cast("d")[record.end - 1] = 5.0
    assert list(record.cells.cast("d")) == [5.0]


def test_a_record_that_is_not_in_use_yet_is_not_there():
    made = segment()
    put(made, b"whole", [1.0])
    words = made.cast("Q")
    write_record(words, words[USED], b"half", 1)
    assert [record.key for record in records(made)] == [b"whole"]


@pytest.mark.parametrize(("used", "whole"), [(5, 0), (6, 0), (7, 1), (8, 1)])
def test_words_in_use_that_cut_a_record_leave_it_out(used, whole):
    made = segment(16)
    put(made, b"whole", [1.0])
    put(made, b"longer than a word", [1.0, 2.0])
    made.cast("Q")[USED] = used
    assert len(list(records(made))) == whole


def test_words_in_use_beyond_the_segment_end_the_reading_at_its_end():
    made = segment(16)
    put(made, b"whole", [1.0])
    made.cast("Q")[USED] = 10_000
    assert max(record.end for record in records(made)) <= 16


def test_series_of_another_shape_have_another_key():
    catalog = Catalog()
    narrow = catalog.histogram("a_seconds", "A.", buckets=(1.0,), chart=SERVED).instrument
    wide = Catalog().histogram("a_seconds", "A.", buckets=(1.0, 2.0), chart=SERVED).instrument
    labelled = Catalog().histogram("a_seconds", "A.", buckets=(1.0,), labels=[Label("x", bound=1)], chart=SERVED)
    keys = {series_key(one, ()) for one in (narrow, wide, labelled.instrument)}
    assert len(keys) == 3
    assert {key.kind for key in keys} == {"h"}


@pytest.mark.parametrize("bounds", [(1.0,), (1.0, 2.0), tuple(map(float, range(1, 20)))])
def test_the_numbers_of_a_histogram_are_its_buckets_and_their_sum(bounds):
    assert counted_words("h", BoundHistogram.words(bounds)) == len(bounds) + 2
    assert counted_words("c", 5) == counted_words("g", 1) == 1


def test_what_is_reserved_and_not_written_yet_ends_the_reading():
    made = segment()
    put(made, b"whole", [1.0])
    made.cast("Q")[USED] += 3
    assert [record.key for record in records(made)] == [b"whole"]
