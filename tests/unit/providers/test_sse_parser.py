from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.providers.sse import MAX_EVENT_BYTES, SseOverflow, SseParser


def events(*pieces: bytes) -> list[str]:
    parser = SseParser()
    return [event for piece in pieces for event in parser.feed(piece)]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\n", ["a"]),
        (b"data:a\n\n", ["a"]),
        (b"data:  a\n\n", [" a"]),
        (b"data: a\r\n\r\n", ["a"]),
        (b"data: a\r\rdata: b\r\r", ["a", "b"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b": keep-alive\n\ndata: a\n\n", ["a"]),
        (b"event: x\nid: 7\nretry: 10\ndata: a\n\n", ["a"]),
        (b"data\n\n", [""]),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"data: cut off\n", []),
        (b"datax: a\n\n", []),
        (b"\n\n\n", []),
        (b"data: \xff\n\n", ["�"]),
    ],
)
def test_a_stream_yields_the_events_of_the_specification(stream: bytes, expected: list[str]) -> None:
    assert events(stream) == expected


def test_a_line_end_split_between_cr_and_lf_ends_one_line() -> None:
    assert events(b"data: a\r", b"", b"\ndata: b\r", b"\n\r", b"\n") == ["a\nb"]


def test_an_event_that_never_ends_is_refused_instead_of_kept() -> None:
    line = b"data: " + b"x" * (MAX_EVENT_BYTES // 10) + b"\n"
    with pytest.raises(SseOverflow, match=str(MAX_EVENT_BYTES)):
        events(*(line for _ in range(20)))
    with pytest.raises(SseOverflow):
        events(b"x" * MAX_EVENT_BYTES, b"x")


def test_many_events_together_may_exceed_the_bound_of_one() -> None:
    parser = SseParser()
    event = b"data: " + b"x" * (MAX_EVENT_BYTES // 2) + b"\n\n"
    assert sum(len(list(parser.feed(event))) for _ in range(4)) == 4


line_ends = st.sampled_from([b"\n", b"\r", b"\r\n"])
texts = st.lists(st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), max_size=12))


@settings(max_examples=100, deadline=None)
@given(payloads=st.lists(texts.filter(bool), max_size=5), end=line_ends, data=st.data())
def test_any_split_of_the_bytes_yields_the_same_events(
    payloads: list[list[str]], end: bytes, data: st.DataObject
) -> None:
    stream = b"".join(b"".join(b"data: " + line.encode() + end for line in payload) + end for payload in payloads)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    assert events(*pieces) == ["\n".join(payload) for payload in payloads]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=10))
def test_arbitrary_bytes_never_break_the_parser_and_depend_on_no_boundary(pieces: list[bytes]) -> None:
    assert events(*pieces) == events(b"".join(pieces))
