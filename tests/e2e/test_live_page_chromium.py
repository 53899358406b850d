"""The live page in a real browser, fed by scripted messages."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from tests.e2e.browser import chromium, opened
from tests.e2e.live_page import LivePageServer, breaker, line, outage, slo, state, traffic

pytestmark = [pytest.mark.needs_chromium, pytest.mark.asyncio(loop_scope="module")]

DASH, MINUS, TIMES = "\N{EN DASH}", "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest_asyncio.fixture(loop_scope="module")
async def server() -> AsyncIterator[LivePageServer]:
    made = LivePageServer()
    await made.start()
    yield made
    await made.stop()


async def shown(page: Page, selector: str) -> str:
    return " ".join((await page.locator(selector).first.inner_text()).split())


async def test_values_change_as_messages_come(browser, server):
    async with opened(browser, server.url) as page:
        tile = page.locator(".tile", has_text="Requests / s").locator("dd")
        await expect(tile).to_have_text("12.4")
        await server.say(state(time.time() + 1, traffic=traffic(rate=873.2)))
        await expect(tile).to_have_text("873")
        await expect(page.locator("#objectives")).to_have_text("9 objectives hold, 1 without data")
        await expect(page).to_have_title("9 objectives hold, 1 without data · EX-AI MCP server")


async def test_a_planted_outage_is_shown_within_three_seconds_of_the_real_clock(browser, server):
    async with opened(browser, server.url) as page:
        await expect(page.locator("#headline")).to_have_attribute("data-state", "ok")
        start = time.monotonic()
        await server.say(outage(time.time()))
        await expect(page.locator("#headline")).to_have_attribute("data-state", "page", timeout=3000)
        assert time.monotonic() - start < 3
        assert await shown(page, "#objectives") == "1 objective is paging, 1 has no budget left, 1 needs a ticket"
        assert await shown(page, "#announcer") == await shown(page, "#objectives")
        first = page.locator("#slo-rows tr").first
        await expect(first).to_contain_text("Page")
        await expect(first).to_contain_text("14.4x, 6x")
        await expect(first.locator("use")).to_have_attribute("href", "#shape-page")
        await expect(page.locator(".breaker", has_text="glm")).to_contain_text("open")


async def test_a_verdict_line_says_everything_about_an_objective(browser, server):
    async with opened(browser, server.url) as page:
        await server.say(outage(time.time()))
        await expect(page.locator("#slo-rows tr").first).to_contain_text("GLM answers")
        rows = [" ".join(text.split()) for text in await page.locator("#slo-rows tr").all_inner_texts()]
        assert rows[0] == (
            "Page 14.4x, 6x GLM answers 99 % over 30 d · now 99.31 % of 1 204 events 31.2 % "
            f"100{TIMES} 22.4{TIMES} 6.30{TIMES} 10 h 0.3 %"
        )
        assert f"{MINUS}21.4 %" in rows[1]
        assert "spent" in rows[1]
        assert rows[-1].startswith(f"No data Storage answers, 95 % within 100 ms 95 % over 30 d · no events yet {DASH}")
        await expect(page.locator("main")).to_contain_text("This replica's view.")


async def test_before_any_message_the_page_says_what_it_waits_for(browser, server):
    server.snapshot = [{"type": "delta", "time": 0}]
    async with opened(browser, server.url) as page:
        await expect(page.locator("#objectives")).to_have_text("Waiting for the first reading")
        assert [await each.inner_text() for each in await page.locator("h2:visible").all()] == [
            "Waiting for the first reading",
            "Traffic",
            "Circuit breakers",
            "Log",
        ]
        assert await violations(page) == []


async def test_simulated_upstreams_and_draining_are_said_plainly(browser, server):
    async with opened(browser, server.url) as page:
        await expect(page.locator(".notice")).to_have_count(1)
        await expect(page.locator(".notice")).to_contain_text("Simulated upstreams.")
        now = time.time()
        facts = {**state(now)["server"], "simulated": False, "draining": True}
        await server.say(state(now + 1, server=facts))
        await expect(page.locator(".notice")).to_contain_text("Draining.")
        await expect(page.locator(".notice")).to_have_count(1)


async def test_a_lost_connection_shows_and_heals_by_itself_on_the_real_clock(browser, server):
    async with opened(browser, server.url, refused=True) as page:
        await expect(page.locator("#link-text")).to_have_text("Live")
        await server.stop()
        await expect(page.locator("#link-text")).to_have_text("Connection lost")
        await expect(page.locator(".notice[data-kind=lost]")).to_contain_text("does not change. Trying again")
        assert await violations(page) == []
        await server.start()
        await expect(page.locator("#link-text")).to_have_text("Live", timeout=15_000)
        await expect(page.locator(".notice[data-kind=lost]")).to_have_count(0)


async def test_a_gap_in_the_numbering_and_dropped_messages_are_counted(browser, server):
    async with opened(browser, server.url) as page:
        await expect(page.locator("#link-text")).to_have_text("Live")
        await server.say(state(time.time()), skip=3)
        await expect(page.locator("#link-text")).to_have_text("Live · missed 3")
        await server.say(state(time.time()), skip=1, dropped=4)
        await expect(page.locator("#link-text")).to_have_text("Live · missed 4 · dropped 4")


async def test_what_is_no_json_is_passed_over(browser, server):
    async with opened(browser, server.url) as page:
        await expect(page.locator("#link-text")).to_have_text("Live")
        await server.say_text("nonsense")
        await server.say(state(time.time() + 1, traffic=traffic(rate=5)))
        await expect(page.locator(".tile dd").first).to_have_text("5.00")


LINES = [
    line("mcp_operation", tool="chat", outcome="ok", duration_ms=182.4, correlation_id="0193-aaaa"),
    line("upstream_attempt", level="error", outcome="upstream_error", empty=None, correlation_id="0193-bbbb"),
    line("mcp_operation", tool="version", outcome="ok", correlation_id="0193-bbbb", nested={"a": 1}),
]


async def test_the_log_is_filtered_by_text_and_by_correlation_id(browser, server):
    async with opened(browser, server.url) as page:
        await server.say(state(time.time()), log=LINES)
        rows = page.locator(".line-row:visible")
        await expect(rows).to_have_count(3)
        await page.get_by_label("Filter by text or correlation id").fill("UPSTREAM_error")
        await expect(rows).to_have_count(1)
        await expect(page.locator("#log-count")).to_have_text("1 of 3 lines")
        await rows.get_by_role("button").click()
        await expect(rows).to_have_count(2)
        await expect(page.locator("#log-filter")).to_have_value("0193-bbbb")
        await rows.first.get_by_role("button").press("Enter")
        await expect(rows).to_have_count(3)
        assert 'tool=version outcome=ok nested={"a":1}' in await shown(page, ".line-row:last-child")


async def test_a_paused_log_stands_still_and_catches_up(browser, server):
    async with opened(browser, server.url) as page:
        await server.say(state(time.time()), log=LINES[:1])
        await expect(page.locator(".line-row")).to_have_count(1)
        await page.get_by_role("button", name="Pause").press("Space")
        await server.say(state(time.time()), log=LINES[1:])
        await expect(page.locator("#log-count")).to_have_text("1 lines, paused with 2 waiting")
        await expect(page.locator(".line-row")).to_have_count(1)
        await page.get_by_role("button", name="Pause").press("Space")
        await expect(page.locator(".line-row")).to_have_count(3)


async def test_a_hostile_log_line_stays_text(browser, server):
    async with opened(browser, server.url) as page:
        await server.say(state(time.time()), log=[line("<img src=x onerror=alert(1)>", tool="<script>1</script>")])
        await expect(page.locator(".line-row")).to_contain_text("<img src=x onerror=alert(1)>")
        assert await page.locator("#log-lines img, #log-lines script").count() == 0


async def test_charts_have_a_table_twin(browser, server):
    now = time.time()
    past = [state(now - 60 + at, traffic=traffic(rate=at)) for at in range(60)]
    server.snapshot = [{"type": "snapshot" if at == 0 else "delta", "log": [], **each} for at, each in enumerate(past)]
    async with opened(browser, server.url) as page:
        chart = page.locator(".chart", has_text="Requests per second")
        await expect(chart.locator("svg[role=img]")).to_have_attribute(
            "aria-label", "Requests per second over the last five minutes; now all 59.0, bad 0.00"
        )
        await chart.locator("summary").press("Enter")
        rows = chart.locator("tbody tr")
        await expect(rows.first).to_contain_text("59.0")
        assert 6 <= await rows.count() <= 7
        assert await chart.locator(".line").first.get_attribute("d")
        box = await chart.locator("svg[role=img]").bounding_box()
        await page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 20)
        await expect(chart.locator(".xaxis")).to_contain_text("at ")
        assert await page.evaluate("document.querySelector('.cursor').getAttribute('d').startsWith('M')")


async def test_a_breaker_keeps_its_recent_past_as_a_band(browser, server):
    now = time.time()
    states = [[breaker("glm", each, now - 5)] for each in ("closed", "open", "open", "half_open", "closed")]
    past = [state(now - 50 + 10 * at, breakers=each) for at, each in enumerate(states)]
    server.snapshot = [{"type": "delta" if at else "snapshot", "log": [], **each} for at, each in enumerate(past)]
    async with opened(browser, server.url) as page:
        await expect(page.locator(".strip rect")).to_have_count(4)
        label = await page.locator(".strip").get_attribute("aria-label")
        assert "closed for 10\u202fs, then open for 20\u202fs, then half open for 10\u202fs, then closed" in label


async def test_a_breaker_tells_what_its_window_holds(browser, server):
    now = time.time()
    told = {
        "none": {},
        "quiet": {"calls": 1, "failures": 0, "slow": 0},
        "busy": {"calls": 40, "failures": 10, "slow": 1},
    }
    cards = [{**breaker(name, "closed", now - 5), **window} for name, window in told.items()]
    server.snapshot = [{"type": "snapshot", "log": [], **state(now, breakers=cards)}]
    async with opened(browser, server.url) as page:
        card = {name: page.locator(".breaker", has_text=name) for name in told}
        await expect(card["quiet"]).to_contain_text("1 call in its window")
        await expect(card["busy"]).to_contain_text("40 calls in its window, 25.0\u202f% failed, 2.5\u202f% slow")
        await expect(card["none"]).not_to_contain_text("window")


async def test_the_demonstration_is_shown_while_one_runs(browser, server):
    told = {
        "phase": "outage",
        "text": "GLM fails.",
        "timeline": [{"at": 12.44, "text": "GLM begins to fail", "kind": "fault"}, {"at": 15, "text": "Paged"}],
        "predictions": [
            {"name": "14.4x", "predicted_seconds": 31.24, "measured_seconds": 32},
            {"name": "6x", "predicted_seconds": 40, "measured_seconds": None},
        ],
    }
    async with opened(browser, server.url) as page:
        await expect(page.locator("#demo-section")).to_be_hidden()
        await server.say(state(time.time() + 1, demo=told))
        await expect(page.locator("#demo-section")).to_contain_text("outage GLM fails.")
        assert await shown(page, "#demo-timeline li") == "+12.4 s GLM begins to fail"
        rows = [" ".join(text.split()) for text in await page.locator("#demo-predictions tr").all_inner_texts()]
        assert rows == ["14.4x 31.2 s 32.0 s", "6x 40.0 s not yet"]
        await server.say(state(time.time() + 2, demo={"phase": "calm"}))
        await expect(page.locator("#demo-expected")).to_be_hidden()
        await server.say(state(time.time() + 3))
        await expect(page.locator("#demo-section")).to_be_hidden()


SHOW = {
    "phase": "outage",
    "timeline": [{"at": at, "kind": kind, "text": kind} for at, kind in enumerate(("phase", "fault", "burn", "info"))],
    "predictions": [{"name": "6x", "predicted_seconds": 40, "measured_seconds": None}],
}


async def violations(page: Page) -> list[str]:
    results = await Axe().run(page)
    return [f"{each['id']}: {node['html'][:90]}" for each in results.response["violations"] for node in each["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
async def test_axe_finds_nothing_in_either_scheme(browser, server, scheme, width):
    viewport = {"width": width, "height": 900}
    async with opened(browser, server.url, color_scheme=scheme, viewport=viewport, reduced_motion="reduce") as page:
        await server.say(outage(time.time()), log=LINES, demo=SHOW)
        await expect(page.locator("#headline")).to_have_attribute("data-state", "page")
        await page.locator("summary").first.click()
        assert await violations(page) == []


async def test_a_phone_needs_no_horizontal_scrolling(browser, server):
    async with opened(browser, server.url, viewport={"width": 360, "height": 740}) as page:
        long = line("mcp_operation", detail="x" * 400, correlation_id="0" * 64)
        many = [slo("availability", display_name="An objective with averyveryverylongunbrokenname " * 2)]
        await server.say(state(time.time(), slos=many), log=[long])
        await expect(page.locator(".line-row")).to_have_count(1)
        await page.locator("summary").first.click()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_every_control_is_reached_by_keyboard_in_reading_order(browser, server):
    async with opened(browser, server.url) as page:
        await server.say(state(time.time()), log=LINES[:1])
        await expect(page.locator(".line-row")).to_have_count(1)
        reached = []
        for _ in range(12):
            await page.keyboard.press("Tab")
            reached.append(await page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        assert reached[:7] == ["A", "SUMMARY", "SUMMARY", "log-filter", "log-pause", "log-lines", "BUTTON"]


FIGURES = [
    ("percent", [0.9999], "99.9 %"),
    ("percent", [1], "100 %"),
    ("percent", [0.29], "29.0 %"),
    ("percent", [0.0004], "< 0.1 %"),
    ("percent", [-0.2141], f"{MINUS}21.5 %"),
    ("percent", [None], DASH),
    ("objective", [0.9995], "99.95 %"),
    ("objective", [None], DASH),
    ("burn", [14.4], f"14.4{TIMES}"),
    ("burn", [0], f"0{TIMES}"),
    ("burn", [0.001], f"< 0.01{TIMES}"),
    ("burn", [None], DASH),
    ("count", [1234567], "1 234 567"),
    ("number", [-1234.5, 1], f"{MINUS}1 234.5"),
    ("latency", [0.0042], "4.2 ms"),
    ("latency", [0.182], "182 ms"),
    ("latency", [12.34], "12.3 s"),
    ("latency", [None], DASH),
    ("duration", [0.2], "0 s"),
    ("duration", [11520], "3 h 12 min"),
    ("duration", [86400], "1 d"),
    ("duration", [None], DASH),
    ("clock", [None], DASH),
    ("mark", ["20.0"], "20"),
    ("mark", ["0.0 ms"], "0"),
    ("mark", ["2.50 s"], "2.5 s"),
    ("mark", ["100 ms"], "100 ms"),
]


async def test_figures_are_written_as_people_read_them(browser, server):
    async with opened(browser, server.url) as page:
        written = await page.evaluate(
            "async rows => { const f = await import('/assets/format.js'); return rows.map(([n, a]) => f[n](...a)); }",
            [[name, arguments] for name, arguments, _ in FIGURES],
        )
        assert [text.replace("\u202f", " ") for text in written] == [text for _, _, text in FIGURES]


async def test_a_gap_breaks_the_line_and_an_axis_ends_at_a_round_number(browser, server):
    samples = [
        {"time": 0, "x": 1},
        {"time": 1, "x": 2},
        {"time": 2, "x": None},
        {"time": 3, "x": 4},
        {"time": 60, "x": 9},
    ]
    async with opened(browser, server.url) as page:
        drawn, rounded = await page.evaluate(
            "async s => { const c = await import('/assets/chart.js');"
            " return [c.path(s, 'x', 0, 4), [0, 0.03, 1, 4.2, 873].map(c.roundUp)]; }",
            samples,
        )
        assert drawn == "M0.0 75.0h0L1.0 50.0M3.0 0.0h0M60.0 0.0h0"
        assert rounded == pytest.approx([1, 0.05, 1, 5, 1000])


async def test_a_silent_connection_is_given_up_and_made_anew(browser, server):
    """The browser's own timers, run forward: nothing comes for six seconds."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.clock.install()
    await page.goto(server.url)
    await expect(page.locator("#link-text")).to_have_text("Live")
    assert server.connections == 1
    await page.clock.run_for(5000)
    assert server.connections == 1
    await page.clock.run_for(2000)
    await expect(page.locator("#link-text")).to_have_text("Live")
    assert server.connections == 2
    await context.close()
