"""What an error means: its outcome, whether a repetition may help, and whether the peer may have seen the request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from exai_sre.outcome import Outcome

__all__ = ["DEFECT", "FAULT", "LATE", "REFUSED", "TRANSIENT", "UNREACHED", "Verdict"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The meaning of one error.

    Attributes:
        outcome: how the operation ended.
        retryable: whether the same request may succeed soon.
        sent: whether bytes of the request were sent; ``None`` where nobody can say.
        retry_after: seconds that the peer asked to wait; ``None`` where it did not.
    """

    outcome: Outcome
    retryable: bool
    sent: bool | None = None
    retry_after: float | None = None


TRANSIENT: Final = Verdict(Outcome.UPSTREAM_ERROR, retryable=True)
"""The peer fails and may answer the same request soon."""

FAULT: Final = Verdict(Outcome.UPSTREAM_ERROR, retryable=False)
"""The peer fails, and repeating does not help."""

REFUSED: Final = Verdict(Outcome.CLIENT_ERROR, retryable=False)
"""The request is at fault; any repetition is refused as well."""

UNREACHED: Final = Verdict(Outcome.UPSTREAM_ERROR, retryable=True, sent=False)
"""There was no connection: the peer has not seen the request."""

LATE: Final = Verdict(Outcome.TIMEOUT, retryable=True)
"""Our own time limit on the peer passed."""

DEFECT: Final = Verdict(Outcome.ERROR, retryable=False, sent=False)
"""We ask for what cannot be sent: our own fault."""
