"""The Lab at 1440 by 900: all that matters stands on one screen, before the run and after it, and nothing moves while it streams."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from refine_core.programs import EXAMPLES
from tests.browser.conftest import run_button, wait_idle
from tests.browser.test_app import APP, choose, run, slow_down, stopped

WIDTH, HEIGHT = 1440, 900
LINES = 15  # of the reward's source, however often one of them wraps
ON_ONE_SCREEN = [e for e in EXAMPLES.values() if e.spec.N <= 6 and len(e.spec.stages) <= 2]

# Where things stand, noted in each frame: a place that was ever another than at first is reported. What is drawn anew may stand
# there twice for a moment; then each of both is noted.
WATCH = """(selectors) => {
  const places = (window.places = {});
  const look = () => {
    for (const [name, selector] of Object.entries(selectors)) {
      for (const node of document.querySelectorAll(selector)) {
        const { x, y, width, height } = node.getBoundingClientRect();
        (places[name] ??= new Set()).add([x, y, width, height].map(Math.round).join(' '));
      }
    }
    requestAnimationFrame(look);
  };
  look();
}"""


@pytest.fixture
def lab(page: Page, serve) -> Page:
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    page.goto(serve(APP))
    wait_idle(page)
    return page


def box(thing: Locator) -> dict[str, float]:
    expect(thing).to_have_count(1)  # a part that is drawn anew stands there twice for a moment
    expect(thing).to_be_visible()
    found = thing.bounding_box()
    assert found is not None, thing
    return found


def assert_on_screen(thing: Locator) -> None:
    place = box(thing)
    assert place["x"] >= 0
    assert place["y"] >= 0
    assert place["x"] + place["width"] <= WIDTH
    assert place["y"] + place["height"] <= HEIGHT, f"{thing} ends at {place['y'] + place['height']:.0f}"


def reward_editor(page: Page) -> Locator:
    return page.locator(".frame").filter(has=page.get_by_role("textbox", name=re.compile("def reward")))


# The lines of a source that are seen as a whole: none of their rows is above or below the editor's frame.
WHOLE_LINES = """(frame) => {
  const box = frame.getBoundingClientRect();
  const isWhole = (line) => line.top >= box.top && line.bottom <= box.bottom;
  return [...frame.querySelectorAll('.cm-line')].filter((line) => isWhole(line.getBoundingClientRect())).length;
}"""


def assert_form_on_screen(page: Page, source: str) -> None:
    """The left column: signature, reward, Run, and the settings below."""
    assert_on_screen(page.get_by_role("textbox", name="Signature"))
    assert_on_screen(run_button(page))
    assert_on_screen(reward_editor(page))
    assert reward_editor(page).evaluate(WHOLE_LINES) >= min(LINES, len(source.splitlines()))
    assert_on_screen(page.get_by_label("Max attempts (N)", exact=True))
    assert_on_screen(page.get_by_role("button", name="More", exact=True))


@pytest.mark.parametrize("example", ON_ONE_SCREEN, ids=lambda one: one.key)
def test_the_form_the_timeline_and_the_first_attempt_stand_on_one_screen(lab, example):
    choose(lab, example.title)
    figure = lab.get_by_role("img", name=re.compile("attempts?", re.IGNORECASE)).first
    expect(figure).to_be_visible()
    assert_form_on_screen(lab, example.spec.reward)
    assert_on_screen(figure)
    assert_on_screen(lab.get_by_role("tab", name="First prompt"))
    to_see = lab.get_by_text(f"What to look for. {example.look_for}")
    there = box(to_see)
    run(lab)
    expect(run_button(lab)).to_be_visible(timeout=60_000)
    first_told = lab.get_by_role("region", name="Story of the run").get_by_role("listitem").first
    expect(first_told).to_be_visible()
    wait_idle(lab)
    assert_form_on_screen(lab, example.spec.reward)
    assert_on_screen(figure)
    assert_on_screen(first_told)
    assert box(to_see) == there, "it stands where it stood before the run"
    assert lab.locator("[data-testid=stMain]").evaluate("main => main.scrollTop") == 0


@pytest.mark.parametrize(
    "title", ["A reward with a bug", "A flaky model", "A threshold that cannot be reached"]
)
def test_the_verdict_and_the_numbers_take_two_lines(lab, title):
    """Even where attempts failed; what the second line leaves out shows on hover, and with the focus."""
    choose(lab, title)
    before = box(lab.locator(".rs-timeline.ghost .chart"))
    run(lab)
    expect(lab.locator(".rs-timeline:not(.ghost) .chart")).to_be_visible(timeout=60_000)
    expect(run_button(lab)).to_be_visible(timeout=60_000)
    wait_idle(lab)
    assert box(lab.locator(".rs-timeline .chart"))["y"] == before["y"]


def test_nothing_moves_while_a_run_streams(lab):
    """Neither the form, nor the verdict, nor the timeline, from its preview to the end."""
    choose(lab, "One-word answer")
    slow_down(lab)
    ghost = box(lab.locator(".rs-timeline.ghost .chart"))
    lab.evaluate(
        WATCH,
        {
            "signature": "[class*='signature-text']",
            "reward": ".st-key-lab-reward",
            "run": ".st-key-lab-run",
            "more": ".st-key-lab-more",
            "verdict": "h2",
            "timeline": ".rs-timeline .chart",
        },
    )
    run(lab)
    stopped(lab)
    wait_idle(lab)
    places = lab.evaluate("Object.fromEntries(Object.entries(places).map(([k, v]) => [k, [...v]]))")
    assert set(places) == {"signature", "reward", "run", "more", "verdict", "timeline"}
    assert {name: seen for name, seen in places.items() if len(seen) > 1} == {}
    there = " ".join(str(int(ghost[side] + 0.5)) for side in ("x", "y", "width", "height"))
    assert places["timeline"] == [there], "where its preview was"
