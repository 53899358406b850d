"""Native histograms: counts and bounds as a real Prometheus reads them, from histograms that were written to it."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import time
from decimal import Decimal
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from exai_sre.generate.promql import error_query, total_query
from exai_sre.metrics import Matcher
from exai_sre.slo import EventsIndicator, make_slo

pytestmark = pytest.mark.needs_prometheus

START = 1_750_000_200
MINUTES = 70


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number, value):
    """One field of a protobuf message: a whole number, a double, or bytes."""
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def zigzag(number):
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


def histogram(quick, slow, moment):
    """Quick events between 0.5 and 1, slow ones between 2 and 4: a native histogram of base 2."""
    spans = field(11, varint(1 << 3) + zigzag(0) + field(2, 3))
    deltas = field(12, zigzag(quick) + zigzag(-quick) + zigzag(slow))
    count = field(1, quick + slow) + field(3, float(quick + 3 * slow))
    return count + varint(4 << 3) + zigzag(0) + field(6, 0) + spans + deltas + field(15, moment * 1000)


def write_request(series):
    """A remote write of histograms by labels, in snappy's block format without compression."""
    body = b""
    for labels, values in series:
        text = b"".join(field(1, field(1, n.encode()) + field(2, v.encode())) for n, v in sorted(labels.items()))
        body += field(1, text + b"".join(field(4, value) for value in values))
    packed = varint(len(body))
    for at in range(0, len(body), 60_000):
        part = body[at : at + 60_000]
        packed += b"\xf4" + struct.pack("<H", len(part) - 1) + part
    return packed


@pytest.fixture
def prometheus(tmp_path):
    (tmp_path / "prometheus.yaml").write_text("scrape_configs: []\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    process = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={tmp_path / 'prometheus.yaml'}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            "--storage.tsdb.retention.time=20y",
            f"--web.listen-address={address}",
            "--web.enable-remote-write-receiver",
            "--enable-feature=native-histograms",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield ready(f"http://{address}")
    finally:
        process.terminate()
        process.wait()


def ready(base):
    for _ in range(600):
        try:
            with urlopen(f"{base}/-/ready", timeout=5):
                return base
        except (URLError, OSError):
            # The program needs a moment of real time to open its port.
            time.sleep(0.05)
    raise AssertionError("Prometheus does not answer")


def value(base, query):
    asked = urlencode({"query": query, "time": START + MINUTES * 60})
    with urlopen(f"{base}/api/v1/query?{asked}", timeout=30) as answer:
        found = json.load(answer)["data"]["result"]
    return float(found[0]["value"][1]) if found else None


def test_errors_and_events_of_native_histograms_on_the_real_clock(prometheus):
    moments = range(MINUTES + 1)
    series = [
        ({"__name__": "calls", "outcome": "ok"}, [histogram(7 * at, 2 * at, START + 60 * at) for at in moments]),
        ({"__name__": "calls", "outcome": "error"}, [histogram(at, 0, START + 60 * at) for at in moments]),
        ({"__name__": "idle", "outcome": "ok"}, [histogram(5, 5, START + 60 * at) for at in moments]),
    ]
    headers = {"Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}
    with urlopen(Request(f"{prometheus}/api/v1/write", write_request(series), headers), timeout=30) as answer:
        assert answer.status == 204

    def ratio(name, **conditions):
        slo = make_slo("api", "shop", Decimal("0.99"), EventsIndicator(name, native=True, **conditions))
        queries = [make(slo, "1h", "increase") for make in (error_query, total_query)]
        return [value(prometheus, query) for query in queries]

    ok = (Matcher("outcome", ("ok",)),)
    assert ratio("calls", good=(), within=2.0) == pytest.approx([120, 600], rel=0.001)
    assert ratio("calls", good=ok, within=2.0) == pytest.approx([180, 600], rel=0.001)
    assert ratio("calls", good=ok) == pytest.approx([60, 600], rel=0.001)
    assert ratio("calls", bad=(Matcher("outcome", ("error",)),)) == pytest.approx([60, 600], rel=0.001)
    # Without an event the share within a bound is no number; the errors are none all the same.
    assert ratio("idle", good=(), within=2.0) == [0, 0]
