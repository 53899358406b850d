"""What an upstream of the simulator shall do wrong, as it is set through ``POST /control``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from exai_sre.errors import SettingError

__all__ = ["Fault"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A scripted misbehaviour; all fields at their defaults is none.

    Attributes:
        error_rate: share of requests that fail, 0..1. With ``hang``, ``malformed`` or
            ``cut_after`` it is the share that they befall; 0 then means all.
        status: HTTP status of a failure.
        code: the vendor's code in its body; empty for the one that goes with ``status``.
        retry_after: seconds in a ``Retry-After`` header of a failure; ``None`` sends none.
        latency: median seconds of an answer; ``None`` keeps the normal ones.
        first_chunk: median seconds to the first chunk of a stream, where it is to come later than its
            usual share of the answer; ``None`` keeps that share.
        hang: take the request and never answer.
        malformed: answer by something that is no answer.
        cut_after: close the connection after so many chunks of a stream; ``None`` does not.
    """

    error_rate: float = 0.0
    status: int = 503
    code: str = ""
    retry_after: float | None = None
    latency: float | None = None
    first_chunk: float | None = None
    hang: bool = False
    malformed: bool = False
    cut_after: int | None = None

    @property
    def share(self) -> float:
        """Share of requests that this fault befalls, slowness aside."""
        if self.hang or self.malformed or self.cut_after is not None:
            return self.error_rate or 1.0
        return self.error_rate

    @classmethod
    def parse(cls, fields_: Mapping[str, Any]) -> Fault:
        """Read the fields of a control message.

        Raises:
            SettingError: an unknown field or a value out of range.
        """
        known = {field.name for field in fields(cls)}
        for name, value in fields_.items():
            if name not in known:
                raise SettingError(name, str(value), "is no field of a fault", remedy=f"one of {sorted(known)}")
            if not _fits(name, value):
                raise SettingError(name, str(value), "is of the wrong type or out of range")
        return cls(**fields_)

    def to_json(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return asdict(self)


def _fits(name: str, value: object) -> bool:
    if name in ("hang", "malformed"):
        return isinstance(value, bool)
    if name == "code":
        return isinstance(value, str)
    if name == "status":
        return isinstance(value, int) and 400 <= value <= 599
    if value is None:
        return name in ("retry_after", "latency", "first_chunk", "cut_after")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if name == "cut_after":
        return isinstance(value, int) and value >= 0
    return 0 <= value <= (1 if name == "error_rate" else 3600)
