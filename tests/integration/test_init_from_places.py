"""``exai-sre init`` from what really runs: a target's page over HTTP, and a Prometheus that scrapes it."""

from __future__ import annotations

import http.server
import json
import threading
import time
import urllib.request

import pytest

from exai_sre.cli.main import run
from tests.integration.prometheus_rig import prometheus_running
from tests.unit.onboarding.pages import SHOP


class Target(http.server.BaseHTTPRequestHandler):
    """Serves a page of metrics, and another page elsewhere."""

    def do_GET(self):
        kind, text = {
            "/metrics": ("text/plain; version=0.0.4", SHOP),
            "/page": ("text/html", "<html></html>"),
        }.get(self.path, ("text/plain", ""))
        self.send_response(200 if text else 404)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_arguments):
        """Say nothing."""


@pytest.fixture
def target():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_the_page_of_a_target_is_read_over_http(tmp_path, target):
    assert run(["init", "--from", f"http://{target}/metrics", "-o", str(tmp_path)]) == 0
    assert "http_requests_total" in (tmp_path / "slo/service.yaml").read_text()


@pytest.mark.parametrize("path", ["/page", "/nowhere"])
def test_an_address_without_metrics_is_refused(tmp_path, target, path, capsys):
    assert run(["init", "--from", f"http://{target}{path}", "-o", str(tmp_path / "out")]) == 2
    assert "gives neither a page of metrics nor Prometheus's API" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.needs_prometheus
def test_a_prometheus_is_read_by_its_series_and_metadata_real_clock(tmp_path, target, capsys):
    config = (
        "global: {scrape_interval: 200ms}\n"
        f"scrape_configs:\n- job_name: shop\n  static_configs: [{{targets: ['{target}']}}]\n"
    )
    with prometheus_running(tmp_path / "data", config=config) as url:
        until_scraped(f"{url}/api/v1/metadata?metric=http_requests_total", "counter")
        assert run(["init", "--from", url, "-o", str(tmp_path / "one")]) == 0
        assert run(["init", "--from", url, "--match", '{job="nobody"}', "-o", str(tmp_path / "none")]) == 2
    told = capsys.readouterr()
    assert "has no such series" in told.err
    text = (tmp_path / "one/catalog.yaml").read_text()
    assert "instance" not in text
    assert "help: Requests." in text
    assert "scrape_" not in text
    slos = (tmp_path / "one/slo/shop.yaml").read_text()
    assert "name: http-availability" in slos
    assert "within: 0.5" in slos


def until_scraped(url, text):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with urllib.request.urlopen(url, timeout=2) as answer:
            if text in json.dumps(json.load(answer)):
                return
        time.sleep(0.05)
    raise AssertionError("Prometheus did not scrape the target")


@pytest.mark.needs_prometheus
def test_a_prometheus_that_scrapes_nothing_says_so(tmp_path, capsys):
    with prometheus_running(tmp_path / "data") as url:
        assert run(["init", "--from", url, "-o", str(tmp_path / "out")]) == 2
    assert "it scrapes nothing yet" in capsys.readouterr().err
