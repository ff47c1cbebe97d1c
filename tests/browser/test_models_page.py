"""The Models page in a real browser: a connection is made, tested, kept and removed, and no key is where it should not be."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import run_button, wait_idle
from tests.browser.test_app import APP
from tests.browser.test_models import choose
from tests.openai_server import Answer, OpenAIServer, polite
from tests.threads import eventually

KEY = "canary-key-of-a-browser"
FIRST_TEST_S = 60_000  # ms; the first one waits for litellm


@pytest.fixture
def models(page: Page, serve):
    """The page on an app that these tests share, as litellm takes seconds to load in each."""
    page.goto(f"{serve(APP)}/models")
    wait_idle(page)
    return page


@pytest.fixture
def own_models(page: Page, server):
    """The page on an app of this test's own."""
    page.goto(f"{server.start()}/models")
    wait_idle(page)
    return page


def fill(page: Page, label: str, text: str) -> None:
    """Type as people do, and leave the field by Tab."""
    field = page.get_by_label(label, exact=True)
    field.click()
    field.fill(text)
    field.press("Tab")
    wait_idle(page)


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).last.click()


def to(page: Page, model: OpenAIServer, *, key: str = KEY, name: str = "work") -> None:
    """Fill the form in."""
    choose(page, "Provider", "Another OpenAI-compatible server")
    fill(page, "Base URL", model.url)
    fill(page, "Model", "polite")
    fill(page, "Connection name", name)
    if key:
        page.get_by_text("Enter here (this session only)", exact=True).click()
        fill(page, "API key", key)


def says(page: Page, words: str, within_ms: float = FIRST_TEST_S) -> None:
    expect(page.get_by_text(words).first).to_be_visible(timeout=within_ms)


def everything(page: Page) -> str:
    """All that the page holds: its address, its words, and the values of its fields."""
    values = page.evaluate(
        "[...document.querySelectorAll('input, textarea')].map(one => one.value).join('\\n')"
    )
    return f"{page.url}\n{page.content()}\n{values}"


def test_a_connection_is_tested_and_kept_and_a_reload_forgets_its_key(models):
    with OpenAIServer(polite, key=KEY) as model:
        to(models, model, name="kept")
        press(models, "Test")
        says(models, "It works.")
        says(models, "Key: OK")
        assert model.requests[-1].headers["authorization"] == f"Bearer {KEY}"
        press(models, "Save")
        says(models, "Saved kept.")
        says(models, "kept until you reload the page")
        assert KEY not in everything(models)
        models.reload()
        wait_idle(models)
        says(models, "no API key")
        expect(models.get_by_text("kept", exact=True)).to_be_visible()
        assert KEY not in everything(models)


def test_a_model_that_is_typed_is_kept_when_the_field_is_left(models):
    """By Tab, and by a click elsewhere: a list with a text field in it forgets both."""
    fill(models, "Model", "my-own-model")
    expect(models.get_by_label("Model", exact=True)).to_have_value("my-own-model")
    models.get_by_label("Model", exact=True).fill("another")
    models.get_by_label("Connection name").click()
    wait_idle(models)
    press(models, "Save")
    says(models, "openai/another")


def test_a_name_that_the_server_lists_is_a_press_away(models):
    with OpenAIServer(polite) as model:
        model.models = ["first", "second"]
        to(models, model, key="")
        press(models, "Test")
        says(models, "The server lists")
        models.get_by_role("button", name="second", exact=True).click()
        expect(models.get_by_label("Model", exact=True)).to_have_value("second")
        says(models, "The form has changed since this test")


def test_a_reload_in_the_middle_of_a_test_finds_it_again(models):
    with OpenAIServer(Answer(polite, trickle_s=4.0), key=KEY) as model:
        to(models, model)
        press(models, "Test")
        says(models, "Stop the test")
        assert "test=" in models.url
        models.reload()
        says(models, "It works.")
        says(models, "before the page was reloaded")


def test_a_test_can_be_stopped(models):
    with OpenAIServer(Answer("late", hang_s=15)) as model:
        to(models, model, key="")
        press(models, "Test")
        says(models, "Stop the test")
        eventually(
            lambda: any(r.path.endswith("/chat/completions") for r in model.requests), FIRST_TEST_S / 1000
        )
        press(models, "Stop the test")
        says(models, "It is unclear whether it works", 5_000)
        says(models, "The test was stopped", 5_000)


def test_what_is_removed_can_be_brought_back_until_the_page_is_left(own_models):
    with OpenAIServer(polite) as model:
        models = own_models
        to(models, model, key="")
        press(models, "Save")
        says(models, "Saved work.")
        press(models, "Remove")
        says(models, "work was removed.")
        press(models, "Undo")
        expect(models.get_by_role("button", name="Use in the Lab")).to_have_count(1)
        press(models, "Remove")
        says(models, "work was removed.")
        models.get_by_role("link", name="Runs").click()
        expect(models.get_by_role("heading", name="Runs")).to_be_visible()
        models.get_by_role("link", name="Models", exact=True).first.click()
        expect(models.get_by_role("heading", name="Models")).to_be_visible()
        wait_idle(models)
        expect(models.get_by_text("was removed")).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_every_size_and_scheme_fits_and_axe_finds_nothing_serious(chromium, server, width, scheme):
    context = chromium.new_context(
        viewport={"width": width, "height": 3000},
        color_scheme=scheme,
        reduced_motion="reduce",
        bypass_csp=True,
    )
    page = context.new_page()
    page.goto(server.start())
    wait_idle(page)
    run_button(page).click()
    says(page, "Stopped at attempt")
    page.goto(f"{server.url}/models")
    wait_idle(page)

    def findings() -> list[str]:
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        return serious_findings(page)

    expect(page.get_by_role("table")).to_be_visible()
    assert findings() == []
    with OpenAIServer(polite, key="another") as model:
        to(page, model)
        page.get_by_text("Parameters and prices").click()
        press(page, "Test")
        says(page, "It does not work yet")
        assert findings() == []
        press(page, "Save")
        says(page, "Saved work.")
        fill(page, "Model", "")
        press(page, "Save")
        says(page, re.compile("Not saved"))
        assert findings() == []
    context.close()
