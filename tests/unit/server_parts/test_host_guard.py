"""Who may talk to the server, by Host and Origin."""

from __future__ import annotations

import pytest

from server.guard import BAD_HOST, BAD_ORIGIN, HostGuard


def status(guard, host, origin=None):
    refusal = guard.refusal(host, origin)
    return refusal.status if refusal else 200


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8079", "localhost:1", "LOCALHOST", "[::1]:8079", "[::1]"])
def test_loopback_hosts_pass_at_any_port(host):
    assert status(HostGuard(), host) == 200


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "127.0.0.1:x",
        "[::1",
        "a@localhost",
        "localhost@evil.example",
        "0.0.0.0",
    ],
)
def test_other_hosts_are_misdirected(host):
    assert status(HostGuard(), host) == BAD_HOST


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (None, 200),
        ("http://localhost:6274", 200),
        ("https://127.0.0.1", 200),
        ("http://[::1]:1", 200),
        ("null", BAD_ORIGIN),
        ("", BAD_ORIGIN),
        ("http://evil.example", BAD_ORIGIN),
        ("http://localhost.evil.example", BAD_ORIGIN),
        ("http://localhost@evil.example", BAD_ORIGIN),
        ("ftp://localhost", BAD_ORIGIN),
        ("chrome-extension://localhost", BAD_ORIGIN),
    ],
)
def test_pages_of_loopback_hosts_may_call_and_others_may_not(origin, expected):
    assert status(HostGuard(), "127.0.0.1:8079", origin) == expected


@pytest.mark.parametrize(
    ("host", "origin", "expected"),
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080", 200),
        ("LOCALHOST:8080", "https://localhost:8080", 200),
        ("127.0.0.1:8080", "http://127.0.0.1:9999", BAD_ORIGIN),
        ("127.0.0.1:8080", "http://localhost:8080", BAD_ORIGIN),
        ("127.0.0.1:8080", None, 200),
    ],
)
def test_the_live_page_may_only_be_asked_by_itself(host, origin, expected):
    assert status(HostGuard(same_origin=True), host, origin) == expected


def test_hosts_and_origins_can_be_added():
    guard = HostGuard(("MCP.example",), ("https://Tools.example/",), same_origin=True)
    assert status(guard, "mcp.example:443") == 200
    assert status(guard, "mcp.example", "https://tools.example") == 200
    assert status(guard, "tools.example") == BAD_HOST
