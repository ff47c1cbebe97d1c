"""Every text of the Lab and of Runs can be read in both themes: in menus and dialogs, too, while the pointer is over them.

Of what is open, axe looks at that alone: it has seen the page below it, and takes seconds for a whole page.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import rules_in, serious_findings
from tests.browser.conftest import close_part, open_part, wait_idle
from tests.browser.contrast import low_contrast
from tests.browser.test_app import APP, SETTLED, run, stopped

MENU, DIALOG = "[data-testid=stPopoverBody]", "[role=dialog]"


@pytest.fixture(params=["light", "dark"])
def lab(request, chromium, serve):
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900},
        color_scheme=request.param,
        reduced_motion="reduce",
        bypass_csp=True,  # the page's own rules keep axe's script out
    )
    page = context.new_page()
    page.goto(f"{serve(APP)}/?example=two_stages")
    wait_idle(page)
    yield page
    context.close()


def assert_readable(page: Page, what: str, part: str | None = None) -> None:
    """part: a selector of what is open; None for the whole page."""
    page.wait_for_function(SETTLED)
    assert low_contrast(page) == [], what
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert serious_findings(page, part, rules_in("dark" if dark else "light")) == [], what


def test_what_opens_in_the_lab_can_be_read(lab: Page):
    assert_readable(lab, "before the run")
    for part in ("picker", "fields", "more", "model"):
        open_part(lab, part)
        assert_readable(lab, part, MENU)
        for tab in lab.get_by_test_id("stPopoverBody").get_by_role("tab").all():
            tab.click()
            expect(tab).to_have_attribute("aria-selected", "true")
            lab.wait_for_function(SETTLED)
            assert low_contrast(lab) == [], f"{part}: {tab.inner_text()}"
        close_part(lab)
    run(lab)
    stopped(lab)
    wait_idle(lab)
    assert_readable(lab, "after the run")
    lab.get_by_role("button", name="Replay").click()
    expect(lab.get_by_role("button", name="Start the replay")).to_be_visible()
    assert_readable(lab, "replay", MENU)
    close_part(lab)
    lab.get_by_role("button", name="Share").click()
    menu = lab.get_by_test_id("stPopoverBody")
    menu.get_by_text("Fields", exact=True).click()
    menu.get_by_role("checkbox", name="Prompts").check()
    assert_readable(lab, "share", MENU)


def test_what_opens_in_runs_can_be_read(lab: Page):
    run(lab)
    stopped(lab)
    lab.get_by_role("link", name="Runs").click()
    expect(lab.get_by_role("heading", name="Runs")).to_be_visible()
    wait_idle(lab)
    assert_readable(lab, "Runs")
    for menu in ("Outcome", "Model", "Date", "Cost"):
        lab.get_by_role("button", name=menu, exact=True).first.click()
        expect(lab.get_by_test_id("stPopoverBody")).to_be_visible()
        assert_readable(lab, menu, MENU)
        close_part(lab)
    lab.get_by_role("checkbox", name=re.compile("^Select ")).first.check()
    for action in ("Rename", "Note", "Tag"):
        lab.get_by_role("toolbar").get_by_role("button", name=action).click()
        expect(lab.get_by_role("dialog")).to_be_visible()
        wait_idle(lab)
        assert_readable(lab, action, DIALOG)
        lab.keyboard.press("Escape")
        expect(lab.get_by_role("dialog")).to_have_count(0)
    lab.get_by_role("toolbar").get_by_role("button", name="Share").click()
    expect(lab.get_by_role("dialog").get_by_role("button", name="Download: Markdown")).to_be_visible()
    assert_readable(lab, "Share", DIALOG)
    lab.keyboard.press("Escape")
    expect(lab.get_by_role("dialog")).to_have_count(0)
    lab.get_by_role("button", name="Import").click()
    expect(lab.get_by_text("Nothing of a file is run.")).to_be_visible()
    assert_readable(lab, "Import", DIALOG)
