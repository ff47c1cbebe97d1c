"""Hints, temperatures and the request for advice in the Lab, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import close_part, open_part, wait_idle
from tests.browser.test_app import APP, fill, run, stopped, write_reward
from tests.browser.test_models import choose

LIST = "Temperatures, one per attempt"
FEEDING = "def reward(args, pred):\n    return Score(0.2, feedback='One word, please.')\n"


@pytest.fixture
def app(visit):
    return visit(APP)


def chosen(page: Page, label: str):
    return page.get_by_role("combobox", name=label)


@pytest.mark.fault(50)
def test_what_is_chosen_survives_another_page_a_run_and_a_reload(app):
    write_reward(app, FEEDING)
    open_part(app, "more")
    choose(app, "Hints from", "The reward's feedback")
    choose(app, "Temperature schedule", "Custom list")
    fill(app, LIST, "0, 0.3, 0.3, 0.9, 1.5")
    close_part(app)
    app.get_by_role("link", name="Runs").click()
    expect(app.get_by_role("heading", name="Runs")).to_be_visible()
    app.get_by_role("link", name="Lab", exact=True).click()
    open_part(app, "more")
    expect(app.get_by_label(LIST)).to_have_value("0, 0.3, 0.3, 0.9, 1.5")
    wait_idle(app)
    close_part(app)
    run(app)
    stopped(app, "All 5 attempts made")
    said = "Hints from the reward's feedback · a list of temperatures, and rollout ids"
    expect(app.get_by_text(said)).to_be_visible()
    app.reload()
    stopped(app, "All 5 attempts made")
    open_part(app, "more")
    expect(chosen(app, "Hints from")).to_have_value("The reward's feedback")
    expect(app.get_by_label(LIST)).to_have_value("0, 0.3, 0.3, 0.9, 1.5")


@pytest.mark.fault(50)
def test_what_is_hidden_for_a_while_is_not_lost(app):
    open_part(app, "more")
    choose(app, "Temperature schedule", "Custom list")
    fill(app, LIST, "0, 0.1, 0.2, 0.3")
    expect(app.get_by_role("alert").filter(has_text="(needed: 5; listed: 4)")).to_be_visible()
    choose(app, "Temperature schedule", "dspy 3: always 1")
    expect(app.get_by_test_id("stPopoverBody").get_by_text("Temperatures: 1 · 1 · 1 · 1 · 1")).to_be_visible()
    choose(app, "Temperature schedule", "Custom list")
    expect(app.get_by_label(LIST)).to_have_value("0, 0.1, 0.2, 0.3")


@pytest.mark.fault(50)
def test_the_request_for_advice_is_read_changed_and_read_again(app):
    write_reward(app, FEEDING)
    open_part(app, "more")
    fill(app, "Instructions for advice", "Speak of length alone.")
    app.get_by_text("Compact advice request, for small context windows").click()
    wait_idle(app)
    close_part(app)
    expect(app.get_by_text("own instructions for advice · compact advice request")).to_be_visible()
    app.get_by_role("tab", name="What the adviser will read").click()
    preview = app.get_by_role("tabpanel", name="What the adviser will read")
    expect(preview.get_by_text(re.compile(r"About \d+ tokens\."))).to_be_visible()
    expect(preview.get_by_text("Speak of length alone.")).to_be_visible()
    expect(preview.locator("code", has_text="[[ ## reward_feedback ## ]]").last).to_contain_text(
        re.compile(r"^\[\[ ## reward_feedback ## \]\]")
    )
