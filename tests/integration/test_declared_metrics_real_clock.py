"""A counter without its first event is no misspelt one: its target declares it, and a real Prometheus knows."""

from __future__ import annotations

import contextlib
import http.server
import threading
import time

import pytest

from exai_sre.backtest.metric_names import unseen_metrics
from exai_sre.backtest.prometheus_api import PrometheusApi, PrometheusError
from tests.integration.prometheus_rig import prometheus_running

pytestmark = pytest.mark.needs_prometheus

PAGE = b"""\
# TYPE calls_total counter
calls_total 5
# TYPE errors_total counter
# TYPE latency_seconds histogram
# TYPE open_calls gauge
"""


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None:
        return


@contextlib.contextmanager
def exporting():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


CONFIG = """\
scrape_configs:
  - {{job_name: x, scrape_interval: 100ms, scrape_timeout: 100ms, static_configs: [{{targets: ['{target}']}}]}}
"""


def test_what_is_stored_or_declared_was_seen_and_nothing_else_real_clock(tmp_path):
    seen = ["calls_total", "errors_total", "latency_seconds_bucket", "latency_seconds_count", "open_calls", "up"]
    misspelt = ["call_total", "errors", "latency_seconds", "latency_bucket", "open_calls_total"]
    with exporting() as target, prometheus_running(tmp_path / "data", config=CONFIG.format(target=target)) as url:
        api = PrometheusApi(url)
        deadline = time.monotonic() + 20
        while not (api.query("calls_total") and "errors_total" in api.metadata()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert unseen_metrics(api, [*seen, *misspelt]) == frozenset(misspelt)
        assert unseen_metrics(api, []) == frozenset()


class _WithoutDeclarations(PrometheusApi):
    kind = "refused"

    def label_values(self, label, match=()):
        return ["calls_total"]

    def metadata(self, metric=""):
        raise PrometheusError("no such thing", url=self.url, kind=self.kind)


def test_a_store_without_declarations_knows_what_it_stores_and_one_that_is_gone_is_an_error():
    api = _WithoutDeclarations("http://localhost:1")
    assert unseen_metrics(api, ["calls_total", "errors_total"]) == frozenset({"errors_total"})
    api.kind = "unreachable"
    with pytest.raises(PrometheusError):
        unseen_metrics(api, ["errors_total"])
