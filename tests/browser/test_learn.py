"""A lesson in a real browser, from the list to its end: predicted, run, compared, checked; by the address, and after a reload."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import Server, wait_idle

LESSON = "02-best-of-n"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app, once for this file; each test is another learner."""
    server = Server(tmp_path_factory.mktemp("learn"))
    yield server.start()
    server.stop()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, bypass_csp=True, reduced_motion="reduce"
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors, errors


def open_step(page: Page, app: str, step: str, learner: str) -> None:
    page.goto(f"{app}/learn?lesson={LESSON}&step={step}&learner={learner}")
    expect(page.get_by_role("navigation", name="Steps of the lesson")).to_be_visible(timeout=60_000)


def draw_curve(page: Page) -> None:
    surface = page.get_by_role("application", name=re.compile("^Your guess"))
    surface.focus()
    surface.press("Home")
    for _ in range(9):
        surface.press("ArrowRight")
        surface.press("ArrowUp")


def test_a_lesson_is_done_from_the_list_to_the_line_to_remember(page: Page, app: str):
    page.goto(f"{app}/learn?learner=Ada")
    page.get_by_role("link", name=re.compile("^Start: ")).click(timeout=60_000)
    expect(page.get_by_role("heading", level=1, name=re.compile("^1 "))).to_be_focused(timeout=30_000)
    open_step(page, app, "example", "Ada")  # of this lesson, whichever comes first
    expect(page.locator(".rs-timeline").first).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Predict").click()
    run = page.get_by_role("button", name=re.compile("^Run .*runs"))
    run.click()
    expect(page.get_by_role("status").filter(has_text="Make your prediction first: 9 points")).to_have_count(
        1
    )
    draw_curve(page)
    expect(page.get_by_text("Make your prediction first", exact=False)).to_have_count(1)  # what was said
    assert serious_findings(page, ".stMain") == []
    page.reload()
    run.click(timeout=30_000)
    expect(page.get_by_text(re.compile("^You were (low|high|off) by"))).to_be_visible(timeout=60_000)
    expect(page.locator("path.gap")).to_have_count(1)
    assert serious_findings(page, ".stMain") == []
    page.get_by_role("button", name="Check").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()  # what had the focus is gone
    answer = page.get_by_label("Your answer")
    for value, words in (("2", "Not yet."), ("6", "Right.")):
        answer.fill(value)
        answer.press("Enter")
        wait_idle(page)
        page.get_by_role("button", name="Check", exact=True).click()
        expect(page.locator("strong", has_text=words)).to_be_visible()
    wait_idle(page)
    drawn_anew = page.get_by_role("button", name="Check", exact=True)
    expect(drawn_anew).to_be_focused()
    assert serious_findings(page, ".stMain") == []
    page.get_by_role("link", name="All lessons").click()
    row = page.get_by_role("row").filter(has_text="How fast does best-of-N grow?")
    expect(row).to_contain_text("done")
    expect(row.get_by_role("img", name=re.compile("^Your guess: .* It was "))).to_be_visible()
    assert serious_findings(page, ".stMain") == []


def test_a_deep_link_to_a_later_step_asks_for_the_guess_or_shows_without_one(page: Page, app: str):
    open_step(page, app, "check", "Grace")
    expect(page.get_by_text("Nothing has run yet.")).to_be_visible()
    page.get_by_role("button", name="Show me without a guess").click()
    expect(page.get_by_role("heading", name="You looked without a guess.")).to_be_visible(timeout=60_000)
    page.get_by_role("link", name=re.compile("Check")).click()
    for number in (1, 2):
        page.get_by_role("button", name="Hint").click()
        expect(page.get_by_text(f"Hint {number}.")).to_be_visible()
    page.get_by_role("button", name="Show me").press("Enter")
    expect(page.get_by_text("Shown.")).to_be_visible()
    # It is gone, and what stood before it is drawn anew, as a lesser button.
    expect(page.get_by_role("button", name="Check", exact=True)).to_be_focused()
    expect(page.locator("path.gap")).to_have_count(0)
