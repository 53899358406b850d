"""Nobody forges a log: N events are N lines in every renderer, and a line decodes to what was logged."""

from __future__ import annotations

import io
import json
import re
import unicodedata

import pytest
import structlog
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exai_sre.logs import Sanitizer, configure_logging, get_logger, shutdown_logging
from exai_sre.logs.renderers import RENDERERS, renderer_for

EVERYTHING = "".join(map(chr, range(0x110000)))
HIDING = (
    *"\u00ad\u061c\u180e\u200b\u200e\u200f\ufeff\ufff9\ufffa\ufffb",
    *map(chr, [*range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xE0000, 0xE0080)]),
)
CONTROLS = (character for character in EVERYTHING if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"))
DANGEROUS = re.compile(f"[{re.escape(''.join((*CONTROLS, *HIDING)))}]")
SANITIZER = Sanitizer()
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
NASTY = st.one_of(
    ANY_TEXT,
    st.sampled_from(
        [
            *(
                "a\nb",
                "a\r\nb",
                "\x1b[2K\rlevel=info",
                "\x85",
                "\u2028",
                "\u202eevil",
                "\ud800",
                "\x00",
                "\x7f",
                "\x9b31m",
            ),
            *('" level=error x="', "\\", '\\"', "a=b", "", " ", "null", "\\n", "\\u000a", "'", "\U000e0041", "é 漢 😀"),
        ]
    ),
)
EVENTS = st.lists(st.tuples(NASTY, st.dictionaries(NASTY, NASTY, max_size=3)), min_size=1, max_size=4)
FIRST = {"ts": "2026-01-01T00:00:00.000000Z", "level": "info"}


def decoded(line: str) -> dict[str, str]:
    """A logfmt line as a reader sees it who knows bare words and quoted JSON strings, written for this test."""
    fields: dict[str, str] = {}
    rest = line
    while rest:
        match = re.match(r'([^\s="]+)=("(?:[^"\\]|\\.)*"|[^\s"=]*)(?: |$)', rest)
        assert match, rest
        key, value = match.groups()
        assert key not in fields, line
        fields[key] = json.loads(value) if value.startswith('"') else value
        rest = rest[match.end() :]
    return fields


@pytest.mark.parametrize("name", RENDERERS)
def test_no_character_of_all_unicode_ends_a_line_turns_text_around_or_hides(name: str) -> None:
    render = renderer_for(name)
    for start in range(0, len(EVERYTHING), 0x8000):
        text = EVERYTHING[start : start + 0x8000]
        line = render(None, "info", {**FIRST, "event": text, "field": text, text: 1, "nested": {text: [text]}})
        line.encode("utf-8")
        assert len(line.splitlines()) == 1
        assert DANGEROUS.search(line) is None


@settings(max_examples=150, deadline=None)
@given(EVENTS)
@example([("all\nwell", {"level": "error\r\n", "a b": "c"})])
def test_n_events_are_n_lines(events: list[tuple[str, dict[str, str]]]) -> None:
    for name in RENDERERS:
        render = renderer_for(name)
        text = "".join(render(None, "info", {**FIRST, "event": said, **fields}) + "\n" for said, fields in events)
        assert len(text.splitlines()) == len(events) == text.count("\n")


@settings(max_examples=150, deadline=None)
@given(NASTY, st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), NASTY, max_size=4))
def test_a_logfmt_line_decodes_to_what_was_logged(said: str, fields: dict[str, str]) -> None:
    line = renderer_for("logfmt")(None, "info", {"event": said, **fields})
    assert decoded(line) == {"event": said, **fields}


@settings(max_examples=150, deadline=None)
@given(NASTY, st.dictionaries(NASTY, NASTY, max_size=4))
def test_a_json_line_decodes_to_what_was_logged(said: str, fields: dict[str, str]) -> None:
    event = {"event": said, **fields}
    assert json.loads(renderer_for("json")(None, "info", event)) == event


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.one_of(NASTY, st.sampled_from(["level", "trace id", "lev=el", "ts\n"])), NASTY, max_size=4))
def test_no_key_can_pass_for_a_field_of_another_name(fields: dict[str, str]) -> None:
    given_keys = {**FIRST, "event": "e", **fields}
    for key, value in decoded(renderer_for("logfmt")(None, "info", given_keys)).items():
        if key in given_keys:
            assert value == given_keys[key]
        else:
            assert key.endswith("_")


@settings(max_examples=100, deadline=None)
@given(NASTY, NASTY, NASTY, st.booleans())
def test_a_console_line_keeps_time_level_event_and_fields_apart(
    time: str, level: str, said: str, colours: bool
) -> None:
    render = renderer_for("console", colours=colours)
    line = render(None, "info", {"ts": time, "level": level, "event": said, "f": said})
    assert len(line.splitlines()) == 1
    assert line.count("\x1b") == (2 if colours else 0)
    event = line.rpartition(" f=")[0]
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", re.sub(r"\x1b\[\d*m", "", event))
    assert not set(bare) & set("=\"'\\")


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(RENDERERS), EVENTS)
def test_n_calls_of_a_logger_are_n_lines_in_the_stream(name: str, events: list[tuple[str, dict[str, str]]]) -> None:
    stream = io.StringIO()
    configure_logging("svc", name, stream=stream, sanitizer=SANITIZER)
    try:
        log = get_logger("a\nb")
        for said, fields in events:
            log.info(said, **{key: value for key, value in fields.items() if key != "event"})
    finally:
        shutdown_logging()
        structlog.reset_defaults()
    assert len(stream.getvalue().splitlines()) == len(events)
