"""The Lab on a phone and at 200 % zoom: one part at a time, Run on top, and the result after a run or at its address."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import run_button, wait_idle
from tests.browser.test_app import APP, run, stopped, write_reward

PHONE, ZOOMED = (
    {"width": 390, "height": 844},
    {"width": 720, "height": 450},
)  # the latter is 1440 by 900 at 200 %
REWARD = "def reward(args, pred):\n    return 0.5\n"


@pytest.fixture(params=[PHONE, ZOOMED], ids=["phone", "zoomed"])
def lab(request, page: Page, serve) -> Page:
    page.set_viewport_size(request.param)
    page.goto(serve(APP))
    wait_idle(page)
    expect(part(page, "Program")).to_be_visible()
    return page


def part(page: Page, name: str):
    return page.get_by_role("radiogroup", name="Part of the Lab").get_by_role("radio", name=name)


def show(page: Page, name: str) -> None:
    part(page, name).click()
    expect(part(page, name)).to_be_checked()
    wait_idle(page)


def assert_no_scroll_sideways(page: Page) -> None:
    width = (page.viewport_size or {})["width"]
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")


def test_each_part_stands_alone_below_run_and_keeps_what_was_typed(lab):
    reward = lab.get_by_role("textbox", name=re.compile("def reward"))
    signature = lab.get_by_role("textbox", name="Signature")
    for name, shown in (
        ("Program", signature),
        ("Reward", reward),
        ("Settings", lab.get_by_label("Max attempts (N)", exact=True)),
        ("Result", lab.get_by_role("heading", name=re.compile("^(Ready|Stopped|All)"))),
    ):
        show(lab, name)
        expect(shown).to_be_visible()
        expect(run_button(lab)).to_be_in_viewport()
        assert_no_scroll_sideways(lab)
    expect(reward).to_have_count(0)
    show(lab, "Reward")
    write_reward(lab, REWARD)
    show(lab, "Program")
    show(lab, "Reward")
    expect(reward).to_have_text(re.compile("return 0.5"))


@pytest.mark.fault(40)
def test_after_run_and_at_the_address_of_a_run_the_result_shows(lab):
    show(lab, "Program")
    run(lab)
    expect(part(lab, "Result")).to_be_checked()
    expect(run_button(lab)).to_be_visible(timeout=60_000)
    expect(lab.get_by_role("region", name="Story of the run")).to_be_visible()
    show(lab, "Program")
    lab.goto(lab.url)
    expect(part(lab, "Result")).to_be_checked(timeout=20_000)
    expect(lab.get_by_role("heading", name=re.compile("^(Stopped at|All .* made)"))).to_be_in_viewport()
    assert_no_scroll_sideways(lab)


def test_a_window_that_is_made_narrow_keeps_the_run_and_what_was_typed(page, serve):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(serve(APP))
    wait_idle(page)
    write_reward(page, REWARD)
    wait_idle(page)
    run(page)
    stopped(page, "All 5 attempts made")
    page.set_viewport_size(PHONE)
    expect(part(page, "Result")).to_be_checked()
    show(page, "Reward")
    expect(page.get_by_role("textbox", name=re.compile("def reward"))).to_have_text(re.compile("return 0.5"))
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.get_by_role("textbox", name="Signature")).to_be_visible()
    reward = page.get_by_role("textbox", name=re.compile("def reward"))
    expect(reward).to_have_count(1)
    expect(reward).to_have_text(re.compile("return 0.5"))
