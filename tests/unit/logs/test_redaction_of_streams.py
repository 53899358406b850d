"""Redaction of texts that come in pieces, and of lines of JSON by their structure."""

from __future__ import annotations

import json

import pytest

from exai_sre.logs.sanitize import Sanitizer, marker
from exai_sre.logs.sanitize.findings import Finding, findings_in, rules_in
from exai_sre.logs.sanitize.json_lines import JsonLines
from exai_sre.logs.sanitize.stream import BLOCK, StreamRedactor

TOKEN = "ghp_" + "aB3dE6gH9j" * 3 + "kL1mN4"
GONE = marker("github-token", len(TOKEN))
PEM = "-----BEGIN PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA7bq0zQ7rT2xK9mB4\n" * 20 + "-----END PRIVATE KEY-----\n"
SANITIZER = Sanitizer()
CLEAN = "2026-11-23T08:00:00Z info request served route=/v1/chat status=200 duration_ms=12\n"


def streamed(text: str, size: int, *, eager: bool = False) -> str:
    stream = StreamRedactor(SANITIZER.redact_text, eager=eager)
    given = "".join(stream.feed(text[at : at + size]) for at in range(0, len(text), size))
    return given + stream.finish()


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("size", [997, BLOCK, 65_536])
def test_the_size_of_the_pieces_makes_no_difference(size: int, eager: bool) -> None:
    lines = [CLEAN, f"got {TOKEN} back\n", CLEAN, "a\n\n", PEM, "password=hunter2horse&n=1\n"]
    text = "".join(lines[number % 7 % 6] for number in range(350)) + f"last {TOKEN}"
    redacted = streamed(text, size, eager=eager)
    assert TOKEN not in redacted
    assert "MIIEpAIBAAKCAQEA7bq0" not in redacted
    assert "hunter2horse" not in redacted
    assert redacted.count(CLEAN) == text.count(CLEAN)
    assert redacted.endswith(f"last {GONE}")
    assert redacted.count("-----END PRIVATE KEY-----\n") == text.count("-----END PRIVATE KEY-----\n")


def test_a_long_text_without_secrets_comes_out_as_it_is() -> None:
    assert streamed(CLEAN * 2000, 4096) == CLEAN * 2000
    line = ",".join(str(number) for number in range(40_000))
    assert streamed(line, 4096) == line


