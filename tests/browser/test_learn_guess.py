"""The guess of a lesson in a real browser: drawn by pointer, keys and number fields, and what happened over it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import serious_findings

APP = Path(__file__).with_name("apps") / "guess_app.py"


@pytest.fixture(scope="module")
def shown(chromium: Browser, serve: Callable[[Path], str]) -> Iterator[Callable[[str], Page]]:
    """Opens the component on the fixed data of that name, all in one browser's page."""
    context = chromium.new_context(
        viewport={"width": 900, "height": 900}, bypass_csp=True, reduced_motion="reduce"
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def show(name: str) -> Page:
        page.goto(f"{serve(APP)}/?show={name}")
        expect(page.locator(".guess-root")).to_be_visible(timeout=60_000)
        return page

    yield show
    context.close()
    assert not errors, errors


def guess_text(page: Page):
    return page.get_by_text(re.compile("^Guess: "))


def test_a_drag_across_the_chart_draws_and_unlocks_the_run(shown):
    page = shown("curve")
    expect(page.get_by_text("Left: 9")).to_be_visible()
    box = page.locator(".surface").bounding_box()
    x, y = box["x"], box["y"]
    page.mouse.move(x + 30, y + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(x + box["width"] * 0.5, y + box["height"] / 4, steps=2)
    page.mouse.up()
    expect(page.get_by_text("Left: 4")).to_be_visible()
    expect(page.get_by_text("draw on to 10")).to_be_visible()
    expect(page.get_by_role("button", name="Run")).to_be_disabled()
    page.mouse.down()
    page.mouse.move(x + box["width"] - 20, y + 20, steps=2)
    page.mouse.up()
    expect(page.get_by_text("Left: 0")).to_be_visible()
    expect(guess_text(page)).to_contain_text("(40, ")
    page.get_by_role("button", name="Run").click()


def test_a_point_stays_at_the_height_at_which_a_drag_passed_it(shown):
    page = shown("curve")
    page.get_by_text("Type the values").click()
    second = page.get_by_label("N, attempts for each question 2", exact=True)
    third = page.get_by_label("N, attempts for each question 3", exact=True)
    box = page.locator(".surface").bounding_box()
    apart, middle = (box["width"] - 64) / 9, box["y"] + box["height"] / 2
    at_second = box["x"] + 26 + apart
    page.mouse.move(at_second - 10, middle)
    page.mouse.down()
    page.mouse.move(at_second, middle)
    passed = second.input_value()
    page.mouse.move(at_second + apart, middle - box["height"] / 3, steps=6)
    page.mouse.up()
    assert int(third.input_value()) > int(passed) + 20
    expect(second).to_have_value(passed)


def test_arrow_keys_choose_a_point_and_move_it_and_number_fields_say_the_same(shown):
    page = shown("curve")
    surface = page.get_by_role("application")
    surface.focus()
    surface.press("Home")
    surface.press("ArrowUp")
    expect(page.get_by_role("status")).to_contain_text("40 %, given")
    surface.press("ArrowRight")
    surface.press("ArrowUp")
    surface.press("Shift+ArrowUp")
    expect(page.get_by_role("status")).to_have_text("N, attempts for each question 2: 51 %")
    page.get_by_text("Type the values").click()
    second = page.get_by_label("N, attempts for each question 2")
    expect(second).to_have_value("51")
    expect(page.get_by_label("N, attempts for each question 1", exact=True)).to_be_disabled()
    second.fill("400")
    second.press("Tab")
    expect(guess_text(page)).to_contain_text("(40, 100, None")
    assert serious_findings(page, ".stMain") == []


def test_a_number_is_guessed_by_keys_and_nothing_counts_before(shown):
    page = shown("number")
    slider = page.get_by_role("slider", name="Your guess: equal answers")
    expect(slider).to_have_attribute("aria-valuetext", "no guess yet")
    expect(page.get_by_text("Left: 1")).to_be_visible()
    slider.focus()
    slider.press("Shift+ArrowLeft")
    expect(guess_text(page)).to_have_text("Guess: 0")
    slider.press("ArrowRight")
    expect(guess_text(page)).to_have_text("Guess: 1")
    assert serious_findings(page, ".stMain") == []


def test_an_app_that_forgot_a_guess_is_told_again_what_is_on_the_screen(shown):
    page = shown("number")
    page.get_by_label("as a number").fill("7")
    page.get_by_label("as a number").press("Enter")
    expect(guess_text(page)).to_have_text("Guess: 7")
    page.get_by_role("button", name="Forget").click()
    expect(page.get_by_text("Forgotten: 1")).to_be_visible()
    expect(guess_text(page)).to_have_text("Guess: 7")
    expect(page.get_by_role("button", name="Run")).to_be_enabled()


def test_a_choice_is_a_radio_button_and_shows_what_happened_beside_the_guess(shown):
    page = shown("choice")
    page.get_by_text("A bare number", exact=True).click()
    expect(guess_text(page)).to_have_text("Guess: 0")
    assert serious_findings(page, ".stMain") == []
    page = shown("choice done")
    expect(page.locator("label", has_text="A number and a reason")).to_contain_text("what happened")
    expect(page.locator("label", has_text="A bare number")).to_contain_text("your guess")


def test_an_answer_is_chosen_by_its_bars_whose_numbers_are_in_its_name(shown):
    page = shown("answer")
    page.get_by_role("radio", name="A bare number 4, 3, 2, 1, 1").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="A number and a reason 19, 1")).to_be_checked()
    expect(guess_text(page)).to_have_text("Guess: 1")
    assert serious_findings(page, ".stMain") == []


def test_the_gap_is_shaded_marked_at_its_largest_and_said_in_words(shown):
    page = shown("curve done")
    expect(page.locator("path.gap")).to_have_count(1)
    expect(page.get_by_text("34 points")).to_be_visible()
    expect(page.locator("circle.outcome")).to_have_count(11)  # one of them in the legend
    expect(page.get_by_role("img", name="4: guess 58 %, it was 46 of 50")).to_be_visible()
    expect(page.get_by_role("application")).to_have_count(0)
    assert serious_findings(page, ".stMain") == []
    page = shown("curve running")
    expect(page.locator("path.gap")).to_have_count(0)
    expect(page.locator(".plot circle.partial")).to_have_count(1)
