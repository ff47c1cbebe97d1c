"""A class in two real browsers: the wall and a phone; hidden guesses, keys, and a page that follows without a reload."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import Server, wait_idle

NARROW = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app, once for this file; each test opens a class of its own."""
    server = Server(tmp_path_factory.mktemp("teach"))
    yield server.start()
    server.stop()


@pytest.fixture
def wall(chromium: Browser) -> Iterator[Page]:
    yield from open_browser(chromium, {"width": 1440, "height": 900})


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    yield from open_browser(chromium, NARROW)


def open_browser(chromium: Browser, viewport: dict[str, int]) -> Iterator[Page]:
    context = chromium.new_context(viewport=viewport, bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors, errors


def open_class(wall: Page, app: str, lesson: str) -> str:
    """Open a class at a lesson, as a teacher does, and go to its question; its code."""
    wall.goto(f"{app}/learn")
    wall.get_by_role("link", name="Teach a class").click(timeout=60_000)
    wall.get_by_role("combobox", name=re.compile("Lesson")).fill(lesson)
    wall.keyboard.press("Enter")
    wait_idle(wall)
    wall.get_by_role("button", name="Open a class").click()
    expect(wall.locator(".teach h1")).to_have_text(re.compile(re.escape(lesson)))
    wall.keyboard.press("ArrowRight")
    expect(wall.get_by_role("button", name="Close guessing")).to_be_visible()
    return re.search(r"class=(\w+)", wall.url)[1]


def test_a_guess_counts_at_once_and_shows_its_value_only_once_closed(wall: Page, phone: Page, app: str):
    code = open_class(wall, app, "How fast does best-of-N grow?")
    assert serious_findings(wall, ".stMain") == []
    phone.goto(f"{app}/guess?class={code}")
    field = phone.get_by_label("as a number")
    field.fill("63", timeout=60_000)
    field.press("Enter")
    send = phone.get_by_role("button", name="Send")
    expect(send).to_be_enabled()
    send.click()
    expect(phone.get_by_text(re.compile("Your guess is in: 63"))).to_be_visible()
    assert serious_findings(phone, ".stMain") == []
    expect(wall.locator(".total")).to_have_text("1")
    expect(wall.locator("path.guess")).to_have_count(0)
    expect(wall.locator(".teach")).not_to_contain_text("63")
    wall.keyboard.press("ArrowRight")
    expect(wall.locator("path.guess")).to_have_count(1)
    expect(phone.get_by_text("Guessing is closed. Look at the screen.")).to_be_visible()
    wall.keyboard.press("ArrowRight")
    expect(wall.locator(".teach h1")).to_contain_text(re.compile(r"The room was \d+ points too low"))
    expect(phone.get_by_text(re.compile("^It was: 9"))).to_be_visible()
    assert serious_findings(wall, ".stMain") == []


def test_hands_join_the_guesses_and_escape_leads_to_the_table(wall: Page, phone: Page, app: str):
    code = open_class(wall, app, "Does a reason beat a bare number?")
    phone.goto(f"{app}/guess")
    phone.get_by_label("Class code").fill(code.lower(), timeout=60_000)
    phone.get_by_role("button", name="Join").click()
    phone.get_by_text("The number with a reason").click()
    phone.get_by_role("button", name="Send").click()
    expect(wall.locator(".total")).to_have_text("1")
    wall.keyboard.press("h")
    more = wall.get_by_role("button", name="One more hand for About equal")
    for number in ("2", "3"):
        more.click()
        expect(wall.locator(".total")).to_have_text(number)
    wall.get_by_role("button", name="One hand less for About equal").click()
    expect(wall.locator(".of")).to_contain_text("open; 1 typed, 1 by show of hands")
    wall.keyboard.press("Escape")
    expect(wall.locator(".panel")).to_be_hidden()
    wall.keyboard.press("ArrowRight")
    expect(wall.locator(".choices b").nth(1)).to_have_text("1")
    wall.reload()
    expect(wall.locator(".of")).to_contain_text("closed", timeout=60_000)
    expect(wall.get_by_role("navigation")).to_have_count(0)
    wall.keyboard.press("Escape")
    expect(wall.get_by_role("heading", name="Predictions and checks")).to_be_visible()
    expect(wall.get_by_text("1 typed, 1 hand")).to_be_visible()
    with wall.expect_download() as download:
        wall.get_by_role("button", name="CSV").click()
    assert download.value.path().read_text(encoding="utf-8-sig").count('"05-feedback"') == 2
