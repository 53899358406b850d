"""The client against a real Prometheus, and against what only looks like one."""

from __future__ import annotations

import contextlib
import http.server
import json
import math
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from exai_sre.backtest.prometheus_api import MAX_POINTS, Access, PrometheusApi, PrometheusError
from exai_sre.errors import SettingError
from tests.integration.prometheus_rig import import_history, openmetrics, prometheus_running

START = 1_760_000_400
SCRAPE = 15


@pytest.fixture(scope="module")
def api(tmp_path_factory) -> Iterator[PrometheusApi]:
    data = tmp_path_factory.mktemp("api") / "data"
    moments = [START + SCRAPE * at for at in range(720)]
    import_history(
        data,
        openmetrics(
            {
                'calls_total{code="200"}': [(at, 10.0 * n) for n, at in enumerate(moments)],
                'calls_total{code="500"}': [(at, 1.0 * n) for n, at in enumerate(moments)],
                "share": [(at, math.nan) for at in moments],
            }
        ),
    )
    with prometheus_running(data) as url:
        yield PrometheusApi(url + "/")


needs_prometheus = pytest.mark.needs_prometheus


@needs_prometheus
def test_an_instant_query_gives_labels_values_and_times(api):
    at = START + 3600.0
    found = api.query("sort_desc(sum by (code) (rate(calls_total[5m])))", at=at)
    assert found == [
        ({"code": "200"}, pytest.approx(10 / SCRAPE), at),
        ({"code": "500"}, pytest.approx(1 / SCRAPE), at),
    ]
    assert api.query("vector(1)")[0].value == 1
    assert api.query("scalar(vector(7))", at=at) == [({}, 7.0, at)]
    assert math.isnan(api.query("share", at=at)[0].value)
    assert api.query("misspelt_total", at=at) == []


@needs_prometheus
def test_raw_samples_keep_the_times_at_which_they_were_stored(api):
    (series,) = api.raw('calls_total{code="500"}', 60, at=START + 3601)
    assert series.labels == {"__name__": "calls_total", "code": "500"}
    assert series.points == [(START + 3600.0 - SCRAPE * back, 240.0 - back) for back in range(3, -1, -1)]


@needs_prometheus
def test_a_long_range_is_asked_for_in_parts_and_reads_as_one(api):
    told = []
    end = START + 2 * MAX_POINTS + 5
    parts = api.query_range("time()", START, end, 1, progress=lambda *done: told.append(done))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert parts[0].points == [(float(at), float(at)) for at in range(START, end + 1)]
    two = api.query_range("calls_total", START, START + 60, 60)
    assert [(series.labels["code"], len(series.points)) for series in two] == [("200", 2), ("500", 2)]
    assert api.query_range("time()", START, START - 1, 1) == []
    with pytest.raises(ValueError, match="above 0 seconds"):
        api.query_range("time()", START, START, 0)


@needs_prometheus
def test_a_query_too_long_for_an_address_is_posted(api):
    assert len(api.query("calls_total" + " or calls_total" * 1000, at=START + 60.0)) == 2


@needs_prometheus
def test_series_labels_and_build_are_told(api):
    names = {"__name__": "calls_total"}
    assert api.series("calls_total", START, START + 60) == [{**names, "code": "200"}, {**names, "code": "500"}]
    assert api.labels() == ["__name__", "code"]
    assert api.labels(["share"]) == ["__name__"]
    assert api.label_values("code") == ["200", "500"]
    assert api.label_values("__name__", ['{__name__=~"calls.*|none"}', "share"]) == ["calls_total", "share"]
    assert api.metadata() == {}
    assert api.build_info()["version"]


@needs_prometheus
@pytest.mark.parametrize(
    ("expr", "said"),
    [("sum(", "bad_data: .*parse error.*; mend the query"), ('"text"', "is a string, not numbers"),
     ("calls_total[5m]", "is a matrix, not numbers")],
)  # fmt: skip
def test_what_prometheus_refuses_is_said_in_its_own_words(api, expr, said):
    with pytest.raises(PrometheusError, match=said) as caught:
        api.query(expr)
    assert caught.value.kind == "refused"
    assert str(caught.value).startswith(api.url)


@needs_prometheus
def test_credentials_are_sent_and_never_shown(tmp_path):
    # The bcrypt hash of the word "test", from Prometheus's own documentation.
    hashed = "$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay"
    secret = tmp_path / "secret"
    secret.write_text("test\n", encoding="utf-8")
    environment = {"EXAI_SRE_PROMETHEUS_USER": "admin", "EXAI_SRE_PROMETHEUS_PASSWORD_FILE": str(secret)}
    access = Access.from_environment(environment)
    assert "test" not in repr(access)
    with prometheus_running(tmp_path / "data", web=f"basic_auth_users: {{admin: '{hashed}'}}\n") as url:
        assert PrometheusApi(url, access=access).query("vector(1)")[0].value == 1
        with pytest.raises(PrometheusError, match=r"HTTP 401.*TOKEN_FILE") as caught:
            PrometheusApi(url, access=Access(user="admin", password="wrong")).query("vector(1)")
    assert caught.value.kind == "unauthorized"
    assert "wrong" not in str(caught.value)


