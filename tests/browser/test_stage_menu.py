"""The field table, the inputs and the tables behind More in a real browser: what only typing and looking can tell."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, close_part, open_part, wait_idle


def open_fields(page: Page) -> None:
    open_part(page, "fields")


@pytest.fixture
def lab(page: Page, serve: Callable[[Path], str]) -> Page:
    """The Lab with the first example."""
    page.goto(f"{serve(ROOT / 'app.py')}/?example=one_word")
    wait_idle(page)
    return page


def test_a_field_typed_into_the_table_stands_in_the_signature(lab: Page) -> None:
    open_fields(lab)
    lab.get_by_role("button", name="Output").click()
    names = lab.get_by_test_id("stPopoverBody").get_by_label("Name", exact=True)
    expect(names).to_have_count(3)
    name = names.last
    name.click()
    lab.keyboard.type("score", delay=30)
    expect(lab.get_by_test_id("stPopoverBody").get_by_text("question -> answer, score")).to_be_visible()
    expect(name).to_be_focused()
    expect(name).to_have_value("score")
    close_part(lab)
    expect(lab.get_by_label("Signature", exact=True).first).to_contain_text("question -> answer, score")


def test_a_type_of_ones_own_is_taken_and_a_wrong_one_refused(lab: Page) -> None:
    open_fields(lab)
    kind = lab.get_by_role("combobox", name=re.compile("Type")).last
    for text, words in (("list[int]", "question -> answer: list[int]"), ("lst", "Unknown type 'lst'")):
        kind.click()
        kind.fill(text)
        lab.keyboard.press("Enter")
        expect(lab.get_by_test_id("stPopoverBody").get_by_text(words).first).to_be_visible()


def test_adding_a_demo_keeps_its_tab_open(lab: Page) -> None:
    open_fields(lab)
    lab.get_by_role("tab", name="Demos").click()
    lab.get_by_role("button", name="Demo", exact=True).click()
    wait_idle(lab)
    expect(lab.get_by_role("tab", name="Demos")).to_have_attribute("aria-selected", "true")
    for column, value in (("question", "Capital of Peru?"), ("answer", "Lima")):
        cell = lab.get_by_test_id("stPopoverBody").get_by_label(column, exact=True)
        cell.fill(value)
        cell.press("Tab")
    lab.get_by_test_id("stPopoverBody").get_by_role("tab", name="Prompt").click()
    expect(lab.get_by_test_id("stPopoverBody").get_by_text("Lima")).to_be_visible()
