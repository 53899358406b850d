"""Redaction as a ``logging.Filter``, for those who keep their own handlers and formatters."""

from __future__ import annotations

import logging
from typing import Any, Final

from exai_sre.logs.sanitize import Sanitizer, marker
from exai_sre.logs.sanitize.exception import raised_in, traceback_text
from exai_sre.logs.sanitize.rule import FAILED

__all__ = ["RedactionFilter"]

_TEXTS: Final = (
    *("name", "pathname", "filename", "module", "funcName", "threadName", "processName", "taskName"),
    *("stack_info", "message", "asctime"),
)
_NUMBERS: Final = ("levelno", "lineno", "created", "msecs", "relativeCreated", "thread", "process")
# What a record has by itself; anything else is a caller's ``extra``.
_OWN: Final = frozenset({"msg", "args", "exc_info", "exc_text", "levelname", *_TEXTS, *_NUMBERS})


class RedactionFilter(logging.Filter):
    """Takes the secrets out of log records; it lets every record pass.

    Add it to handlers, which see the records of every logger below them; a logger's own filters
    see only what is logged by that logger::

        for handler in logging.getLogger().handlers:
            handler.addFilter(RedactionFilter())

    It rewrites the record, which all later handlers share, and nothing that the caller handed
    in. A message without secrets keeps its template and arguments; another one is formatted
    first. An exception becomes text without local variables, for a handler that shows those
    shows what no rule can know.

    Args:
        sanitizer: what redacts; by default one that removes secrets and not personal data.
        keep_exceptions: leave an exception on the record where its traceback holds no secret,
            for handlers that send the exception itself. Such a handler must not show local variables.
    """

    def __init__(self, sanitizer: Sanitizer | None = None, *, keep_exceptions: bool = False) -> None:
        super().__init__()
        self._sanitizer = sanitizer or Sanitizer()
        self._keep_exceptions = keep_exceptions

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact ``record``; always true. Never raises: a part that cannot be looked at is taken out."""
        for part in (self._message, self._exception, self._texts, self._extra):
            try:
                part(record)
            except Exception:  # a faulty record must not break its caller, and not pass unseen
                _empty(record)
        return True

    def _message(self, record: logging.LogRecord) -> None:
        if not isinstance(record.msg, str):
            record.msg = self._sanitizer.redact(record.msg)
            if not record.args and not isinstance(record.msg, str) and _is_structured(record.msg):
                return
        arguments = self._sanitizer.redact(record.args) if record.args else record.args
        text = _formatted(record.msg, record.args)
        redacted = self._sanitizer.redact_text(text)
        if arguments is record.args and redacted is text and not text.endswith(_NOT_FORMATTED):
            return
        if arguments is not record.args:
            redacted = self._sanitizer.redact_text(_formatted(record.msg, arguments))
        record.msg, record.args = redacted, None

    def _exception(self, record: logging.LogRecord) -> None:
        error = raised_in(record.exc_info)
        text = record.exc_text or (traceback_text(error) if error is not None else "")
        redacted = self._sanitizer.redact_text(text)
        if text and not (self._keep_exceptions and redacted is text):
            record.exc_info, record.exc_text = None, redacted

    def _texts(self, record: logging.LogRecord) -> None:
        """The texts that every record has: a stack, the name of a thread, which may be that of a token."""
        for name in _TEXTS:
            text = getattr(record, name, None)
            if isinstance(text, str):
                setattr(record, name, self._sanitizer.redact_text(text))

    def _extra(self, record: logging.LogRecord) -> None:
        fields = record.__dict__
        extra = {name: value for name, value in fields.items() if name not in _OWN}
        redacted = self._sanitizer.redact(extra)
        if redacted is extra:
            return
        for (name, value), (new_name, new) in zip(extra.items(), redacted.items(), strict=True):
            if new_name != name:
                del fields[name]
            if new is not value or new_name != name:
                fields[new_name] = new


_NOT_FORMATTED: Final = " [not formatted]"


def _formatted(message: object, arguments: Any) -> str:
    """The text of a record; where the arguments do not fit, the message alone.

    They may not fit because one was redacted, a number for instance. Of those that never did,
    the standard library would print all to standard error, as they are.
    """
    text = str(message)
    if not arguments:
        return text
    try:
        return str(text % arguments)
    except Exception:
        return text + _NOT_FORMATTED


def _is_structured(message: object) -> bool:
    """Whether a message is an event that a formatter takes apart, as structlog's is, and not an object to print."""
    return isinstance(message, (dict, list, tuple))


def _empty(record: logging.LogRecord) -> None:
    """Leave nothing of what the caller said: where something failed, nobody has looked at the rest."""
    record.msg, record.args = marker(FAILED), None
    record.exc_info = record.exc_text = record.stack_info = None
    for name in [name for name in vars(record) if name not in _OWN or name == "message"]:
        delattr(record, name)
