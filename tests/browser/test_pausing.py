"""A run that waits for a person, in a real browser: step, hint by hand, go on, cancel, a closed tab, an app that died."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server, wait_idle
from tests.browser.test_app import slow_down


@pytest.fixture
def app(server: Server) -> Iterator[str]:
    return server.start()


def start_stepwise(page: Page, url: str) -> str:
    """Run the Lab's first example with a pause before each step; the run's id."""
    page.goto(url)
    wait_idle(page)
    page.get_by_role("button", name="More").click()
    page.get_by_text("Pause before each step").click()
    expect(page.get_by_role("checkbox", name="Pause before each step")).to_be_checked()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Run").first.click()
    expect(waits(page, "attempt 1")).to_be_visible()
    return re.search(r"run=([\w-]+)", page.url)[1]


def waits(page: Page, before: str):
    return page.get_by_text(re.compile(rf"Paused before {before}$")).first


def step(page: Page) -> None:
    page.get_by_role("button", name="Next step").click()


def test_a_run_waits_at_each_step_and_takes_a_hint_by_hand(app: str, page: Page):
    start_stepwise(page, app)
    expect(page.get_by_label("Hint for answer, attempt 1")).to_have_value("")
    step(page)
    expect(waits(page, "the advice after attempt 1")).to_be_visible()
    expect(page.get_by_label(re.compile("Hint for"))).to_have_count(0)
    step(page)
    expect(waits(page, "attempt 2")).to_be_visible()
    hint = page.get_by_label("Hint for answer, attempt 2")
    expect(hint).not_to_have_value("")
    hint.fill("Answer with one word and no full stop.")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text(re.compile("Stopped at attempt 2"))).to_be_visible()
    expect(page.get_by_role("button", name="Next step")).to_have_count(0)
    expect(page.get_by_text("edited by hand").first).to_be_attached()


def test_a_run_that_streams_in_the_lab_can_be_paused_where_replay_will_be(app: str, page: Page):
    page.goto(f"{app}/?example=one_word")
    wait_idle(page)
    place = page.get_by_role("button", name="Replay").bounding_box()
    slow_down(page)
    page.get_by_role("button", name="Run").first.click()
    pause = page.get_by_role("button", name="Pause", exact=True)
    expect(pause).to_be_enabled()
    assert pause.bounding_box() == place
    pause.click()
    expect(page.get_by_text(re.compile("Paused before")).first).to_be_visible(timeout=20_000)
    expect(pause).to_be_disabled()
    expect(page.get_by_test_id("stToast")).to_have_count(0)
    assert pause.bounding_box() == place
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Replay")).to_be_enabled(timeout=60_000)
    assert page.get_by_role("button", name="Replay").bounding_box() == place


def test_a_closed_tab_leaves_the_run_waiting_and_runs_says_so(app: str, chromium: Browser, page: Page):
    other = chromium.new_context()
    run_id = start_stepwise(other.new_page(), app)
    other.close()
    page.goto(f"{app}/runs")
    expect(page.get_by_text(re.compile(r"\bpaused\b", re.IGNORECASE)).first).to_be_visible()
    page.goto(f"{app}/run?run={run_id}")
    expect(waits(page, "attempt 1")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text(re.compile("Stopped at attempt"))).to_be_visible()


def test_cancel_works_while_a_run_waits(app: str, page: Page):
    run_id = start_stepwise(page, app)
    page.goto(f"{app}/run?run={run_id}")
    expect(waits(page, "attempt 1")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text(re.compile("Cancelled before the first attempt"))).to_be_visible()
    expect(page.get_by_role("button", name="Next step")).to_have_count(0)


def test_a_run_whose_app_died_while_it_waited_resumes_where_it_waited(server: Server, page: Page):
    run_id = start_stepwise(page, server.start())
    step(page)
    expect(waits(page, "the advice after attempt 1")).to_be_visible()
    server.kill()
    url = server.start()
    page.goto(f"{url}/run?run={run_id}")
    expect(page.get_by_text(re.compile("Interrupted after attempt 1"))).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Resume now").click()
    expect(waits(page, "the advice after attempt 1")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text(re.compile("Stopped at attempt"))).to_be_visible()


def test_a_page_that_was_open_while_its_app_restarted_goes_on_by_itself(server: Server, page: Page):
    """Streamlit draws nothing anew for it: it would show a run that waits, with buttons that do nothing."""
    start_stepwise(page, server.start())
    server.kill()
    expect(page.get_by_role("alert").filter(has_text="Refinescope does not answer.")).to_be_visible(
        timeout=20_000
    )
    server.start_again()
    expect(page.get_by_text(re.compile("Interrupted before the first attempt"))).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Next step")).to_have_count(0)
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Resume now").click()
    expect(waits(page, "attempt 1")).to_be_visible()
