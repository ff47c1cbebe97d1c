"""The X-ray in a real browser: from a row of the scores to the line where it lost, and to the helper that took it."""

from __future__ import annotations

import functools
import re

import pytest
from playwright.sync_api import Page, expect

from refine_core.log.summaries import summarize
from refine_core.store import open_store
from tests import logs
from tests.browser.conftest import Server, wait_idle
from tests.browser.test_rewards_page import cell, write_reward

REWARD = """def share(words, wanted):
    hits = sum(word in words for word in wanted)
    return hits / len(wanted)

def reward(args, pred):
    words = pred.reply.lower().split()
    parts = {
        "short": 0.5 * (len(words) <= 4),
        "words": 0.5 * share(words, ["kettle", "price"]),
    }
    if not words:
        return None
    return Score(sum(parts.values()), parts=parts)
"""
REPLIES = ("A kettle at a price", "Kettle price", "<img src=x onerror=document.title='owned'>")


@pytest.fixture(scope="module")
def replies(tmp_path_factory):
    """The address of an app with one run, whose attempts said REPLIES."""
    folder = tmp_path_factory.mktemp("rewards_xray")
    log = logs.Log(stages=("answer",), N=3, run_id="replies", strategy="best_of_n", hints_from="none")
    for reply in REPLIES:
        log.attempt(0.5, outputs={"reply": reply})
    log.finish()
    open_store(folder / "data").append(log.records, functools.reduce(summarize, log.records, None))
    server = Server(folder)
    yield server.start()
    server.stop()


def line(page: Page, number: int):
    return page.locator(f"tr[data-line='{number}']")


def test_from_a_row_to_the_line_where_it_lost_and_into_the_helper(page: Page, replies):
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.goto(f"{replies}/rewards?of=replies")
    wait_idle(page)
    write_reward(page, REWARD)
    expect(cell(page, 2, "new")).to_have_text("1.00", timeout=20_000)
    page.locator("tr[data-key]").nth(0).click()
    expect(page.get_by_role("heading", name="Attempt 1", exact=True)).to_be_visible(timeout=20_000)
    page.keyboard.press("x")
    expect(page.get_by_role("heading", name="0.50: lost 0.50 on short, at line 8.")).to_be_visible(
        timeout=20_000
    )
    expect(line(page, 8).locator("td")).to_contain_text("5 ≤ 4 → 0.00")
    expect(line(page, 12)).to_have_class(re.compile("pale"))
    expect(line(page, 12).locator("td")).to_have_text("not reached")
    expect(page.get_by_role("heading", name="Line 8", exact=True)).to_be_visible()

    line(page, 8).focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("heading", name="Line 9", exact=True)).to_be_visible()
    page.get_by_role("button", name="share", exact=True).click()
    expect(
        page.get_by_role("heading", name=re.compile("share called at line 9, returned 1.00"))
    ).to_be_visible(timeout=20_000)
    expect(line(page, 3).locator("td")).to_contain_text("2 / 2 → 1.00")
    assert "call=" in page.url
    line(page, 3).click()
    page.keyboard.press("Escape")
    expect(line(page, 13)).to_be_visible(timeout=20_000)

    page.get_by_role("combobox", name="Beside").click()
    page.get_by_role("option", name="Attempt 2").click()
    expect(page.get_by_text("The scores part here")).to_be_visible(timeout=20_000)
    expect(
        page.get_by_role("heading", name=re.compile("Attempt 1 gets 0.50 less on short, at line 8"))
    ).to_be_visible()
    expect(line(page, 8).locator("td").nth(1)).to_contain_text("2 ≤ 4 → 0.50")

    page.reload()  # the address says which rows
    expect(page.get_by_text("The scores part here")).to_be_visible(timeout=30_000)
    line(page, 8).focus()
    page.keyboard.press("j")
    expect(page.get_by_role("columnheader", name=re.compile("Attempt 2"))).to_be_visible(timeout=20_000)
    page.keyboard.press("j")
    expect(page.locator("dd", has_text="<img").first).to_be_visible(timeout=20_000)
    assert page.title() != "owned"
