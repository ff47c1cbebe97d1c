"""An experiment from the example to its page, in a real browser: what is typed stays, also where the page goes away at once."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import Server, wait_idle


def open_example(chromium: Browser, app: str, width: int = 1280) -> Page:
    context = chromium.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{app}/batch")
    wait_idle(page)
    page.get_by_role("button", name="Start with an example").click()
    page.wait_for_url(re.compile("experiment="))
    expect(page.get_by_role("button", name="Run 180")).to_be_enabled()
    wait_idle(page)
    return page


def test_an_experiment_is_set_up_and_run_and_a_reload_keeps_it(chromium: Browser, server: Server):
    page = open_example(chromium, server.start())
    assert serious_findings(page) == []

    seed = page.get_by_role("spinbutton", name="Seed")
    seed.fill("7")
    page.reload()  # while the field still has the focus
    expect(seed).to_have_value("7")
    wait_idle(page)
    repeats = page.get_by_role("spinbutton", name="Repeats of each input")
    repeats.fill("2")
    expect(page.get_by_role("button", name="Run 360")).to_be_enabled()
    page.reload()
    expect(repeats).to_have_value("2")
    expect(seed).to_have_value("7")
    dollars = page.get_by_role("spinbutton", name="Stop at, dollars")
    dollars.fill("0.004")
    dollars.press("Tab")
    expect(page.get_by_text("draft, saved")).to_be_visible()
    page.reload()
    expect(dollars).to_have_value("0.004")
    dollars.fill("")
    dollars.press("Tab")
    expect(page.get_by_role("button", name="Run 360")).to_be_enabled()
    page.reload()
    expect(seed).to_have_value("7")
    expect(dollars).to_have_value("")

    page.get_by_role("button", name="Edit Best of 5").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("spinbutton", name="Max attempts (N)").fill("3")
    expect(dialog.get_by_placeholder("Best of 3")).to_be_visible()
    assert serious_findings(page, "[role=dialog]") == []
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Edit Best of 3")).to_be_visible()

    page.get_by_role("button", name="Try 3 inputs first").click()
    expect(page.get_by_role("button", name="Run 360")).to_have_count(0)
    expect(page.get_by_role("button", name="Run the other 57 inputs")).to_be_visible()
    page.get_by_role("button", name="All experiments").click()
    row = page.get_by_role("row", name=re.compile("what do hints give"))
    expect(row).to_contain_text(re.compile("finished|running"))
    page.context.close()


def test_on_a_phone_run_stands_above_all_that_is_set_up(chromium: Browser, server: Server):
    page = open_example(chromium, server.start(), width=390)
    run = page.get_by_role("button", name="Run 180")
    inputs = page.get_by_role("heading", name="Inputs")
    assert run.bounding_box()["y"] < inputs.bounding_box()["y"] < 844
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    page.context.close()
