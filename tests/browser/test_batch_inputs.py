"""A table with a bad row, in a real browser: it is named, the rest is agreed to, and a reload keeps that."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import Server, wait_idle

TABLE = b"""message,order number,day
"Hello, the kettle came today, and the lid is cracked.",KT-4423,2 March
,LM-3413,29 March
"Dear team, my blanket arrived damaged.",BL-6828,10 March
"""


def test_a_bad_row_is_named_and_left_out_and_a_reload_keeps_that(chromium: Browser, server: Server):
    page = chromium.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True).new_page()
    page.goto(f"{server.start()}/batch")
    wait_idle(page)
    page.get_by_role("button", name="Start with an example").click()
    page.wait_for_url(re.compile("experiment="))
    expect(page.get_by_role("button", name="Run 180")).to_be_enabled()
    page.get_by_role("button", name="Replace").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "messages.csv", "mimeType": "text/csv", "buffer": TABLE}
    )
    expect(page.get_by_text("Row 2 (line 3): message is empty")).to_be_visible()
    expect(page.get_by_role("button", name="Fix 1 problem")).to_be_disabled()
    wait_idle(page)
    assert serious_findings(page) == []

    page.get_by_text("Run the other 2 rows").click()
    run = page.get_by_role("button", name="Run 6")
    expect(run).to_be_enabled()
    wait_idle(page)
    page.reload()
    expect(run).to_be_enabled()
    expect(page.get_by_role("checkbox", name="Run the other 2 rows")).to_be_checked()
    page.context.close()
