"""One judgement of exceptions for breakers, retries and pipelines."""

from __future__ import annotations

import asyncio
import errno
import pickle
import socket

import pytest

from exai_sre.context import deadline_at
from exai_sre.outcome import Outcome
from exai_sre.resilience import (
    BreakerOpen,
    BulkheadFull,
    Classified,
    DeadlineExceeded,
    OptionError,
    UnsupportedForm,
    outcome_in_time,
    outcome_of,
)
from exai_sre.resilience.classify import is_repeatable, retry_after_of


class Tagged(Exception):
    def __init__(self, outcome, retry_after=None):
        self.outcome = outcome
        self.retry_after = retry_after
        super().__init__()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Tagged(Outcome.CLIENT_ERROR), "client_error"),
        (Tagged("no outcome"), "error"),
        (asyncio.CancelledError(), "cancelled"),
        (KeyboardInterrupt(), "cancelled"),
        (GeneratorExit(), "cancelled"),
        (TimeoutError(), "timeout"),
        (DeadlineExceeded(1.0), "timeout"),
        (BreakerOpen("b", 1.0), "upstream_error"),
        (BulkheadFull(1, 0), "overload"),
        (ConnectionResetError(), "upstream_error"),
        (OSError(), "error"),
        (ValueError(), "error"),
        (UnsupportedForm("x"), "error"),
    ],
)
def test_an_exception_has_one_outcome(error, outcome):
    assert outcome_of(error) == outcome


@pytest.mark.parametrize(
    "error",
    [FileExistsError(), FileNotFoundError(), IsADirectoryError(), NotADirectoryError(), PermissionError()],
)
def test_a_local_fault_that_no_repetition_mends_is_not_repeated(error):
    assert not is_repeatable(error)


def test_an_unreachable_peer_is_asked_again():
    assert is_repeatable(OSError(errno.EHOSTUNREACH, "no route to host"))
    assert is_repeatable(socket.gaierror(socket.EAI_AGAIN, "try again"))
    assert is_repeatable(ConnectionRefusedError())
    assert is_repeatable(TimeoutError())
    assert not is_repeatable(ValueError())


def test_an_outcome_of_its_own_decides_whether_an_error_is_repeated():
    class NoSocket(FileNotFoundError):
        outcome = Outcome.UPSTREAM_ERROR

    class Refused(OSError):
        outcome = Outcome.CLIENT_ERROR

    assert is_repeatable(NoSocket())
    assert not is_repeatable(Refused())


@pytest.mark.parametrize(
    ("value", "seconds"), [(3, 3.0), (0, 0.0), (-1, None), (None, None), ("3", None), (float("nan"), None)]
)
def test_only_a_number_of_seconds_is_a_retry_after(value, seconds):
    assert retry_after_of(Tagged(Outcome.OVERLOAD, value)) == seconds


def test_an_exception_that_knows_its_outcome_is_classified():
    assert isinstance(Tagged(Outcome.OK), Classified)
    assert isinstance(BreakerOpen("b", 1.0), Classified)
    assert not isinstance(ValueError(), Classified)


def test_a_cancellation_at_the_deadline_is_a_timeout_and_another_is_not():
    assert outcome_in_time(asyncio.CancelledError(), 5.0) == "cancelled"
    with deadline_at(5.0):
        assert outcome_in_time(asyncio.CancelledError(), 4.9) == "cancelled"
        assert outcome_in_time(asyncio.CancelledError(), 5.0) == "timeout"
        assert outcome_in_time(ValueError(), 5.0) == "error"


@pytest.mark.parametrize(
    "error",
    [
        BreakerOpen("b", 1.5),
        BulkheadFull(2, 1),
        DeadlineExceeded(3.0, started=False),
        OptionError("limit", 0, "is too small"),
        UnsupportedForm("a generator"),
    ],
)
def test_errors_cross_process_boundaries(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
