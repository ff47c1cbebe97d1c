"""A branch from a run's page: a hint is edited, the branch runs, what it keeps is seen, and it is compared with its parent."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from refine_core.programs import EXAMPLES
from refine_core.runs import Runs
from refine_core.store import open_store
from tests.browser.accessibility import serious_findings
from tests.browser.conftest import Server

NEW = "In `facts`, list the order number and the date exactly as the input has them."


@pytest.fixture
def forked(server: Server, chromium: Browser) -> Iterator[tuple[Page, str, str]]:
    """A page, the address of an app that holds a run of two stages, and the run's id."""
    runs = Runs(open_store(server.folder / "data"))
    run_id = runs.start(EXAMPLES["two_stages"].spec)
    runs.join(run_id, 60)
    runs.close()
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",
        bypass_csp=True,  # the page's own rules keep axe's script out
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page, server.start(), run_id
    context.close()
    assert not errors, errors


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def hint(page: Page) -> Locator:
    return dialog(page).get_by_role("textbox", name="Hint for extract at attempt 3")


def test_a_hint_is_edited_and_the_branch_is_compared_with_its_parent(forked):
    page, url, run_id = forked
    page.goto(f"{url}/run?run={run_id}&attempt=3")
    page.get_by_role("button", name="Fork", exact=True).click()
    expect(dialog(page).get_by_text("Attempts 1 and 2 are kept as recorded")).to_be_visible()
    expect(dialog(page).get_by_text("at most 11 calls, free")).to_be_visible()
    expect(hint(page)).to_have_text("In `facts`, list the order number exactly as the input has it.")

    hint(page).click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(NEW)
    expect(dialog(page).locator("ins").first).to_have_text(" and the date")
    expect(dialog(page).get_by_text("3 words added, 1 replaced")).to_be_visible()
    expect(dialog(page).get_by_role("button", name="Restore the adviser's hint")).to_be_visible()

    page.reload()  # what was typed is kept
    expect(hint(page)).to_have_text(NEW)
    expect(dialog(page).get_by_text("3 words added, 1 replaced")).to_be_visible()
    assert serious_findings(page, "[role=dialog]") == []

    dialog(page).get_by_role("radio", name="extract").focus()  # the rest by keys alone
    page.keyboard.press("Tab")
    expect(hint(page)).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(dialog(page)).to_have_count(0)
    expect(page.get_by_role("heading", name="Stopped at attempt 3")).to_be_visible(timeout=30_000)
    expect(
        page.get_by_text("from attempt 3 · changed: hint for extract · attempts 1 and 2 kept")
    ).to_be_visible()
    expect(page.locator(".story .quiet", has_text=re.compile("^kept from run ....$"))).to_have_count(2)
    expect(page.get_by_role("link", name="Two stages, one to blame")).to_have_count(
        2
    )  # the title's, the tree's

    page.get_by_role("button", name="Compare Two stages, one to blame").click()
    expect(page).to_have_url(re.compile(rf"/compare\?a={run_id}&b="))
    expect(page.get_by_role("button", name="Attempt 3", exact=True)).to_be_visible()

    page.goto(f"{url}/runs")
    page.get_by_role("link", name="Two stages, one to blame").focus()
    page.keyboard.press("ArrowRight")
    branch = page.get_by_role("link", name="hint for extract at 3")
    expect(branch).to_be_visible()
    page.keyboard.press("j")
    expect(branch).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(branch).to_have_count(0)
