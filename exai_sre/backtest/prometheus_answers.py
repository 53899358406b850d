"""What Prometheus's HTTP API answers, as plain values: parsed without guessing, without I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from exai_sre.backtest.prometheus_errors import PrometheusError, PrometheusFailure

__all__ = ["Answer", "Sample", "Series", "parse_answer", "parse_matrix", "parse_vector"]

T = TypeVar("T")

_QUOTED = 200


class Sample(NamedTuple):
    """One series of an instant query.

    Attributes:
        labels: its labels; the metric name, if any, is ``__name__``.
        value: may be NaN or infinite.
        at: time of the value in seconds since the Unix epoch.
    """

    labels: dict[str, str]
    value: float
    at: float


@dataclass(frozen=True, slots=True)
class Series:
    """One series over time.

    Attributes:
        labels: its labels; the metric name, if any, is ``__name__``.
        points: pairs of seconds since the Unix epoch and value, ascending.
    """

    labels: dict[str, str]
    points: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer.

    Attributes:
        data: what stands under ``data``.
        warnings: what Prometheus, or what answers in its place, says of missing parts.
    """

    data: Any
    warnings: tuple[str, ...] = ()


def parse_answer(url: str, status: int, body: bytes) -> Answer:
    """The answer that an HTTP status and body hold.

    Args:
        url: base address, for errors.
        status: HTTP status.
        body: what was sent.

    Raises:
        PrometheusError: Prometheus refused the request, or it is no Prometheus that answers.
    """
    if status in (401, 403):
        raise PrometheusError(
            f"asks for other credentials (HTTP {status})",
            url=url,
            kind="unauthorized",
            remedy="set EXAI_SRE_PROMETHEUS_TOKEN_FILE, or EXAI_SRE_PROMETHEUS_USER and _PASSWORD_FILE",
        )
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise _foreign(url, status, body) from None
    if not isinstance(document, dict) or document.get("status") not in ("success", "error"):
        raise _foreign(url, status, body)
    if document["status"] == "error":
        what = f"{document.get('errorType', 'error')}: {document.get('error', f'HTTP {status}')}"
        kind: PrometheusFailure = "unreachable" if status >= 502 and status != 503 else "refused"
        raise PrometheusError(what, url=url, kind=kind, remedy=_remedy(str(document.get("errorType"))))
    warnings = document.get("warnings") or ()
    return Answer(document.get("data"), tuple(str(warning) for warning in warnings))


def _foreign(url: str, status: int, body: bytes) -> PrometheusError:
    begin = " ".join(body[:_QUOTED].decode("utf-8", "replace").split())
    return PrometheusError(
        f"is not the API of a Prometheus (HTTP {status}, {begin[:60]!r})",
        url=url,
        kind="not_prometheus",
        remedy="give the base address, such as http://localhost:9090, and with Mimir the prefix /prometheus",
    )


def _remedy(kind: str) -> str:
    return {
        "bad_data": "mend the query",
        "execution": "ask for a shorter time or fewer series",
        "timeout": "ask for a shorter time, or raise the timeout",
    }.get(kind, "look at Prometheus's own log")


def parse_vector(url: str, data: Any) -> list[Sample]:
    """The samples of an instant query; a scalar is one sample without labels.

    Raises:
        PrometheusError: the result holds no numbers.
    """

    def read() -> list[Sample]:
        if data["resultType"] == "scalar":
            at, value = data["result"]
            return [Sample({}, float(value), float(at))]
        if data["resultType"] != "vector":
            raise _numberless(url, f"is a {data['resultType']}")
        return [
            Sample(dict(row["metric"]), float(row["value"][1]), float(row["value"][0]))
            for row in _numbers(url, data["result"], "value")
        ]

    return _understood(url, read)


def parse_matrix(url: str, data: Any) -> list[Series]:
    """The series of a range query, or of an instant query of a range.

    Raises:
        PrometheusError: the result holds no numbers.
    """

    def read() -> list[Series]:
        if data["resultType"] != "matrix":
            raise _numberless(url, f"is a {data['resultType']}")
        return [
            Series(dict(row["metric"]), [(float(at), float(value)) for at, value in row["values"]])
            for row in _numbers(url, data["result"], "values")
        ]

    return _understood(url, read)


def _understood(url: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PrometheusError(
            f"answers what is no result of Prometheus ({type(error).__name__})",
            url=url,
            kind="not_prometheus",
            remedy="give the base address of a Prometheus",
        ) from None


def _numbers(url: str, rows: Sequence[dict[str, Any]], key: str) -> Sequence[dict[str, Any]]:
    if any(key not in row and key.replace("value", "histogram") in row for row in rows):
        raise _numberless(url, "holds native histograms")
    return rows


def _numberless(url: str, what: str) -> PrometheusError:
    return PrometheusError(
        f"the result {what}, not numbers", url=url, kind="refused", remedy="ask for numbers: rate, sum, histogram_count"
    )