@pytest.mark.parametrize("place", [BLOCK - 20, BLOCK - 5, 2 * BLOCK - 17])
def test_a_secret_in_a_line_longer_than_a_block_goes_wherever_it_stands(place: int) -> None:
    text = "x," * (place // 2) + TOKEN + ",x" * BLOCK
    redacted = streamed(text, 4096)
    assert redacted == text.replace(TOKEN, GONE)


def test_of_a_secret_longer_than_all_bounds_nothing_is_given() -> None:
    stream = StreamRedactor(SANITIZER.redact_text)
    secret = "aB3dE6gH9jkL1mN4" * (BLOCK // 4)
    text = f"{CLEAN}Authorization: Bearer {secret} end\n{CLEAN}"
    redacted = "".join(stream.feed(text[at : at + 5000]) for at in range(0, len(text), 5000)) + stream.finish()
    assert "aB3dE6gH9jkL1mN4" not in redacted
    assert redacted.startswith(f"{CLEAN}Authorization: Bearer [REDACTED:")
    assert redacted.endswith(f"] end\n{CLEAN}")
    assert stream.thrown_away > BLOCK


def test_who_watches_gets_each_line_at_once() -> None:
    stream = StreamRedactor(SANITIZER.redact_text, eager=True)
    assert stream.feed("") == ""
    assert stream.feed("half a l") == ""
    assert stream.feed(f"ine {TOKEN}\nnext ") == f"half a line {GONE}\n"
    assert stream.feed("one\n") == "next one\n"


def test_a_line_waits_while_a_secret_can_go_on_in_the_next() -> None:
    stream = StreamRedactor(SANITIZER.redact_text, eager=True)
    given = [stream.feed(line) for line in (f"{PEM}after\n").splitlines(keepends=True)]
    assert "MII" not in "".join(given)
    assert given[0] in ("", "-----BEGIN PRIVATE KEY-----\n")
    assert given[1:-2] == [""] * (len(given) - 3)
    assert "".join(given).endswith("-----END PRIVATE KEY-----\nafter\n")
    stream = StreamRedactor(SANITIZER.redact_text, eager=True)
    assert stream.feed("<password>\n") == ""
    assert "hunter2horse" not in stream.feed("    hunter2horse\n") + stream.finish()


def test_each_piece_is_shown_as_it_came_and_as_it_is_given() -> None:
    seen: list[tuple[str, str]] = []
    stream = StreamRedactor(SANITIZER.redact_text, seen=lambda text, redacted: seen.append((text, redacted)))
    text = f"{CLEAN}{TOKEN}\n" * 700
    given = stream.feed(text) + stream.finish()
    assert "".join(text for text, _ in seen) == text
    assert "".join(redacted for _, redacted in seen) == given


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"pin_password":1234,"n":[1,2]}', '{"pin_password":"[REDACTED:key]","n":[1,2]}'),
        ('{"a": 1, "cookies": ["x"], "é": null}', '{"a": 1, "cookies": "[REDACTED:key]", "é": null}'),
        ('[{"client_secret":{"a":"b"}}]', '[{"client_secret":"[REDACTED:key]"}]'),
        ('{"secret": {"a": 1}}\r', '{"secret": "[REDACTED:key]"}\r'),
        ('{"a" :1.10}', '{"a" :1.10}'),
        (f'{{"t" :"{TOKEN}", "n":1.10}}', f'{{"t" :"{GONE}", "n":1.10}}'),
        ("{not json", "{not json"),
        ("[" * 3000, "[" * 3000),
        ("plain password", "plain password"),
        ("", ""),
    ],
)
def test_only_lines_whose_structure_tells_more_are_written_anew(line: str, expected: str) -> None:
    seen: list[int] = []
    lines = JsonLines(SANITIZER.redact, SANITIZER.redact_text, seen=lambda _line, _written, number: seen.append(number))
    assert lines.feed(f"a\n{line}\n{line}") == f"a\n{expected}\n"
    assert lines.finish() == expected
    assert seen == ([2, 3] if line != expected else [])


def test_nobody_has_to_look_at_the_lines_that_change() -> None:
    lines = JsonLines(SANITIZER.redact, SANITIZER.redact_text)
    assert lines.feed('{"cookies":[1]}\n') == '{"cookies":"[REDACTED:key]"}\n'


def test_what_is_too_long_to_be_a_line_passes() -> None:
    lines = JsonLines(SANITIZER.redact, SANITIZER.redact_text)
    text = json.dumps({"a": ["b"] * 40_000})
    assert lines.feed(text[:100_000]) == text[:100_000]
    assert lines.feed(text[100_000:] + "\n") + lines.finish() == text[100_000:] + "\n"


@pytest.mark.parametrize(
    "stream", [JsonLines(lambda value: value, str), StreamRedactor(str), StreamRedactor(str, eager=True)]
)
def test_nothing_gives_nothing(stream: JsonLines | StreamRedactor) -> None:
    assert stream.feed("") + stream.finish() == ""


def test_findings_tell_the_line_in_which_each_began() -> None:
    text = f"a\nb {TOKEN}\n{GONE}\npassword=hunter2horse {TOKEN}\n{PEM}\n{TOKEN}"
    redacted = SANITIZER.redact_text(text)
    assert list(findings_in(text, redacted, 10)) == [
        Finding(11, "github-token"),
        Finding(13, "key-value"),
        Finding(13, "github-token"),
        Finding(15, "private-key"),
        Finding(37, "github-token"),
    ]
    assert rules_in(redacted) == {"github-token": 4, "key-value": 1, "private-key": 1}


def test_a_text_that_cannot_be_aligned_is_still_counted() -> None:
    assert list(findings_in("abc", "x[REDACTED:a:8+]y[REDACTED:b]")) == [Finding(1, "a"), Finding(1, "b")]
