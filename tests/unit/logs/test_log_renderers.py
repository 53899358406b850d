"""Renderers and the data that they render."""

from __future__ import annotations

import builtins
import dataclasses
import datetime
import json
from typing import Any

import pydantic
import pytest

from exai_sre.errors import SettingError
from exai_sre.logs.escape import escape, escape_json
from exai_sre.logs.plain import plain
from exai_sre.logs.renderers import RENDERERS, renderer_for

LINE = {"ts": "2026-01-01T00:00:00Z", "level": "info", "event": "hello", "service": "svc"}


def render(name: str, **fields: Any) -> str:
    return renderer_for(name)(None, "info", {**LINE, **fields})


@pytest.mark.parametrize("name", RENDERERS)
def test_no_character_of_unicode_can_start_a_line_or_turn_the_text_around(name: str) -> None:
    everything = "".join(map(chr, [*range(0x3000), 0xFEFF, 0xD800, 0xDFFF]))
    line = render(name, **{"event": everything, "field": everything, everything[:0x3000]: 1, "": 2})
    assert len(line.splitlines()) == 1
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in line)
    assert not set(line) & set("\u2028\u2029\u200e\u200f\u061c\ufeff\ud800\udfff\u202a\u202e\u2066\u2069")
    line.encode("utf-8")


def test_a_json_line_means_what_was_logged() -> None:
    said = 'a "b" \\ \x1b[31m \u2028 \u202e é 漢\x7f'
    assert json.loads(render("json", event=said, number=2**70, none=None)) == {
        **LINE,
        "event": said,
        "number": 2**70,
        "none": None,
    }


def test_without_orjson_the_lines_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"a": "é\x7f", "b": [1, 2.5, None, True], "c": {"d": "\n"}}
    quick = render("json", **fields)
    imported = builtins.__import__

    def without_orjson(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "orjson":
            raise ModuleNotFoundError(name=name)
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_orjson)
    assert render("json", **fields) == quick


def test_a_logfmt_value_cannot_be_taken_for_several() -> None:
    line = render("logfmt", a="x level=error", b='say "hi"', c="C:\\dir", d="", e="one", f=None, g=True, h=False, i=[1])
    assert line.endswith('a="x level=error" b="say \\"hi\\"" c="C:\\\\dir" d="" e=one f=null g=true h=false i=[1]')


def test_a_console_line_is_for_people() -> None:
    line = render("console", event="all went well", tool="chat")
    assert line == "2026-01-01T00:00:00Z info     all went well                tool=chat"
    assert 'event "user=admin"' not in line
    assert '"user=admin"' in render("console", event="user=admin")


def test_time_and_level_of_the_console_are_one_word_each_whoever_set_them() -> None:
    line = render("console", ts="2026 info all well", level="info \n")
    assert line.startswith('"2026 info all well" "info \\n" ')


def test_a_key_that_was_changed_cannot_pass_for_a_field_of_that_name() -> None:
    line = render("logfmt", **{"trace id": "forged", "trace_id_": "mine", "e=f": 1, "": 2})
    assert line.endswith("trace_id_=forged trace_id__=mine e_f_=1 _=2")


def test_a_caller_of_a_renderer_may_hand_in_what_is_no_json() -> None:
    event = {"event": "x", "set": {1}, "bytes": b"\xff", 1: "number", "error": ValueError("bad")}
    line = renderer_for("json")(None, "info", event)  # type: ignore[arg-type]
    assert json.loads(line) == {"event": "x", "set": [1], "bytes": "\\xff", "1": "number", "error": "bad"}
    assert "set=[1]" in renderer_for("logfmt")(None, "info", event)  # type: ignore[arg-type]


def test_colours_come_from_the_renderer_and_never_from_the_text() -> None:
    coloured = renderer_for("console", colours=True)
    line = coloured(None, "info", {**LINE, "event": "\x1b[31mred"})
    assert line.count("\x1b") == 2
    assert "\x1b[31m" in coloured(None, "info", {**LINE, "level": "critical"})


def test_an_unknown_renderer_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(SettingError, match=r"renderer='xml'.*json, console, logfmt"):
        renderer_for("xml")


def test_a_text_without_unsafe_characters_comes_back_as_the_same_object() -> None:
    text = "plain é 漢 😀"
    assert escape(text) is text
    assert escape_json(text) is text
    assert escape("a\nb\tc\r\x00") == "a\\nb\\tc\\r\\u0000"


@dataclasses.dataclass
class Box:
    n: int


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    n: int


class Level(int):
    pass


class Name(str):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (1.5, 1.5),
        ((1, {2}), [1, [2]]),
        ({1: {"a": None}}, {"1": {"a": None}}),
        (Box(1), {"n": 1}),
        (Box, "<class 'test_log_renderers.Box'>"),
        (Model.model_validate({"n": 1, "m": 2}), {"n": 1, "m": 2}),
        (b"a\xff", "a\\xff"),
        (ValueError("bad"), "bad"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (Level(3), 3),
        (Name("x"), "x"),
        (3j, "3j"),
    ],
)
def test_any_value_becomes_json_ready_data(value: Any, expected: Any) -> None:
    if isinstance(value, type):
        expected = repr(value)
    assert plain(value) == expected
    json.dumps(plain(value))


def test_what_is_secret_by_its_type_is_not_shown() -> None:
    assert plain({"a": pydantic.SecretStr("hunter2")}) == {"a": "***"}


class Unreadable:
    def __repr__(self) -> str:
        raise RuntimeError


def test_what_cannot_be_read_is_named_by_its_type() -> None:
    assert plain([Unreadable(), 1]) == ["<unreadable: Unreadable>", 1]


def test_what_contains_itself_is_left_out_in_a_bounded_time() -> None:
    circle: list[Any] = []
    circle += [circle, circle, circle]
    assert len(json.dumps(plain(circle))) < 300_000


def test_what_is_nested_too_deeply_is_left_out() -> None:
    deep: Any = "x"
    for _ in range(100):
        deep = [deep]
    assert '"..."' in json.dumps(plain(deep))
