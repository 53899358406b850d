"""``exai-sre init`` on files and presets: what it writes, keeps, prints and refuses."""

from __future__ import annotations

import json

import pytest

from exai_sre.cli.main import run
from tests.unit.onboarding.pages import NGINX, SHOP


@pytest.fixture
def page(tmp_path):
    file = tmp_path / "shop.prom"
    file.write_text(SHOP)
    return str(file)


def init(*arguments):
    return run(["init", *map(str, arguments)])


def test_a_page_becomes_a_catalog_and_slos(tmp_path, page, capsys):
    out = tmp_path / "out"
    assert init("--from", page, "-o", out) == 0
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*.yaml")) == ["catalog.yaml", "slo/shop.yaml"]
    told = capsys.readouterr()
    assert "shop-http-availability: 99.5 % of requests succeed, by http_requests_total" in told.out
    assert "wrote catalog.yaml" in told.err
    assert run(["check", str(out / "slo"), "--catalog", str(out / "catalog.yaml")]) == 0


def test_the_comments_say_why_and_what_was_counted(tmp_path, page):
    init("--from", page, "-o", tmp_path)
    text = (tmp_path / "slo/shop.yaml").read_text()
    assert "# When this was written, 3 of 100 events were bad" in text
    assert "# Scrapes of /metrics are requests too" in text
    assert "# From preset prometheus-fastapi-instrumentator." in text


def test_no_file_is_overwritten_without_force(tmp_path, page, capsys):
    (tmp_path / "catalog.yaml").write_text("mine")
    assert init("--from", page, "-o", tmp_path) == 2
    assert (tmp_path / "catalog.yaml").read_text() == "mine"
    assert not (tmp_path / "slo").exists()
    assert "holds catalog.yaml, which would be lost; use --force or -o" in capsys.readouterr().err
    assert init("--from", page, "-o", tmp_path, "--force") == 0
    assert "kind: Catalog" in (tmp_path / "catalog.yaml").read_text()


def test_what_is_there_already_is_left_alone(tmp_path, page, capsys):
    init("--from", page, "-o", tmp_path)
    assert init("--from", page, "-o", tmp_path) == 0
    assert "unchanged catalog.yaml" in capsys.readouterr().err


def test_a_dry_run_prints_and_writes_nothing(tmp_path, page, capsys):
    out = tmp_path / "out"
    assert init("--from", page, "-o", out, "--dry-run") == 0
    told = capsys.readouterr()
    assert "# ==> catalog.yaml" in told.out
    assert "name: http-latency" in told.out
    assert "would write slo/shop.yaml" in told.err
    assert not out.exists()


def test_json_holds_everything(tmp_path, page, capsys):
    assert init("--from", page, "-o", tmp_path, "--service", "front", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["service"], told["metrics"], told["dryRun"]) == ("front", 2, False)
    assert told["files"] == [{"path": "catalog.yaml", "change": "write"}, {"path": "slo/front.yaml", "change": "write"}]
    assert told["slos"][0]["counted"] == {"bad": 3.0, "total": 100.0}
    assert told["slos"][0]["target"] == "0.995"
    assert told["presets"] == ["prometheus-fastapi-instrumentator"]


def test_a_preset_needs_no_page(tmp_path):
    assert init("--preset", "opentelemetry-http-server", "--service", "shop", "-o", tmp_path) == 0
    assert "http_server_request_duration_seconds" in (tmp_path / "slo/shop.yaml").read_text()


def test_presets_are_listed(capsys):
    assert init("--list-presets") == 0
    assert "prometheus-fastapi-instrumentator  FastAPI and Starlette" in capsys.readouterr().out
    assert init("--list-presets", "--format", "json") == 0
    assert {entry["name"] for entry in json.loads(capsys.readouterr().out)} >= {"envoy", "istio", "mcp", "nginx"}


def test_nothing_to_propose_is_a_finding_but_the_catalog_is_written(tmp_path, capsys):
    (tmp_path / "nginx.prom").write_text(NGINX)
    assert init("--from", tmp_path / "nginx.prom", "-o", tmp_path) == 1
    assert (tmp_path / "catalog.yaml").exists()
    assert not (tmp_path / "slo").exists()
    assert "has no status" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ([], 2, "say where to look: --from URL|FILE, or --preset NAME"),
        (["--preset", "spring"], 2, "'spring': is unknown; use one of aioprometheus"),
        (["--from", "none.prom"], 1, "none.prom: cannot be read"),
        (["--preset", "mcp", "--service", "My Shop"], 2, "'My Shop': is no valid name"),
        (["--from", "http://127.0.0.1:9/metrics"], 2, "cannot be read: Connection refused"),
        (["--from", "http://[", "--job", "x"], 2, "is no http address"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(tmp_path, capsys, arguments, code, text):
    assert init(*arguments, "-o", tmp_path / "out") == code
    told = capsys.readouterr()
    assert text in told.err
    assert told.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        ("shop.prom", SHOP, "shop"),
        ("metrics.prom", SHOP, "service"),
        ("x.prom", SHOP + '# TYPE target_info gauge\ntarget_info{service_name="Cart API"} 1\n', "cart-api"),
        ("x.prom", SHOP + '# TYPE target_info gauge\ntarget_info{service_name="unknown_service"} 1\n', "x"),
    ],
)
def test_the_service_is_named_after_what_it_says_of_itself_or_its_file(tmp_path, file, text, name):
    (tmp_path / file).write_text(text)
    assert init("--from", tmp_path / file, "-o", tmp_path) == 0
    assert (tmp_path / f"slo/{name}.yaml").exists()
