"""Does the hint help? From the attempt over the dialog to the result, with a power cut in between, in a real browser."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace

from playwright.sync_api import Browser, Page, expect

from refine_core.programs import EXAMPLES
from refine_core.runs import Runs
from refine_core.store import open_store
from tests.browser.accessibility import serious_findings
from tests.browser.conftest import Server, wait_idle
from tests.threads import run_to_end

ONE = EXAMPLES["one_word"].spec
SLOW_S = 1.0  # a reply, so that a test can be cut off


def recorded(server: Server) -> str:
    """A run in the app's data folder; its id."""
    with closing(Runs(open_store(server.folder / "data"))) as runs:
        spec = replace(ONE, N=2, model=replace(ONE.model, delay_s=SLOW_S))
        return run_to_end(runs, runs.start(spec)).run_id


def verdict(page: Page):
    return page.locator(".hint-test .verdict h1")


def test_the_worth_of_a_hint_is_measured_in_spite_of_a_power_cut(chromium: Browser, server: Server):
    run_id = recorded(server)
    app = server.start()
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{app}/run?run={run_id}&attempt=2")
    wait_idle(page)
    page.get_by_role("button", name="Does the hint help?").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("20 tries of 1 call: 20 calls, free, about")).to_be_visible()
    dialog.get_by_text("Edited hint").click()
    dialog.get_by_label("Hint to answer").fill("Answer with one word, in capital letters.")
    dialog.get_by_role("spinbutton", name="Tries of each").fill("2")
    dialog.get_by_role("spinbutton", name="At once").fill("1")
    dialog.get_by_role("spinbutton", name="At once").press("Tab")
    start = dialog.get_by_role("button", name=re.compile("^Run 6 calls"))
    expect(start).to_be_enabled()
    assert serious_findings(page, "[role=dialog]") == []
    start.click()
    expect(page).to_have_url(re.compile("/hint-test[?]test="))
    expect(verdict(page)).to_have_text(re.compile("Running: [1-5] of 6 tries have ended"))
    expect(page.get_by_text("The difference is shown once all have.")).to_be_visible()
    server.kill()

    server.start_again()
    page.goto(page.url)
    expect(verdict(page)).to_have_text(
        re.compile(r"Stopped: [0-5] of 6 tries have ended, [1-6] were not run\.")
    )
    page.get_by_role("button", name=re.compile("Run the .* left")).click()
    page.get_by_role("button", name=re.compile(r"^Run \d calls?$")).click()
    done = re.compile("The hint raised the reward by|With the hint the reward was")
    expect(verdict(page)).to_have_text(done, timeout=30_000)
    expect(page.locator(".hint-test .dot")).to_have_count(6)
    expect(page.get_by_role("img", name=re.compile("No hint, 2 tries. Rewards: "))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Run 10 more of each"))).to_be_visible()
    assert serious_findings(page, ".stMain") == []

    page.locator(".outputs button").first.click()
    expect(page).to_have_url(re.compile("/run[?]run="))
    expect(page.get_by_role("heading", name=re.compile("^Attempt 2, no hint, try 1"))).to_be_visible()
    page.get_by_role(
        "link", name="A try of the hint test on attempt 2 of One-word answer: see the test"
    ).click()
    expect(verdict(page)).to_contain_text("2 tries each")
    context.close()
