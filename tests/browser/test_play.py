"""Stepping through a run in a real browser: slider, keys, addresses, and rewards that wait for a guess."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from refine_core.log.summaries import summarize
from refine_core.play import list_steps
from refine_core.store import open_store
from tests import logs
from tests.browser.accessibility import serious_findings
from tests.browser.conftest import Server, wait_idle

RUN = logs.two_stages()
STEPS = list_steps(RUN.records)
LAST = len(STEPS)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with one finished run of four attempts, and one of a hostile model."""
    server = Server(tmp_path_factory.mktemp("play"))
    hostile = logs.hostile()
    hostile.records = [type(r)("hostile", r.seq, r.at, r.span, r.event) for r in hostile.records]
    with closing(open_store(server.folder / "data")) as store:
        for log in (RUN, hostile):
            store.append(log.records, functools.reduce(summarize, log.records, None))
    yield server.start()
    server.stop()


def play(page: Page, app: str, step: int | None = None, run: str = RUN.run_id) -> Page:
    page.goto(f"{app}/play?run={run}" + (f"&step={step}" if step else ""))
    wait_idle(page)
    expect(slider(page)).to_be_visible()
    return page


def slider(page: Page):
    return page.get_by_role("slider", name="Step of the run")


def place(page: Page):
    return page.locator(".player .place")


def says(page: Page, step: int):
    """The page stands at this step (counted from 1), in the address, in the caption and in the chart."""
    expect(place(page)).to_have_text(f"Step {step} of {LAST}")
    expect(page.locator(".player .caption")).to_have_text(STEPS[step - 1].caption)
    if step > 1:
        expect(page).to_have_url(re.compile(rf"step={step}\b"))


def test_keys_step_through_the_run_and_the_view_follows(page: Page, app: str):
    play(page, app)
    says(page, 1)
    page.keyboard.press("ArrowRight")
    says(page, 2)
    expect(page.get_by_text("Attempt 1 of 5: the model is answering").first).to_be_visible()
    page.keyboard.press("End")
    says(page, LAST)
    expect(page.get_by_text("Stopped at attempt 4: reward 0.91 ≥ threshold 0.90.").last).to_be_visible()
    page.keyboard.press("ArrowLeft")
    says(page, LAST - 1)
    page.keyboard.press("Home")
    says(page, 1)


def test_keys_pressed_faster_than_the_page_is_drawn_all_count(page: Page, app: str):
    play(page, app)
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    says(page, 13)


def test_an_address_leads_to_its_step_and_back_leads_to_the_one_before(page: Page, app: str):
    play(page, app, 16)
    says(page, 16)
    page.reload()
    says(page, 16)
    play(page, app, 99)
    expect(page.get_by_text(f"Step {LAST} of {LAST}")).to_be_visible()


def test_the_slider_moves_the_run_and_says_where_it_stands(page: Page, app: str):
    play(page, app)
    slider(page).fill("15")
    says(page, 16)
    expect(slider(page)).to_have_attribute("aria-valuetext", re.compile(r"Step 16 of \d+: Attempt 2 returns"))


@pytest.mark.own_page
def test_space_plays_on_and_space_stops(page: Page, app: str):
    page.clock.install()  # time passes as ever, and faster where the test says so
    play(page, app)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    says(page, 3)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    at = place(page).text_content()
    page.clock.run_for(20_000)
    expect(place(page)).to_have_text(at or "")


