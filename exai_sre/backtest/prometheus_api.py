"""Asking Prometheus: its HTTP API over the standard library, every failure one clear error.

It speaks to whatever serves that API: Prometheus, Thanos, Mimir, VictoriaMetrics.
Source: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

import base64
import http.client
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from exai_sre.backtest.prometheus_answers import Sample, Series, parse_answer, parse_matrix, parse_vector
from exai_sre.backtest.prometheus_errors import PrometheusError
from exai_sre.errors import SettingError

__all__ = ["MAX_POINTS", "Access", "PrometheusApi", "PrometheusError", "Sample", "Series"]

MAX_POINTS: Final = 11_000
"""Points per series of one range query: more than 11,000 steps are refused by Prometheus."""

_LONGEST_GET: Final = 2_000
"""Characters of parameters from which on they are posted, because servers cut long addresses."""

_LARGEST: Final = 1 << 29
"""Bytes of an answer that are read at most: 512 MiB."""

Progress = Callable[[int, int], None]
"""Told how many parts of how many are done."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a Prometheus wants to see before it answers; never shown in a text.

    Attributes:
        token: bearer token.
        user: name for basic authentication.
        password: its password.
        tenant: tenant of a Mimir or Cortex (``X-Scope-OrgID``).
    """

    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    tenant: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Access:
        """Read ``EXAI_SRE_PROMETHEUS_{TOKEN,USER,PASSWORD,TENANT}``; ``_FILE`` after the name reads a file.

        Raises:
            SettingError: a named file cannot be read, or the value cannot stand in a header.
        """
        names = ("token", "user", "password", "tenant")
        return cls(**{name: _secret(environment, f"EXAI_SRE_PROMETHEUS_{name.upper()}") for name in names})

    def headers(self) -> dict[str, str]:
        """The request headers that carry it."""
        headers = {"X-Scope-OrgID": self.tenant} if self.tenant else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        elif self.user:
            pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")
            headers["Authorization"] = f"Basic {pair}"
        return headers


def _secret(environment: Mapping[str, str], name: str) -> str:
    value, file = environment.get(name, ""), environment.get(f"{name}_FILE", "")
    if not value and file:
        name = f"{name}_FILE"
        try:
            value = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            what = f"cannot be read: {getattr(error, 'strerror', None) or 'no UTF-8 text'}"
            raise SettingError(name, file, what, remedy="name a readable file") from None
    if not value.isprintable() or not value.isascii():
        raise SettingError(name, "...", "holds what cannot stand in a header", remedy="give one line of plain text")
    return value


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would take the credentials along."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        """Nothing to go to."""


class PrometheusApi:
    """One Prometheus.

    Args:
        url: base address with its prefix, such as ``http://localhost:9090``.
        timeout: seconds that one request may take between two pieces of its answer.
        access: credentials; never part of ``url``.

    Attributes:
        url: base address.
        warnings: what answers said of missing parts, each once, in order.

    Raises:
        SettingError: the address is no http(s) address, or holds credentials.
    """

    def __init__(self, url: str, *, timeout: float = 10.0, access: Access | None = None) -> None:
        self.url = _checked(url)
        self.warnings: list[str] = []
        self._timeout = timeout
        self._headers = {"Accept": "application/json", **(access or Access()).headers()}
        self._opener = urllib.request.build_opener(_NoRedirect)

    def query(self, expr: str, at: float | None = None) -> list[Sample]:
        """The samples of an instant query; empty if nothing matches.

        Args:
            expr: PromQL.
            at: seconds since the Unix epoch; Prometheus's own now by default.

        Raises:
            PrometheusError: see :data:`~exai_sre.backtest.prometheus_errors.PrometheusFailure`.
        """
        return parse_vector(self.url, self._get("query", _given(query=expr, time=at)))

    def raw(self, selector: str, seconds: int, at: float | None = None) -> list[Series]:
        """The stored samples of the last ``seconds``, with the times at which they were stored.

        Raises:
            PrometheusError: as for :meth:`query`.
        """
        return parse_matrix(self.url, self._get("query", _given(query=f"{selector}[{seconds}s]", time=at)))

    def query_range(
        self, expr: str, start: float, end: float, step: float, *, progress: Progress | None = None
    ) -> list[Series]:
        """The series of a range query, asked for in parts of at most :data:`MAX_POINTS` points.

        Args:
            expr: PromQL.
            start: first evaluation in seconds since the Unix epoch.
            end: no evaluation is later.
            step: seconds between two evaluations, above 0.
            progress: told after each part.

        Raises:
            PrometheusError: as for :meth:`query`.
            ValueError: the step is not above 0.
        """
        if step <= 0:
            raise ValueError(f"a step is above 0 seconds, got {step}")
        count = int((end - start) / step + 1e-9) + 1 if end >= start else 0
        firsts = range(0, count, MAX_POINTS)
        found: dict[tuple[tuple[str, str], ...], Series] = {}
        for done, first in enumerate(firsts, 1):
            last = min(first + MAX_POINTS, count) - 1
            part = _given(query=expr, start=start + first * step, end=start + last * step, step=step)
            for series in parse_matrix(self.url, self._get("query_range", part)):
                key = tuple(sorted(series.labels.items()))
                found.setdefault(key, Series(series.labels)).points.extend(series.points)
            if progress is not None:
                progress(done, len(firsts))
        return [found[key] for key in sorted(found)]

    def series(
        self, match: str | Sequence[str], start: float | None = None, end: float | None = None
    ) -> list[dict[str, str]]:
        """The label sets of all series that one of the selectors matches.

        Raises:
            PrometheusError: as for :meth:`query`.
        """
        data = self._get("series", [*_matches(match), *_given(start=start, end=end)])
        return [dict(labels) for labels in self._list(data)]

    def labels(self, match: str | Sequence[str] = ()) -> list[str]:
        """The names of all labels, or of those on series that match.

        Raises:
            PrometheusError: as for :meth:`query`.
        """
        return [str(name) for name in self._list(self._get("labels", _matches(match)))]

    def label_values(self, label: str, match: str | Sequence[str] = ()) -> list[str]:
        """The values of a label, or those on series that match; ``__name__`` gives the metrics.

        Raises:
            PrometheusError: as for :meth:`query`.
        """
        path = f"label/{urllib.parse.quote(label, safe='')}/values"
        # The values of a label are the one list that cannot be posted for.
        return [str(value) for value in self._list(self._get(path, _matches(match), post=False))]

    def metadata(self, metric: str = "") -> dict[str, list[dict[str, str]]]:
        """Type, help and unit by metric name, as the targets that are scraped now declare them.

        Raises:
            PrometheusError: as for :meth:`query`.
        """
        data = self._get("metadata", _given(metric=metric or None), post=False)
        return {str(name): [dict(entry) for entry in entries] for name, entries in self._mapping(data).items()}

    def build_info(self) -> dict[str, str]:
        """Version and revision: the quickest proof that a Prometheus answers.

        Raises:
            PrometheusError: as for :meth:`query`.
        """
        data = self._mapping(self._get("status/buildinfo", [], post=False))
        return {str(name): str(value) for name, value in data.items()}

    def _get(self, path: str, parameters: Sequence[tuple[str, str]], *, post: bool = True) -> Any:
        encoded = urllib.parse.urlencode(parameters)
        body = encoded.encode("ascii") if post and len(encoded) > _LONGEST_GET else None
        address = f"{self.url}/api/v1/{path}" + (f"?{encoded}" if encoded and body is None else "")
        # The scheme was checked when this object was made.
        request = urllib.request.Request(address, data=body, headers=self._headers)  # noqa: S310
        status, content = self._send(request)
        answer = parse_answer(self.url, status, content)
        self.warnings.extend(text for text in answer.warnings if text not in self.warnings)
        return answer.data

    def _send(self, request: urllib.request.Request) -> tuple[int, bytes]:
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                content: bytes = response.read(_LARGEST + 1)
                status: int = response.status
        except urllib.error.HTTPError as error:
            with error:
                if 300 <= error.code < 400:
                    raise self._redirected(error.headers.get("Location", "")) from None
                return error.code, error.read(_LARGEST)
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from None
        if len(content) > _LARGEST:
            raise PrometheusError(
                "answers more than 512 MiB", url=self.url, kind="refused", remedy="ask for fewer series"
            )
        return status, content

    def _unreachable(self, error: Exception) -> PrometheusError:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            text = f"gave no answer within {self._timeout:g} s"
        elif isinstance(reason, ssl.SSLCertVerificationError):
            text = f"its certificate is not trusted: {reason.verify_message}"
        else:
            text = f"cannot be reached: {getattr(reason, 'strerror', None) or reason or type(error).__name__}"
        return PrometheusError(text, url=self.url, kind="unreachable", remedy="check the address and that it runs")

    def _redirected(self, target: str) -> PrometheusError:
        return PrometheusError(
            f"redirects to {target.split('?')[0] or 'elsewhere'}, which is not followed with credentials",
            url=self.url,
            kind="unauthorized",
            remedy="give the final address, or the credentials that its login asks for",
        )

    def _list(self, data: Any) -> list[Any]:
        if isinstance(data, list):
            return data
        raise self._odd()

    def _mapping(self, data: Any) -> dict[Any, Any]:
        if isinstance(data, dict):
            return data
        raise self._odd()

    def _odd(self) -> PrometheusError:
        return PrometheusError(
            "answers what is no result of Prometheus", url=self.url, kind="not_prometheus", remedy="check the address"
        )


def _checked(url: str) -> str:
    try:
        parts = urllib.parse.urlsplit(url)
        # A port that is no number is an error only where it is read.
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        host, parts = None, urllib.parse.urlsplit("")
    if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url:
        shown = url.rpartition("@")[2]
        raise SettingError("prometheus", shown, "is no http address", remedy="write http://host:9090")
    if parts.username is not None or parts.password is not None:
        remedy = "set EXAI_SRE_PROMETHEUS_USER and EXAI_SRE_PROMETHEUS_PASSWORD_FILE"
        raise SettingError("prometheus", f"{parts.scheme}://...@{host}", "holds credentials", remedy=remedy)
    return url.split("?")[0].split("#")[0].rstrip("/")


def _given(**parameters: str | float | None) -> list[tuple[str, str]]:
    return [
        (name, value if isinstance(value, str) else f"{value:.3f}")
        for name, value in parameters.items()
        if value is not None
    ]


def _matches(match: str | Sequence[str]) -> list[tuple[str, str]]:
    return [("match[]", one) for one in ((match,) if isinstance(match, str) else match)]
