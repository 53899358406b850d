"""What the values of a label say about how a request ended: status codes, their classes, words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from exai_sre.outcome import Outcome

__all__ = ["Form", "Side", "Verdicts", "form_of", "verdicts"]

Side = Literal["server", "client"]
"""Who counts: the one that answers requests, or the one that sends them."""

Form = Literal["exact", "classes", "digits", "outcomes", "error-type"]
"""How an ending is written: ``503``, ``5xx``, ``5``, a word such as ``timeout``, or a text that only failures have."""

_FORMS: Final[tuple[tuple[Form, re.Pattern[str]], ...]] = (
    ("exact", re.compile(r"[1-5]\d\d", re.ASCII)),
    ("classes", re.compile(r"[1-5]xx", re.ASCII)),
    ("digits", re.compile(r"[1-5]", re.ASCII)),
    ("outcomes", re.compile("|".join(outcome.value for outcome in Outcome))),
)
_BAD: Final = tuple(outcome.value for outcome in Outcome if outcome.bad)
_EXCLUDED: Final = tuple(outcome.value for outcome in Outcome if outcome.excluded)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Which values of a label are bad endings, and which are none of the service's business.

    Attributes:
        bad: values of bad events, or with ``negated`` those of good ones.
        negated: whether every value but ``bad`` is bad.
        excluded: values of events that are not counted at all.
        why: what to know about it, one sentence each.
    """

    bad: tuple[str, ...]
    negated: bool = False
    excluded: tuple[str, ...] = ()
    why: tuple[str, ...] = ()


_LEFT_OUT: Final = "Client errors (4xx) are in neither count: the caller caused them, and can cause any number."
_ANSWERED: Final = (
    "Client errors (4xx) are answers, so they count as good, but for 429: the other side refuses to serve us."
)
_NO_STATUS: Final = {
    "server": "An empty status is bad: a request that ended in an exception may leave no status behind.",
    "client": "An empty status is bad: a refused connection or a timeout brings no answer, so no status.",
}
_CLASSES: Final = "The label holds classes (5xx), so a condition on 500 or on 5.. in digits would match nothing."

_VERDICTS: Final[dict[tuple[Form, Side], Verdicts]] = {
    ("exact", "server"): Verdicts(("", "5.."), excluded=("4..",), why=(_NO_STATUS["server"], _LEFT_OUT)),
    ("exact", "client"): Verdicts(("", "429", "5.."), why=(_NO_STATUS["client"], _ANSWERED)),
    ("classes", "server"): Verdicts(("5xx",), excluded=("4xx",), why=(_CLASSES, _LEFT_OUT)),
    ("classes", "client"): Verdicts(("5xx",), why=(_CLASSES,)),
    ("digits", "server"): Verdicts(("5",), excluded=("4",), why=(_LEFT_OUT,)),
    ("digits", "client"): Verdicts(("5",)),
    ("outcomes", "server"): Verdicts(_BAD, excluded=_EXCLUDED),
    ("outcomes", "client"): Verdicts(_BAD, excluded=_EXCLUDED),
    ("error-type", "server"): Verdicts(("",), negated=True, why=("Only what failed has an error type.",)),
    ("error-type", "client"): Verdicts(("",), negated=True, why=("Only what failed has an error type.",)),
}


def verdicts(form: Form, side: Side) -> Verdicts:
    """The judgement over endings written in a form, as the counting side sees them."""
    return _VERDICTS[form, side]


def form_of(values: Iterable[str]) -> Form | None:
    """The form in which these values are written; ``None`` where they are of none or of several."""
    written = [value for value in values if value]
    return next(
        (form for form, pattern in _FORMS if written and all(pattern.fullmatch(value) for value in written)), None
    )
