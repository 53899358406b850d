"""One line per request: level by outcome, arguments redacted and bounded."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from exai_sre.logs import Sanitizer, configure_logging, shutdown_logging
from exai_sre.logs.loggers import LevelledLogger
from exai_sre.middleware.request_logging import summarise, write_line
from exai_sre.outcome import Outcome


class Lines:
    """A logger that keeps (level, event, fields)."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, object]]] = []

    def __getattr__(self, level: str):
        return lambda event, **fields: self.lines.append((level, event, fields))


class Redaction:
    """A sanitizer of texts alone."""

    def __init__(self, redact_text: Callable[[str], str]) -> None:
        self._redact_text = redact_text

    def redact(self, event: Any) -> Any:
        return event

    def redact_text(self, text: str) -> str:
        return self._redact_text(text)


SAME = Redaction(lambda text: text)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    yield io.StringIO()
    shutdown_logging()
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("outcome", "quiet", "level"),
    [
        (Outcome.OK, False, "info"),
        (Outcome.OK, True, "debug"),
        (Outcome.CLIENT_ERROR, False, "info"),
        (Outcome.CANCELLED, True, "debug"),
        (Outcome.ERROR, True, "error"),
        (Outcome.UPSTREAM_ERROR, False, "warning"),
        (Outcome.TIMEOUT, False, "warning"),
        (Outcome.OVERLOAD, True, "warning"),
    ],
)
def test_the_outcome_sets_the_level_and_quiet_hides_only_what_ended_well(outcome, quiet, level):
    logger = Lines()
    write_line(logger, "event", outcome, {"a": 1, "b": None}, quiet=quiet)
    assert logger.lines == [(level, "event", {"a": 1})]


def test_no_arguments_give_no_summary():
    assert summarise({}, SAME) is None
    assert summarise(None, None) is None


def test_arguments_are_redacted_before_they_are_cut():
    redaction = Redaction(lambda text: text.replace("x" * 300, "***"))
    summary = summarise({"key": "sk-" + "x" * 300, "n": [1, (2.5, None)]}, redaction)
    assert summary == '{"key":"sk-***","n":[1,[2.5,null]]}'


def test_a_summary_is_at_most_256_characters():
    summary = summarise({"key": "y" * 5000}, SAME)
    assert summary is not None
    assert len(summary) == 256
    assert summary.endswith("...")


def test_without_a_redaction_only_names_and_shapes_are_given():
    assert summarise({"prompt": "secret", "n": 3, "list": [1, 2]}, None) == "prompt: str(6), n: int, list: list(2)"
    assert summarise("secret", None) == "str(6)"


def test_a_redaction_that_fails_lets_no_value_through():
    def broken(text: str) -> str:
        raise ValueError(text)

    assert summarise({"prompt": "secret"}, Redaction(broken)) == "prompt: str(6)"


def test_huge_and_deep_arguments_are_bounded_before_they_are_scanned():
    scanned: list[int] = []

    def redact_text(text: str) -> str:
        scanned.append(len(text))
        return text

    redaction = Redaction(redact_text)

    deep: dict[str, object] = {"x": object()}
    for _ in range(100):
        deep = {"x": deep}
    assert summarise(deep, redaction) == '{"x":{"x":{"x":{"x":"..."}}}}'
    summarise({f"k{n}": "v" * 100_000 for n in range(1000)}, redaction)
    assert max(scanned) <= 16_384
    assert summarise({"x": object()}, redaction) == '{"x":"object"}'


@pytest.mark.parametrize(
    ("arguments", "secret"),
    [
        ({"credentials": {"user": "bob", "value": "hunter2"}}, "hunter2"),
        ({"password": ["hunter2"]}, "hunter2"),
        ({"api_key": {"value": "qwerty77"}}, "qwerty77"),
        ({"cookies": {"sid": "abc"}}, "abc"),
        ({"token": "hunter2"}, "hunter2"),
        ({"options": [{"password": {"now": "hunter2"}}]}, "hunter2"),
        ({"x" * 64 + "_password": ["hunter2"]}, "hunter2"),
        ({"x" * 16_384 + "_password": ["hunter2"]}, "hunter2"),
    ],
)
def test_a_secret_nested_under_a_telling_name_stays_out_of_the_line(arguments, secret):
    summary = summarise({**arguments, "n": 1}, Sanitizer())
    assert summary is not None
    assert secret not in summary


def test_what_is_no_secret_stays_readable_beside_one():
    arguments = {"prompt": "why?", "limit": 3, "login": {"password": ["hunter2"], "user": "bob"}}
    expected = '{"prompt":"why?","limit":3,"login":{"password":"[REDACTED:key]","user":"bob"}}'
    assert summarise(arguments, Sanitizer()) == expected


def test_names_are_cut_only_after_they_were_judged():
    assert summarise({"n" * 100: 1}, SAME) == f'{{"{"n" * 64}":1}}'


def test_a_structure_is_bounded_before_it_is_redacted():
    seen: list[Any] = []

    class Witness(Redaction):
        def redact(self, event: Any) -> Any:
            seen.append(event)
            return event

    def characters(value: Any) -> int:
        if isinstance(value, dict):
            return sum(len(name) + characters(item) for name, item in value.items())
        return sum(map(characters, value)) if isinstance(value, list) else len(str(value))

    wide: Any = "v" * 1000
    for _ in range(4):
        wide = [wide] * 1000
    for arguments in (wide, {f"k{n}": "v" * 100_000 for n in range(1000)}, {"n" * 100_000: "v" * 100_000}):
        assert summarise(arguments, Witness(lambda text: text)) is not None
    # Parts left out are told by three dots each.
    assert max(map(characters, seen)) <= 16_384 + 4 * 32 * 3


def test_a_logger_of_the_users_own_keeps_its_ways(stream):
    """Only the configured class itself is given its fields in a dict."""

    class Own(LevelledLogger):
        def info(self, event: str, **fields: Any) -> Any:
            return super().info(event, team="mine", **fields)

    configure_logging("svc", stream=stream, sanitizer=Sanitizer())
    structlog.configure(wrapper_class=Own)
    write_line(structlog.get_logger("own").bind(), "event", Outcome.OK, {"x": 1})
    shutdown_logging()
    assert '"team":"mine"' in stream.getvalue()
