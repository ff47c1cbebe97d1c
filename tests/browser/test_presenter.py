"""The presenter's view in a real browser: keys, dots, votes, sizes, and nothing of the app beside it."""

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
BEATS = [step for step in STEPS if step.beat]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = Server(tmp_path_factory.mktemp("present"))
    hostile = logs.hostile()
    hostile.records = [type(r)("hostile", r.seq, r.at, r.span, r.event) for r in hostile.records]
    with closing(open_store(server.folder / "data")) as store:
        for log in (RUN, hostile):
            store.append(log.records, functools.reduce(summarize, log.records, None))
    yield server.start()
    server.stop()


def present(page: Page, app: str, step: int = 1, run: str = RUN.run_id) -> Page:
    page.goto(f"{app}/present?run={run}&step={step}")
    wait_idle(page)
    expect(page.locator(".presenter h1")).not_to_be_empty()
    return page


def shows(page: Page, beat: int) -> None:
    """The slide of this beat is shown: its dot, and its step in the address."""
    expect(page.locator(".dots [aria-current=step]")).to_have_accessible_name(
        re.compile(f"^Step {beat + 1} of")
    )
    expect(page).to_have_url(re.compile(rf"step={BEATS[beat].index + 1}\b"))


def test_keys_and_dots_move_from_beat_to_beat(page: Page, app: str):
    present(page, app)
    page.keyboard.press("ArrowRight")
    shows(page, 1)
    page.keyboard.press("End")
    shows(page, len(BEATS) - 1)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Stopped at attempt 4: reward 0.91 ≥ threshold 0.90."
    )
    page.keyboard.press("ArrowLeft")
    shows(page, len(BEATS) - 2)
    page.locator(".dots button").nth(3).click()
    shows(page, 3)
    expect(page.get_by_role("heading", level=1)).to_have_text("Attempt 1 scores 0.20.")
    expect(page.locator(".dots button")).to_have_count(len(BEATS))


def test_a_room_sees_nothing_but_the_run(page: Page, app: str):
    present(page, app, 8)
    box = page.locator(".presenter").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 1280, "height": 900}
    expect(page.get_by_role("link", name="Lab")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_css("font-size", "32px")
    present(page, app, BEATS[-1].index + 1)
    expect(page.locator(".presenter .output")).to_have_css("font-size", "46px")


def test_g_hides_each_reward_until_the_room_has_voted(page: Page, app: str):
    present(page, app)
    page.keyboard.press("g")
    expect(page.get_by_role("button", name="Guess first: on")).to_be_visible()
    page.keyboard.press("End")
    expect(page.get_by_role("heading", level=1)).to_have_text("What will attempt 1 score?")
    expect(page.locator(".presenter .reward")).to_have_count(0)
    page.keyboard.press("ArrowRight")  # leads no further
    for key in ("1", "4", "4"):
        page.keyboard.press(key)
    expect(page.get_by_label("Votes for 1.00")).to_have_value("2")
    page.get_by_label("Votes for 0.25").fill("7")
    page.get_by_label("Votes for 0.25").press("Enter")
    expect(page.locator(".ballot .lead")).to_have_count(1)
    page.get_by_role("button", name=re.compile("Show the score")).click()
    expect(page.locator(".presenter .reward b")).to_have_text("0.20")
    expect(page.get_by_text("The room guessed 0.25")).to_be_visible()
    expect(page.locator(".chart .guess")).to_have_count(1)


def test_a_vote_is_not_needed_to_show_the_score(page: Page, app: str):
    present(page, app)
    page.keyboard.press("g")
    expect(page.get_by_role("button", name="Guess first: on")).to_be_visible()
    page.keyboard.press("End")
    expect(page.get_by_role("heading", level=1)).to_have_text("What will attempt 1 score?")
    page.keyboard.press("Space")
    expect(page.locator(".presenter .reward b")).to_have_text("0.20")
    expect(page.locator(".chart .guess")).to_have_count(0)


def test_escape_leaves_for_the_step_that_was_shown(page: Page, app: str):
    present(page, app, BEATS[4].index + 1)
    page.keyboard.press("Escape")
    expect(page.locator(".presenter")).to_have_count(0)
    expect(page).to_have_url(re.compile(rf"/play\?.*step={BEATS[4].index + 1}\b"))
    expect(page.get_by_role("link", name="Lab")).to_be_visible()
    page.get_by_role("link", name="Present").click()
    shows(page, 4)


@pytest.mark.own_page
def test_space_plays_and_space_stops(page: Page, app: str):
    page.clock.install()
    present(page, app)
    page.keyboard.press("Space")
    shows(page, 1)
    page.clock.run_for(6000)
    shows(page, 2)
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name=re.compile("Play"))).to_be_visible()


def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page, app: str):
    page.set_viewport_size({"width": 390, "height": 844})
    present(page, app, BEATS[7].index + 1)
    wide = page.locator(".presenter").evaluate("(node) => node.scrollWidth > node.clientWidth")
    assert wide is False


def test_hostile_text_is_text_for_a_room_too(page: Page, app: str):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    present(page, app, run="hostile")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".presenter .words")).to_contain_text("<img src=x")
    assert page.evaluate("window.hurt") is None
    assert all(url.startswith((app, "data:", "blob:")) for url in asked)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Page, app: str, scheme: str):
    page.emulate_media(color_scheme=scheme)
    present(page, app, BEATS[6].index + 1)
    page.keyboard.press("g")
    expect(page.get_by_role("button", name="Guess first: on")).to_be_visible()
    page.keyboard.press("End")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^What will attempt"))
    assert serious_findings(page) == []
