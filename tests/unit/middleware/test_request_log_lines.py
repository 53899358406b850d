"""One line per request: level by outcome, arguments redacted and bounded."""

import pytest

from exai_sre.middleware.request_logging import summarise, write_line
from exai_sre.outcome import Outcome


class Lines:
    """A logger that keeps (level, event, fields)."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, object]]] = []

    def __getattr__(self, level: str):
        return lambda event, **fields: self.lines.append((level, event, fields))


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
    assert summarise({}, str) is None
    assert summarise(None, None) is None


def test_arguments_are_redacted_before_they_are_cut():
    summary = summarise({"key": "sk-" + "x" * 300, "n": [1, (2.5, None)]}, lambda text: text.replace("x" * 300, "***"))
    assert summary == '{"key":"sk-***","n":[1,[2.5,null]]}'


def test_a_summary_is_at_most_256_characters():
    summary = summarise({"key": "y" * 5000}, lambda text: text)
    assert summary is not None
    assert len(summary) == 256
    assert summary.endswith("...")


def test_without_a_redaction_only_names_and_shapes_are_given():
    assert summarise({"prompt": "secret", "n": 3, "list": [1, 2]}, None) == "prompt: str(6), n: int, list: list(2)"
    assert summarise("secret", None) == "str(6)"


def test_a_redaction_that_fails_lets_no_value_through():
    def broken(text: str) -> str:
        raise ValueError(text)

    assert summarise({"prompt": "secret"}, broken) == "prompt: str(6)"


def test_huge_and_deep_arguments_are_bounded_before_they_are_scanned():
    scanned: list[int] = []

    def redact(text: str) -> str:
        scanned.append(len(text))
        return text

    deep: dict[str, object] = {"x": object()}
    for _ in range(100):
        deep = {"x": deep}
    assert summarise(deep, redact) == '{"x":{"x":{"x":{"x":"..."}}}}'
    summarise({f"k{n}": "v" * 100_000 for n in range(1000)}, redact)
    assert max(scanned) <= 16_384
    assert summarise({"x": object()}, redact) == '{"x":"object"}'
