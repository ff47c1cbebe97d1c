"""An experiment from the example to its answer, in a real browser: its verdict, its pictures, a bar that opens two runs."""

from __future__ import annotations

import csv
import io
import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import Server, wait_idle
from tests.browser.test_batch_setup import open_example
from tests.browser.test_share import download


def exports_what_it_shows(page: Page) -> None:
    """The verdict in the HTML file, without a script, and a row for each run in the CSV file."""
    verdict = page.locator(".result h1").inner_text()
    page.get_by_role("button", name="Export").click()
    name, report = download(page, page, "Download: One file (HTML)")
    assert name.endswith(".html")
    text = report.decode()
    assert verdict in text
    assert "<script" not in text
    name, table = download(page, page, "Download: Runs (CSV)")
    assert name.endswith(".csv")
    rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
    assert len(rows) == 180
    assert {row["arm"] for row in rows} == {"Refine, N 5", "Best of 5", "Single attempt"}
    page.keyboard.press("Escape")


def test_the_example_ends_in_a_verdict_and_files_and_its_bars_open_both_runs(
    chromium: Browser, server: Server
):
    page = open_example(chromium, server.start())
    page.get_by_role("button", name="Run 180").click()
    expect(page.locator(".result h1")).to_contain_text(" on 60 inputs", timeout=60_000)
    wait_idle(page)
    assert serious_findings(page) == []

    exports_what_it_shows(page)
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
