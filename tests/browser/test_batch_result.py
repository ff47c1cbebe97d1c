"""An experiment from the example to its answer, in a real browser: its verdict, its pictures, a bar that opens two runs."""

from __future__ import annotations

import csv
import io
import re

from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import ROOT, Server, wait_idle
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


def test_long_names_of_arms_do_not_lie_on_each_other_beside_the_interval(page: Page):
    """As on a phone, where two names of thirty letters are wider than the picture."""

    def serve(route: Route) -> None:
        file = ROOT / "assets" / route.request.url.removeprefix("http://assets.test/")
        if file.suffix == ".js":
            route.fulfill(path=file, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    page.route("http://assets.test/**", serve)
    page.goto("http://assets.test/batch/")
    for width in (340, 620):
        boxes = page.evaluate(
            """async (width) => {
                const { paintKnown } = await import("/batch/known.js");
                const [left, right] = ["Refine with feedback, gpt-4.1-mini better", "Best of 5 with another model, gpt-5 better"];
                const axis = { low: -1, high: 1, ticks: [] };
                const { svg } = paintKnown({ axis, now: { low: -0.5, value: 0, high: 0.5, text: "9 inputs" }, then: null, left, right, alt: "" }, width);
                svg.setAttribute("style", `font: 12px sans-serif; width: ${width}px`);
                document.body.replaceChildren(svg);
                return [...svg.querySelectorAll("text")].slice(0, 2).map((one) => one.getBoundingClientRect());
            }""",
            width,
        )
        first, second = boxes
        apart = (first["right"] < second["left"], first["bottom"] <= second["top"] + 2)
        assert any(apart), (width, boxes)
