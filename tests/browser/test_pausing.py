"""A run that waits for a person, in a real browser: step, hint by hand, go on, cancel, a closed tab, an app that died."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.shared.run.pausing import NARROW_PX
from tests.browser.conftest import ROOT, Server, wait_idle
from tests.browser.test_app import slow_down
from tests.browser.test_one_screen import WATCH

NO_HINT = "No hint. Type one, or leave it empty."


@pytest.fixture
def app(serve: Callable[[Path], str]) -> str:
    """The app that most tests share: an app of its own is slow to answer, as it imports its pages and litellm first."""
    return serve(ROOT / "app.py")


def start_stepwise(page: Page, url: str) -> str:
    """Run the Lab's first example with a pause before each step; the run's id."""
    page.goto(f"{url}/?example=one_word")  # not the newest draft, which may be another test's
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
    button = page.get_by_role("button", name="Next step")
    expect(button).to_have_count(1)  # for a moment the one drawn before is still there
    button.click()


def test_a_run_waits_at_each_step_and_takes_a_hint_by_hand(app: str, page: Page):
    start_stepwise(page, app)
    expect(page.get_by_label("Hint for answer, attempt 1")).to_have_text(NO_HINT)
    step(page)
    expect(waits(page, "the advice after attempt 1")).to_be_visible()
    expect(page.get_by_label(re.compile("Hint for"))).to_have_count(0)
    step(page)
    expect(waits(page, "attempt 2")).to_be_visible()
    hint = page.get_by_label("Hint for answer, attempt 2")
    expect(hint).not_to_have_text(NO_HINT)
    hint.fill("Answer with one word and no full stop.")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text(re.compile("Stopped at attempt 2"))).to_be_visible()
    expect(page.get_by_role("button", name="Next step")).to_have_count(0)
    expect(page.get_by_text("edited by hand").first).to_be_attached()


@pytest.mark.parametrize(
    ("there", "width", "height"),
    [("lab", 1440, 900), ("lab", 390, 844), ("run", 1440, 900), ("run", 390, 844)],
)
def test_from_step_to_step_nothing_moves(app: str, page: Page, there: str, width: int, height: int):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{app}/?example=one_word")
    wait_idle(page)
    chart = page.get_by_role("group", name="Timeline of the run")
    before = page.locator(".rs-timeline").bounding_box()
    run_id = start_stepwise(page, app)
    page.set_viewport_size({"width": width, "height": height})
    if there == "run" or width == 390:
        page.goto(f"{app}/{'run' if there == 'run' else ''}?run={run_id}")
        expect(waits(page, "attempt 1")).to_be_visible()
        if width == 390:  # the page knows by then that it is narrow
            expect(page.locator(".st-key-pause-place")).to_have_css("height", f"{sum(NARROW_PX)}px")
        wait_idle(page)
        if there == "run":  # what stands above, and takes its height a moment later on a busy machine
            expect(page.get_by_role("region", name="Program, inputs and reward")).to_be_visible()
            expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(chart).to_be_visible()
        before = page.locator(".rs-timeline").bounding_box()
    places = {"chart": ".rs-timeline .chart", "step": ".st-key-pause-place"}
    expect(chart).to_be_visible()
    wait_idle(page)  # all of a pause is drawn, also on a busy machine
    page.evaluate(WATCH, places)
    assert page.locator(".rs-timeline").bounding_box()["y"] == before["y"]
    for then in ("the advice after attempt 1", "attempt 2"):
        step(page)
        expect(waits(page, then)).to_be_visible()
    expect(page.get_by_label("Hint for answer, attempt 2")).to_be_visible()
    seen = page.evaluate("() => Object.entries(window.places).map(([name, all]) => [name, [...all]])")
    assert {name for name, _ in seen} == set(places)
    for name, all_places in seen:
        assert len(all_places) == 1, (name, all_places)


def test_a_hint_typed_in_the_slower_of_two_windows_is_kept(app: str, chromium: Browser, page: Page):
    run_id = start_stepwise(page, app)
    other = chromium.new_context()
    faster = other.new_page()
    faster.goto(f"{app}/run?run={run_id}")
    expect(waits(faster, "attempt 1")).to_be_visible()
    hint = page.get_by_label("Hint for answer, attempt 1")
    hint.fill("Say it in one word.")
    hint.press("Tab")  # which sends it
    expect(hint).not_to_be_focused()
    step(faster)
    expect(waits(page, "the advice after attempt 1")).to_be_visible()
    said = page.get_by_role("alert").filter(has_text="Attempt 1 was started from another window")
    expect(said).to_be_visible()
    expect(hint).to_have_text("Say it in one word.")
    expect(faster.get_by_role("alert").filter(has_text="another window")).to_have_count(0)
    other.close()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(said).to_have_count(0)
    expect(page.get_by_role("button", name="Next step")).to_be_enabled()


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
