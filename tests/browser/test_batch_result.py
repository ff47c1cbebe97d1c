"""An experiment from the example to its answer, in a real browser: its verdict, its pictures, a bar that opens two runs."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import Server, wait_idle
from tests.browser.test_batch_setup import open_example


def test_the_example_ends_in_a_verdict_whose_bars_open_both_runs(chromium: Browser, server: Server):
    page = open_example(chromium, server.start())
    page.get_by_role("button", name="Run 180").click()
    expect(page.locator(".result h1")).to_contain_text(" on 60 inputs", timeout=60_000)
    wait_idle(page)
    assert serious_findings(page) == []

    page.get_by_role("button", name="tokens", exact=True).click()
    expect(page.get_by_text("tokens an input", exact=True)).to_be_visible()
    page.get_by_role("button", name="Best of 5 against single attempt").click()
    heading = page.get_by_role("heading", name="Best of 5 minus single attempt, by input")
    expect(heading).to_be_visible()
    page.wait_for_url(re.compile("pair="))
    page.reload()
    expect(heading).to_be_visible()
    wait_idle(page)

    page.get_by_role("button", name=re.compile("^Inputs")).click()
    page.wait_for_url(re.compile("/compare"))
    page.context.close()