def test_each_reward_stays_hidden_until_it_is_guessed(page: Page, app: str):
    play(page, app)
    page.get_by_text("Guess first").click()
    question = page.get_by_text("What will attempt 1 score?")
    page.keyboard.press("End")
    expect(question).to_be_visible()
    first = next(s.index for s in STEPS if s.beat == "score")
    says(page, first)  # counted from 1: the step before the reward
    expect(page.get_by_text("reward 0.20")).to_have_count(0)
    page.get_by_label("What will attempt 1 score?").fill("0.8")
    page.get_by_role("button", name="Guess", exact=True).click()
    says(page, first + 1)
    expect(page.get_by_text("guess 0.80 · reward 0.20")).to_be_visible()
    page.keyboard.press("End")
    expect(page.get_by_text("What will attempt 2 score? Attempt 1 scored 0.20.")).to_be_visible()
    page.get_by_role("button", name="Show it without a guess").click()
    expect(page.get_by_text("The reward gives 0.60.").first).to_be_visible()
    expect(page.get_by_text(re.compile("guess .* · reward"))).to_have_count(1)


def test_no_key_leads_past_a_reward_that_waits_for_a_guess(page: Page, app: str):
    play(page, app)
    page.get_by_text("Guess first").click()
    page.keyboard.press("End")
    expect(page.get_by_text("What will attempt 1 score?")).to_be_visible()
    first = next(s.index for s in STEPS if s.beat == "score")
    says(page, first)
    page.keyboard.press("ArrowRight")
    expect(place(page)).to_have_text(f"Step {first} of {LAST}")
    page.keyboard.press("ArrowLeft")  # one step from where it stands, not from where it was not let
    says(page, first - 1)


def test_who_guesses_sees_what_was_asked_and_what_is_rewarded(page: Page, app: str):
    play(page, app)
    row = page.get_by_role("region", name="Program, inputs and reward")
    expect(row).to_contain_text("Which city?")
    expect(row).to_contain_text("def reward(inputs, prediction): return 1.0")


def test_a_call_under_way_has_taken_what_it_had_taken_at_this_step(page: Page, app: str):
    asked = next(s for s in STEPS if "asks the model" in s.caption)
    play(page, app, asked.index + 1)
    running = page.locator(".rs-timeline [data-since]").first
    expect(running).to_be_visible()
    expect(running).to_have_text(re.compile(r"^(0|[\d.]+) m?s$"))  # not the years since the run was made


def test_a_guess_is_dragged_too(page: Page, app: str):
    play(page, app, 6)
    page.get_by_text("Guess first").click()
    page.keyboard.press("End")
    page.get_by_role("slider", name="Drag your guess").fill("0.25")
    expect(page.get_by_label("What will attempt 1 score?")).to_have_value("0.25")


def test_keys_typed_into_a_guess_move_nothing(page: Page, app: str):
    play(page, app)
    page.get_by_text("Guess first").click()
    page.keyboard.press("End")
    number = page.get_by_label("What will attempt 1 score?")
    number.click()
    at = page.url
    for key in ("ArrowLeft", "Home", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(number).to_be_focused()
    assert page.url == at


def test_hostile_text_in_captions_is_text(page: Page, app: str):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    play(page, app, run="hostile")
    for step in list_steps(logs.hostile().records)[1:]:
        page.keyboard.press("ArrowRight")
        expect(page.locator(".player .caption")).to_have_text(step.caption)
    assert page.evaluate("window.hurt") is None
    assert all(url.startswith((app, "data:", "blob:")) for url in asked)


def test_an_address_without_a_run_says_what_to_do(page: Page, app: str):
    page.goto(f"{app}/play")
    expect(page.get_by_text("No run is named in the address.")).to_be_visible()
    page.goto(f"{app}/play?run=nowhere")
    expect(page.get_by_text("There is no run 'nowhere'")).to_be_visible()


def test_the_run_page_leads_to_play(page: Page, app: str):
    page.goto(f"{app}/run?run={RUN.run_id}")
    page.get_by_role("button", name="Replay").click()
    page.get_by_role("menuitem", name="Play step by step").click()
    says(page, 1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, app: str, scheme: str):
    page.emulate_media(color_scheme=scheme)
    play(page, app, 8)
    page.get_by_text("Guess first").click()
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="Guess", exact=True)).to_be_visible()
    assert serious_findings(page) == []
