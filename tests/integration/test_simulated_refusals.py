"""While the upstreams are simulated, a refusal says so as plainly as an answer does."""

from __future__ import annotations

import pytest
from mcp import Client

from server.app import running
from server.settings import load_settings
from server.tools.tool import SIMULATED_NOTE


def refuse_new_calls(app):
    app.gate.draining = True


@pytest.mark.parametrize(
    ("prepare", "arguments"),
    [(refuse_new_calls, {"prompt": "hi"}), (lambda _app: None, {"prompt": 7})],
    ids=["draining", "invalid arguments"],
)
async def test_a_refused_call_says_once_that_upstreams_are_simulated(tmp_path, prepare, arguments):
    settings = load_settings({"mcp_port": "0", "monitoring_port": "0", "state_dir": str(tmp_path)}, {})
    async with running(settings, {}) as app, Client(f"{app.mcp_url}/mcp", mode="legacy") as client:
        await client.list_tools()
        prepare(app)
        result = await client.call_tool("chat", arguments)
        assert result.is_error
        assert result.content[0].text.count(SIMULATED_NOTE) == 1