def test_nothing_that_listens_is_unreachable():
    with pytest.raises(PrometheusError, match=r"cannot be reached: Connection refused") as caught:
        PrometheusApi("http://127.0.0.1:1").query("up")
    assert caught.value.kind == "unreachable"


class _Reply(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, headers, body = self.server.reply  # type: ignore[attr-defined]
        self.server.seen.append((self.path, dict(self.headers)))  # type: ignore[attr-defined]
        if status:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        else:
            self.server.released.wait(10)  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: object) -> None:
        return


@contextlib.contextmanager
def replying(status, body=b"", **headers):
    """A server that answers every request alike; with status 0 it does not answer at all."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Reply)
    server.reply, server.seen, server.released = (status, headers, body), [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.seen
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def success(data, **more):
    return json.dumps({"status": "success", "data": data, **more}).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (200, b"<html>hello</html>", "not_prometheus", "is not the API of a Prometheus .HTTP 200, '<html>hello"),
        (404, b"page not found", "not_prometheus", "HTTP 404"),
        (200, b"[1]", "not_prometheus", "is not the API"),
        (200, b"[" * 100_000, "not_prometheus", "is not the API"),
        (200, success(None), "not_prometheus", "is no result of Prometheus"),
        (200, success({"resultType": "vector", "result": [{"metric": {}}]}), "not_prometheus", "no result"),
        (200, success({"resultType": "vector", "result": [{"metric": {}, "histogram": []}]}), "refused", "native hist"),
        (403, b"no", "unauthorized", "HTTP 403"),
        (502, b'{"status": "error", "error": "no store"}', "unreachable", "no store"),
        (422, b'{"status": "error", "errorType": "execution", "error": "too many"}', "refused", "execution: too many"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_an_error_of_its_kind(status, body, kind, said):
    with replying(status, body) as (url, _), pytest.raises(PrometheusError, match=said) as caught:
        PrometheusApi(url).query("up")
    assert caught.value.kind == kind
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("ask", "data"),
    [("query_range", {"resultType": "vector", "result": []}), ("labels", {}), ("build_info", []), ("metadata", 1)],
)
def test_each_request_refuses_what_does_not_belong_to_it(ask, data):
    arguments = ("up", 0, 60, 60) if ask == "query_range" else ()
    with replying(200, success(data)) as (url, _), pytest.raises(PrometheusError):
        getattr(PrometheusApi(url), ask)(*arguments)


def test_a_redirect_is_not_followed_with_the_token():
    with (
        replying(302, Location="http://127.0.0.1:2/login?next=x") as (url, seen),
        pytest.raises(PrometheusError, match=r"redirects to http://127\.0\.0\.1:2/login, which") as caught,
    ):
        PrometheusApi(url, access=Access(token="abc", tenant="team")).query("up")
    assert caught.value.kind == "unauthorized"
    ((path, sent),) = seen
    assert path == "/api/v1/query?query=up"
    assert {name.lower(): value for name, value in sent.items()}.items() >= {
        ("authorization", "Bearer abc"),
        ("x-scope-orgid", "team"),
    }


def test_no_answer_in_time_is_unreachable_on_the_real_clock():
    with replying(0) as (url, _), pytest.raises(PrometheusError, match=r"gave no answer within 0.2 s") as caught:
        PrometheusApi(url, timeout=0.2).query("up")
    assert caught.value.kind == "unreachable"


def test_warnings_of_missing_parts_are_kept_once():
    body = success({"resultType": "vector", "result": []}, warnings=["store a is down"])
    with replying(200, body) as (url, _):
        api = PrometheusApi(url)
        api.query("up")
        api.query("up")
    assert api.warnings == ["store a is down"]


@pytest.mark.parametrize(
    "url", ["localhost:9090", "ftp://x", "http://", "http://x:port", "http://a b", "http://[", "http://x:0", ""]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(SettingError, match="no http address"):
        PrometheusApi(url)


def test_credentials_in_an_address_are_refused_unshown():
    with pytest.raises(SettingError, match="holds credentials") as caught:
        PrometheusApi("http://me:hidden@host:9090")
    assert "hidden" not in str(caught.value)


def test_a_secret_that_cannot_be_used_is_refused(tmp_path: Path):
    with pytest.raises(SettingError, match=r"EXAI_SRE_PROMETHEUS_TOKEN_FILE.*cannot be read: No such file"):
        Access.from_environment({"EXAI_SRE_PROMETHEUS_TOKEN_FILE": str(tmp_path / "none")})
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingError, match="no UTF-8"):
        Access.from_environment({"EXAI_SRE_PROMETHEUS_TOKEN_FILE": str(tmp_path / "binary")})
    with pytest.raises(SettingError, match="cannot stand in a header") as caught:
        Access.from_environment({"EXAI_SRE_PROMETHEUS_TOKEN": "first\r\nSecond: line"})
    assert "first" not in str(caught.value)
    assert Access.from_environment({}).headers() == {}
