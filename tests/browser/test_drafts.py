"""Typed text reaches the store while its field still has the focus, and comes back after the app is killed."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, open_part, wait_idle
from tests.browser.test_app import APP
from tests.threads import eventually


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


def test_what_is_typed_while_the_app_is_gone_reaches_it_later(page: Page, server: Server):
    page.goto(server.start())
    wait_idle(page)
    instructions(page).click()
    page.keyboard.type("Answer in one word")
    expect(page.get_by_text("draft saved")).to_be_visible()
    address = page.url
    server.kill()
    page.keyboard.type(", and nothing else")
    server.start_again()
    prompt = page.get_by_role("code").filter(has_text="Answer in one word, and nothing else")
    expect(prompt).to_have_count(1, timeout=60_000)
    page.goto("about:blank")
    page.goto(address)
    expect(instructions(page)).to_have_text("Answer in one word, and nothing else")


@pytest.mark.parametrize(
    ("part", "role", "called"),
    [
        (None, "textbox", {"Threshold": "0.75"}),
        (None, "spinbutton", {"Max attempts (N)": "7"}),
        (None, "textbox", {"Instructions": "Be brief"}),
        (None, "textbox", {"question": "What is the capital of Norway?"}),
        (None, "textbox", {"def reward": "def reward(args, pred):  # mine"}),
        ("more", "spinbutton", {"Seed": "12"}),
        ("more", "textbox", {"Instructions for advice": "Say what to do"}),
        ("fields", "textbox", {"Name of the stage": "reply"}),
    ],
)
def test_letters_typed_right_before_a_reload_are_not_lost(
    page: Page, serve, part: str | None, role: str, called: dict[str, str]
):
    ((name, text),) = called.items()
    page.goto(f"{serve(APP)}/?example=one_word")
    wait_idle(page)
    if part is not None:
        open_part(page, part)

    def field():
        exact = name != "def reward"
        return page.get_by_role(role, name=name if exact else re.compile(f"^{name}"), exact=exact)

    field().click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)
    page.reload()
    wait_idle(page)
    if part is not None:
        open_part(page, part)
    shown = "e => e.value ?? [...e.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\\n')"
    eventually(lambda: field().evaluate(shown) == text, within_s=10)
    expect(page.get_by_text("draft saved")).to_be_visible()
    page.reload()
    wait_idle(page)
    if part is not None:
        open_part(page, part)
    eventually(lambda: field().evaluate(shown) == text, within_s=10)


def test_a_reward_typed_right_before_a_reload_of_its_page_is_not_lost(page: Page, serve):
    page.goto(f"{serve(APP)}/rewards")
    wait_idle(page)
    editor = page.get_by_role("textbox", name=re.compile("^Reward"))
    editor.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("def reward(args, pred): return 0.25  # mine")
    page.reload()
    expect(editor).to_have_text("def reward(args, pred): return 0.25  # mine")
    page.wait_for_url(re.compile(r"draft=\w+"))
    page.reload()
    expect(editor).to_have_text("def reward(args, pred): return 0.25  # mine")


def test_a_text_from_before_a_reload_gives_way_to_one_that_came_later(page: Page, serve):
    """Undo was pressed after it, say: the field holds none of the texts that it was typed over."""
    page.goto(f"{serve(APP)}/?example=one_word")
    wait_idle(page)
    sent = {"lab.1.stage.0.instructions:text": {"text": "old", "bases": ["older"]}}
    page.evaluate("(sent) => sessionStorage.setItem('refinescope.unsent', JSON.stringify(sent))", sent)
    page.reload()
    wait_idle(page)
    page.wait_for_function("() => sessionStorage.getItem('refinescope.unsent') === null")
    wait_idle(page)
    expect(instructions(page)).to_have_text("Instructions (optional)")
