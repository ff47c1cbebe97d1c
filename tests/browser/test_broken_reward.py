"""A reward that cannot work, in a real browser: the run stops and asks, the editor marks the line, the run goes on anyway."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import wait_idle
from tests.browser.test_app import APP, rows, run, stopped, write_reward

# Reading it finds nothing: that the question does not begin with a number is seen when it runs.
BROKEN = (
    "def reward(args, pred):\n"
    '    longest = args["question"]\n'
    "    most = int(longest.split()[0])\n"
    "    return float(len(pred.answer) < most)\n"
)
STOPPED = "Stopped after attempt 1: every further attempt would fail with the same error"


@pytest.fixture
def app(visit):
    """The Lab, with a run that stopped for its reward."""
    page = visit(APP)
    write_reward(page, BROKEN)
    wait_idle(page)
    run(page)
    stopped(page, STOPPED)
    wait_idle(page)
    return page


def marked(page: Page):
    editor = page.get_by_role("textbox", name=re.compile("def reward"))
    return editor.locator(".cm-line").nth(2).locator(".cm-lintRange-error")


@pytest.mark.fault(17)
def test_a_run_that_stopped_for_its_reward_goes_on_when_told_to(app):
    """One attempt was paid for; then the rest is, and nothing is asked any more."""
    expect(rows(app)).to_have_count(1)
    app.get_by_role("button", name="Continue anyway").click()
    expect(app.get_by_text("up to 4 more attempts")).to_be_visible()
    app.get_by_role("button", name="Continue", exact=True).click()
    stopped(app, "Every attempt failed")
    expect(rows(app)).to_have_count(5)
    expect(app.get_by_text("Continued after attempt 1, despite the reward's error.")).to_be_visible()
    expect(app.get_by_role("button", name="Continue anyway")).to_have_count(0)


@pytest.mark.fault(17)
def test_fix_the_reward_leads_from_the_run_to_its_form_and_the_marked_line(app):
    """From the run's own page, whatever the form held."""
    write_reward(app, "def reward(args, pred):\n    return 1.0\n")
    wait_idle(app)
    app.goto(app.url.replace("/?", "/run?"))
    stopped(app, STOPPED)
    wait_idle(app)
    app.get_by_role("link", name="Fix the reward").click()
    expect(marked(app)).to_have_count(1, timeout=20_000)


@pytest.mark.fault(19)
def test_the_line_that_failed_is_marked_until_the_reward_is_edited(app):
    """Under the line the type and the message can be read in full, on a phone too."""
    said = "ValueError: invalid literal for int() with base 10: 'What'"
    expect(marked(app)).to_have_count(1)
    below = app.locator(".cm-note")
    expect(below).to_have_text(f"Attempt 1 failed here: {said}")
    expect(app.get_by_text("1 problem, line 3")).to_be_visible()
    app.set_viewport_size({"width": 390, "height": 844})
    app.get_by_role("radio", name="Reward").click()
    expect(below).to_have_text(f"Attempt 1 failed here: {said}")
    assert below.evaluate("note => note.scrollWidth <= note.clientWidth + 1")
    app.set_viewport_size({"width": 1440, "height": 900})
    expect(app.get_by_role("textbox", name="Signature")).to_be_visible()
    wait_idle(app)
    write_reward(app, BROKEN.replace("split()[0]", "split()[-1]"))
    wait_idle(app)
    expect(marked(app)).to_have_count(0)
    expect(below).to_have_count(0)
    write_reward(app, BROKEN)
    wait_idle(app)
    expect(marked(app)).to_have_count(1)


@pytest.mark.fault(20)
def test_a_reward_that_never_changes_is_remarked_on_above_the_chart(visit):
    """In the Lab, once three attempts were scored."""
    page = visit(APP)
    write_reward(page, 'def reward(args, pred):\n    return float(pred.answer in "")\n')
    wait_idle(page)
    run(page)
    expect(
        page.get_by_text(
            re.compile(r"The reward was 0(\.00)? in each of 5 attempts, although the outputs differ\.")
        )
    ).to_be_visible(timeout=30_000)
