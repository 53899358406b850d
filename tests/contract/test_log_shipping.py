"""docs/guide/logs.md, executed: its examples, its tables, and the collectors' configurations against real lines."""

from __future__ import annotations

import fnmatch
import inspect
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
import yaml

from exai_sre.context import TraceContext, correlation_id, current_trace
from exai_sre.logs import configure_logging, get_logger, shutdown_logging
from exai_sre.logs.file import LogFile
from exai_sre.names import LogField
from exai_sre.testing import VirtualClock
from tests.unit.guide.guide_page import GuidePage

PAGE = GuidePage(Path(__file__).parents[2] / "docs/guide/logs.md")
DAYS, HOURS = 30, 24


@pytest.fixture
def files(tmp_path: Path) -> Path:
    PAGE.write_files(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which a service has logged with all that a line can have, and has rotated its file."""
    directory = tmp_path_factory.mktemp("shop")
    clock = VirtualClock(epoch=979_992_000.25)
    configure_logging("shop", file=LogFile(directory / "shop.log", max_bytes=200, clock=clock), clock=clock)
    tokens = correlation_id.set("c-1234567"), current_trace.set(TraceContext("a" * 32, "b" * 16, sampled=True))
    try:
        get_logger("shop.orders").error("order_failed", order=7, exc_info=ValueError("bad"), stack_info=True)
        get_logger("shop.orders").info("order_placed", order=8)
    finally:
        correlation_id.reset(tokens[0])
        current_trace.reset(tokens[1])
        shutdown_logging()
        structlog.reset_defaults()
    return directory


@pytest.fixture
def lines(written: Path) -> list[dict[str, Any]]:
    parts = [part.read_text().splitlines() for part in sorted(written.glob("*.log"))]
    lines = [json.loads(line) for part in parts for line in part]
    assert {line["event"] for line in lines} == {"order_failed", "order_placed"}
    return lines


def failed(lines: list[dict[str, Any]]) -> dict[str, Any]:
    return next(line for line in lines if line["event"] == "order_failed")


def test_every_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        PAGE.run_for_real()
    finally:
        shutdown_logging()
        structlog.reset_defaults()
    assert '"event":"started"' in (tmp_path / "logs" / "shop.log").read_text()


def test_the_table_of_fields_names_what_lines_have(lines: list[dict[str, Any]]) -> None:
    told = [row[0].strip("` ") for row in PAGE.rows("Fields")]
    assert set(told) == {*failed(lines), LogField.SAMPLE_RATIO} - {"order"}
    assert told[:9] == list(failed(lines))[:9]


def test_the_options_in_the_table_are_options_with_these_defaults() -> None:
    parameters = inspect.signature(LogFile).parameters
    rows = {row[0].strip("` "): row[1].strip("` ") for row in PAGE.rows("Files")}
    assert set(rows) == set(parameters) - {"path", "clock"}
    shown = {"max_bytes": "100 MiB", "keep_days": "30", "max_total_bytes": "none", "mode": "0o640"}
    assert rows == shown
    assert parameters["max_bytes"].default == 100 * 2**20
    assert (parameters["keep_days"].default, parameters["max_total_bytes"].default) == (30, None)
    assert parameters["mode"].default == 0o640


def globs_take_every_file_and_no_other(globs: list[str], written: Path) -> None:
    directory = "/var/log/shop/"
    names = [part.name for part in written.iterdir()]
    assert sorted(names) != ["shop.log", "shop.log.lock"]
    for name in names:
        taken = any(fnmatch.fnmatchcase(directory + name, glob) for glob in globs)
        assert taken == name.endswith(".log"), name


def test_vector_reads_the_files_and_refers_to_fields_and_steps_that_exist(
    files: Path, written: Path, lines: list[dict[str, Any]]
) -> None:
    config = yaml.safe_load((files / "vector.yaml").read_text())
    globs_take_every_file_and_no_other(config["sources"]["shop_files"]["include"], written)
    steps = {**config["sources"], **config["transforms"]}
    for step in (*config["transforms"].values(), *config["sinks"].values()):
        assert set(step["inputs"]) <= set(steps)
    source = config["transforms"]["shop_lines"]["source"]
    read = set(re.findall(r"[(,] ?\.(\w+)", source)) - {"message"}
    assert read == {"ts"}
    assert read <= set(lines[0])
    assert datetime.fromisoformat(lines[0]["ts"])
    (case,) = config["tests"]
    (given,) = case["inputs"]
    example = json.loads(given["log_fields"]["message"])
    assert list(example) == list(lines[0])[:4]
    assert given["insert_at"] in config["transforms"]
    asserted = case["outputs"][0]["conditions"][0]["source"]
    assert f'assert_eq!(.event, "{example["event"]}")' in asserted
    assert f"t'{example['ts']}'" in asserted


TOKEN = re.compile(r'\s*(?:([\w.]+)|("(?:[^"\\]|\\.)*")|([{}\[\]=,]))')


def tokens(text: str) -> Iterator[str]:
    at = 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        assert match, text[at : at + 40]
        yield next(group for group in match.groups() if group)
        at = match.end()


def test_alloy_is_balanced_and_refers_to_fields_and_components_that_exist(
    files: Path, written: Path, lines: list[dict[str, Any]]
) -> None:
    text = (files / "config.alloy").read_text()
    open_brackets: list[str] = []
    for token in tokens(text):
        if token in "[{":
            open_brackets.append({"[": "]", "{": "}"}[token])
        elif token in "]}":
            assert open_brackets.pop() == token
    assert open_brackets == []
    components = {f"{kind}.{label}" for kind, label in re.findall(r'^([\w.]+) "(\w+)" \{', text, re.MULTILINE)}
    assert len(components) == 4
    references = re.findall(r"\b((?:local|loki)\.\w+\.\w+)\.(?:targets|receiver)\b", text)
    assert len(references) == 3
    assert set(references) <= components
    globs_take_every_file_and_no_other(re.findall(r'__path__ = "([^"]+)"', text), written)
    expressions = set(re.findall(r"(\w+) += \"\",$", text, re.MULTILINE))
    assert expressions == {"ts", "level", "trace_id", "span_id", "correlation_id"}
    assert expressions <= set(lines[0])
    used = set(re.findall(r"(\w+) = \"\"", "".join(re.findall(r"values = \{.*\}", text)))) | {"ts"}
    assert used == expressions
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", lines[0]["ts"])


def test_everything_is_kept_for_thirty_days(files: Path) -> None:
    loki = yaml.safe_load((files / "loki.yaml").read_text())
    assert loki["limits_config"]["retention_period"] == f"{DAYS * HOURS}h"
    assert loki["compactor"]["retention_enabled"] is True
    policy = json.loads((files / "ilm.json").read_text())["policy"]
    assert policy["phases"]["delete"]["min_age"] == f"{DAYS}d"


def ingested(pipeline: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """What Elasticsearch's processors make of a document, as their reference pages say; flat names."""
    for step in pipeline["processors"]:
        ((kind, options),) = step.items()
        if kind == "date":
            assert options["formats"] == ["ISO8601"]
            document["@timestamp"] = datetime.fromisoformat(document[options["field"]])
        elif kind == "set":
            document[options["field"]] = document[options["copy_from"]]
        elif kind == "rename":
            assert options["target_field"] not in document
            if options["field"] in document or not options.get("ignore_missing"):
                document[options["target_field"]] = document.pop(options["field"])
        else:
            assert kind == "remove"
            for field in options["field"]:
                del document[field]
    return document


def test_elasticsearch_gets_the_fields_of_its_common_schema(
    files: Path, written: Path, lines: list[dict[str, Any]]
) -> None:
    config = yaml.safe_load((files / "filebeat.yaml").read_text())
    (source,) = config["filebeat.inputs"]
    globs_take_every_file_and_no_other(source["paths"], written)
    target = source["parsers"][0]["ndjson"]["target"]
    assert f"PUT _ingest/pipeline/{config['output.elasticsearch']['pipeline']}`" in PAGE.text
    pipeline = json.loads((files / "pipeline.json").read_text())
    line = failed(lines)
    document = ingested(pipeline, {f"{target}.{name}": value for name, value in line.items()})
    assert document.pop("@timestamp") == datetime.fromisoformat(line["ts"])
    assert document == {
        "message": "order_failed",
        "log.level": "error",
        "log.logger": "shop.orders",
        "service.name": "shop",
        "trace.id": line["trace_id"],
        "span.id": line["span_id"],
        "labels.correlation_id": "c-1234567",
        "error.type": "ValueError",
        "error.message": "bad",
        "error.stack_trace": line["exception"],
        "app.trace_flags": "01",
        "app.stack": line["stack"],
        "app.order": 7,
    }
    bare = {name: value for name, value in line.items() if name in ("ts", "level", "event", "service")}
    assert set(ingested(pipeline, {f"{target}.{name}": value for name, value in bare.items()})) == {
        "@timestamp",
        "message",
        "log.level",
        "service.name",
    }
