"""A run with very long texts and very many parts, in a real browser."""

from __future__ import annotations

import functools

import pytest
from playwright.sync_api import expect

from refine_core.log.summaries import summarize
from refine_core.store import open_store
from tests.browser.conftest import wait_idle
from tests.unit.test_long_texts import MB, giant

pytestmark = pytest.mark.fault(62)


def test_a_giant_run_opens_soon_in_small_messages_and_answers_to_keys(page, server):
    log = giant()
    store = open_store(server.folder / "data")
    store.append(log.records, functools.reduce(summarize, log.records, None))
    store.close()
    sizes: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: sizes.append(len(data))))
    url = server.start()
    page.goto(url)  # the libraries are in memory then
    wait_idle(page)
    sizes.clear()
    page.goto(f"{url}/run?run={log.run_id}&attempt=1")
    expect(page.locator(".rs-timeline .chart svg")).to_be_visible(timeout=15_000)
    expect(page.get_by_text("50,000 parts")).to_be_visible(timeout=15_000)
    wait_idle(page)
    assert max(sizes) < MB
    page.get_by_role("group", name="Timeline of the run").focus()
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Attempt 2", exact=True)).to_be_visible(timeout=5_000)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all").first.click()
    assert download.value.path().stat().st_size > MB
