"""Typed text reaches the store while its field still has the focus, and comes back after the app is killed."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, wait_idle


def instructions(page: Page):
    return page.get_by_role("textbox", name="Instructions", exact=True)


@pytest.mark.fault(32)
def test_typed_text_comes_back_after_the_app_was_killed(page: Page, server: Server):
    page.goto(server.start())
    wait_idle(page)
    instructions(page).click()
    page.keyboard.type("Answer in one word, and")
    expect(page.get_by_text("draft saved")).to_be_visible()
    expect(instructions(page)).to_be_focused()
    page.keyboard.type(" nothing else")  # the cursor stays where it was
    expect(instructions(page)).to_have_text("Answer in one word, and nothing else")
    page.keyboard.press("Tab")
    expect(page.get_by_role("code").filter(has_text="Answer in one word, and nothing else")).to_have_count(1)
    server.kill()
    page.goto("about:blank")
    page.goto(server.start())
    expect(instructions(page)).to_have_text("Answer in one word, and nothing else")
