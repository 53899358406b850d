"""Where ``exai-sre init`` looks: a file, the page of a target, or a Prometheus."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from exai_sre.backtest.prometheus_api import PrometheusApi, PrometheusError
from exai_sre.errors import SettingError
from exai_sre.generate.onboarding import ACCEPT, read_page, read_prometheus, selector_of_job
from exai_sre.generate.onboarding.seen import Sighting
from exai_sre.slo.yaml_source import read_text

__all__ = ["look"]

_PAGES: Final = ("text/plain", "application/openmetrics-text")
_LARGEST: Final = 1 << 26
_TIMEOUT: Final = 10.0
_NEITHER: Final = "give a target's /metrics page, or a Prometheus with --job"


def look(place: str, *, job: str, match: str) -> Sighting:
    """What can be seen at a place.

    Args:
        place: a file, or an http address of a page of metrics or of a Prometheus.
        job: for a Prometheus, the job to look at.
        match: for a Prometheus, the selector of the series to look at, instead of ``job``.

    Raises:
        SpecError: the file or page holds no metrics.
        SettingError: the address gives neither, or the job is missing.
        PrometheusError: the Prometheus does not answer.
    """
    if not place.startswith(("http://", "https://")):
        return read_page(read_text(Path(place)), place)
    if not job and not match:
        page = _page(place)
        if page is not None:
            return read_page(page, place)
        job = _only_job(place)
    return read_prometheus(_prometheus(place), match or selector_of_job(job), time.time())


def _page(url: str) -> str | None:
    """The text of a page of metrics; ``None`` where the address gives something else."""
    # The scheme was looked at before.
    request = urllib.request.Request(url, headers={"Accept": ACCEPT})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310  # nosec B310
            kind = answer.headers.get_content_type()
            content: bytes = answer.read(_LARGEST + 1) if kind in _PAGES else b""
    except urllib.error.HTTPError as error:
        if error.code == http.client.NOT_FOUND:
            return None
        raise SettingError("--from", url, f"answers {error.code} {error.reason}", remedy=_NEITHER) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        text = f"cannot be read: {getattr(reason, 'strerror', None) or reason or type(error).__name__}"
        raise SettingError("--from", url, text, remedy="check the address and that it runs") from None
    if len(content) > _LARGEST:
        raise SettingError("--from", url, "is larger than 64 MiB", remedy="save the part that matters to a file")
    return content.decode("utf-8", errors="replace") if kind in _PAGES else None


def _prometheus(url: str) -> PrometheusApi:
    import os

    from exai_sre.backtest.prometheus_api import Access

    return PrometheusApi(url, access=Access.from_environment(os.environ))


def _only_job(url: str) -> str:
    """The one job of a Prometheus."""
    try:
        jobs = _prometheus(url).label_values("job")
    except PrometheusError as error:
        what = f"gives neither a page of metrics nor Prometheus's API ({error.what})"
        raise SettingError("--from", url, what, remedy=_NEITHER) from None
    if len(jobs) == 1:
        return jobs[0]
    known = f"one of {', '.join(jobs)}" if jobs else "it scrapes nothing yet"
    raise SettingError("--from", url, "is a Prometheus, which knows many services", remedy=f"say --job: {known}")
