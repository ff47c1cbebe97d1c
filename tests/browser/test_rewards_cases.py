"""Cases in a real browser: pinned from a row and from labels, seen to fail, brought back, saved, exported, found again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from refine_core.programs import EXAMPLES
from refine_core.runs import Runs
from refine_core.store import open_store
from tests.browser.accessibility import serious_findings
from tests.browser.conftest import Server, wait_idle
from tests.browser.test_rewards_page import write_reward

SHORT = "def short(args, pred):\n    return 1.0 if len(pred.reply) < 200 else 0.25\n"
ALWAYS = "def short(args, pred):\n    return 1.0\n"


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """The address of an app, and the id of its run, of whose attempts the first is labelled bad and the last good."""
    folder = tmp_path_factory.mktemp("rewards_cases")
    mine = Runs(open_store(folder / "data"))
    run_id = mine.start(EXAMPLES["gamed"].spec)
    mine.join(run_id, 60)
    mine.list.label(run_id, 0, "bad")
    mine.list.label(run_id, 3, "good")
    mine.close()
    server = Server(folder)
    yield server.start(), run_id
    server.stop()


def line(page: Page, name: str | re.Pattern[str]):
    return page.locator("tr[data-key]").filter(has=page.locator("td.name", has_text=name))


def test_a_case_is_pinned_guards_an_edit_and_is_there_again(page: Page, labelled):
    url, run_id = labelled
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{url}/rewards?of={run_id}")
    wait_idle(page)
    page.locator("tr[data-key]").nth(1).click()
    expect(page.get_by_role("heading", name="Attempt 2", exact=True)).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Pin as a case").click()
    page.get_by_role("button", name="As now: 0.50").click()
    expect(page.get_by_role("button", name="Pinned: = 0.5")).to_be_visible(timeout=20_000)
    tab = page.get_by_role("radio", name=re.compile("^Cases"))
    expect(tab).to_contain_text("1/1")
    tab.click()
    expect(page.get_by_role("heading", name="The case passes")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Pin 2 labelled outputs").click()
    expect(page.get_by_role("heading", name="All 3 cases pass")).to_be_visible(timeout=20_000)

    write_reward(page, ALWAYS)
    expect(page.get_by_role("heading", name="2 of 3 cases fail")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("img", name="fails")).to_have_count(2)
    expect(tab).to_contain_text("1/3")

    page.locator("tr[data-key]").nth(1).click()
    expect(page.locator("tr.on")).to_have_count(1)
    page.keyboard.press("j")
    name = page.locator("tr[data-key]").nth(2).get_attribute("data-key") or ""
    expect(page.get_by_role("textbox", name="Case")).to_have_value(name, timeout=20_000)
    page.keyboard.press("Delete")
    expect(page.get_by_text("was removed.")).to_be_visible(timeout=20_000)
    expect(page.locator("tr[data-key]")).to_have_count(2)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator("tr[data-key]")).to_have_count(3, timeout=20_000)

    page.get_by_role("spinbutton", name="Threshold: good enough from").fill("2")
    page.keyboard.press("Enter")
    expect(page.get_by_text("at least the threshold 2")).to_be_visible(timeout=20_000)
    page.get_by_role("spinbutton", name="Threshold: good enough from").fill("")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There is no threshold, so every good case")).to_be_visible(timeout=20_000)

    page.get_by_role("button", name="Copy as pytest").click()
    expect(page.get_by_test_id("stCode").filter(has_text="# --- cases")).to_contain_text(
        "def short(args, pred):"
    )
    with page.expect_download() as download:
        page.get_by_role("button", name="short.cases.json").click()
    assert download.value.suggested_filename == "short.cases.json"
    page.keyboard.press("Escape")

    page.reload()
    wait_idle(page)
    expect(page.get_by_role("heading", name="3 of 3 cases fail")).to_be_visible(timeout=20_000)


def test_the_keyboard_goes_into_a_popover_and_stays_on_the_tabs(page: Page, labelled):
    url, run_id = labelled
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{url}/rewards?of={run_id}&view=cases")
    wait_idle(page)
    new = page.get_by_role("button", name="New case")
    new.press("Enter")
    first = page.get_by_role("dialog").get_by_role("textbox").first
    expect(first).to_be_visible()
    page.keyboard.press("Tab")
    expect(first).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(new).to_be_focused()
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="X-ray").press(
        "Enter"
    )  # drawn over the whole width, so that the tabs move
    expect(page.get_by_role("table", name="The reward, line by line")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("radio", name="X-ray", checked=True)).to_be_focused()
    page.get_by_role("radio", name="Doctor").press("Enter")
    expect(page.get_by_text("In the code", exact=True)).to_be_visible(timeout=20_000)
    expect(page.get_by_role("radio", name="Doctor", checked=True)).to_be_focused()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_the_cases_fit_and_axe_finds_nothing_serious(chromium, labelled, width, scheme):
    url, run_id = labelled
    context = chromium.new_context(
        viewport={"width": width, "height": 1600},
        color_scheme=scheme,
        reduced_motion="reduce",
        bypass_csp=True,  # the page's own rules keep axe's script out
    )
    page = context.new_page()
    page.goto(f"{url}/rewards?of={run_id}&view=cases")
    wait_idle(page)
    page.get_by_role("button", name="Pin 2 labelled outputs").click()
    expect(page.get_by_role("heading", name="All 2 cases pass")).to_be_visible(timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious_findings(page) == []
    context.close()
