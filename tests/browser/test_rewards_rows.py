"""Rows for the Rewards page in a real browser: a file, the dialog that asks what its columns are, and the scores of its rows."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import Server, wait_idle
from tests.browser.test_rewards_page import cell, write_reward
from tests.browser.test_run_page import HOSTILE, SCRIPT

CSV = "question,answer,completion,step\n2+2?,4,four,7\n3+3?,6,six,7\n4+4?,8,eight\n"
SHORT = "def reward(args, pred):\n    return 1.0 if len(pred.completion) < 4 else 0.5\n"
NARROW = 900


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The address of an app without a run, to which nothing is added: its page would come back with it."""
    server = Server(tmp_path_factory.mktemp("rewards_dialog"))
    yield server.start()
    server.stop()


@pytest.fixture
def other_app(tmp_path_factory):
    """The address of another app without a run."""
    server = Server(tmp_path_factory.mktemp("rewards_rows"))
    yield server.start()
    server.stop()


def bring(page: Page, address: str, name: str, data: str):
    """Open the page without rows, and hand it a file. Returns the dialog."""
    page.goto(f"{address}/rewards")
    wait_idle(page)
    if (page.viewport_size or {"width": 1440})["width"] < NARROW:  # the page is drawn anew once it knows
        expect(page.get_by_text(re.compile("Reward, [0-9]+ line"))).to_be_visible()
        wait_idle(page)
    content = {"name": name, "mimeType": "text/csv", "buffer": data.encode()}
    page.locator("input[type=file]").first.set_input_files(content)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def choice_of(dialog, column: str):
    return dialog.get_by_role("combobox", name=f"What {column} becomes")


def test_a_table_becomes_rows_by_keyboard_alone_and_is_scored(page: Page, other_app):
    dialog = bring(page, other_app, "mine.csv", CSV)
    expect(dialog.get_by_text("Could be the right answer or the model's. Say which.")).to_be_visible()
    expect(dialog.get_by_text("3 values for 4 columns")).to_be_visible()
    expect(dialog.get_by_role("button", name="Add 2 rows")).to_be_disabled()
    choice_of(dialog, "answer").focus()
    page.keyboard.type("expec")
    page.keyboard.press("Enter")
    add = dialog.get_by_role("button", name="Add 2 rows")
    expect(add).to_be_enabled()
    add.focus()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile(r"^mine\.csv"))).to_be_visible()
    expect(cell(page, 1, "output")).to_have_text("four")
    write_reward(page, SHORT)
    expect(cell(page, 2, "new")).to_have_text("1.00")
    expect(cell(page, 1, "new")).to_have_text("0.50")


def test_the_menu_that_takes_a_second_file_makes_room_for_its_dialog(page: Page, other_app):
    dialog = bring(page, other_app, "first.csv", "question,completion\n1+1?,two\n")
    dialog.get_by_role("button", name="Add 1 row").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("row", name="two")).to_be_visible()
    wait_idle(page)
    expect(page.get_by_role("button", name="Add rows")).to_have_count(1)  # not the empty page's, too
    page.get_by_role("button", name="Add rows").click()
    menu = page.get_by_test_id("stPopoverBody")
    second = {"name": "second.csv", "mimeType": "text/csv", "buffer": b"question,completion\n2+2?,four\n"}
    menu.locator("input[type=file]").set_input_files(second)
    expect(page.get_by_role("dialog").get_by_text("Add rows from second.csv")).to_be_visible()
    expect(menu).to_have_count(0)
    page.get_by_role("dialog").get_by_role("button", name="Add 1 row").click()
    expect(page.get_by_role("row", name="four")).to_be_visible()


def test_escape_closes_the_dialog_and_the_next_file_opens_it_again(page: Page, app):
    dialog = bring(page, app, "first.csv", CSV)
    expect(dialog.get_by_text("1 choice left")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    dialog = bring(page, app, "second.csv", CSV)
    expect(dialog.get_by_role("heading", name="Add rows from second.csv")).to_be_visible()


def test_a_file_that_means_harm_is_text_in_the_dialog(page: Page, app):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    record = {HOSTILE: HOSTILE, "completion": HOSTILE}  # JSON may escape a NUL and half an emoji
    dialog = bring(
        page, app, f"{SCRIPT}.jsonl".replace("/", ""), json.dumps(record) + "\n" + json.dumps(record)
    )
    expect(dialog.get_by_text("guessed from the name")).to_be_visible()
    expect(dialog.get_by_text("<script>").first).to_be_visible()
    assert "owned" not in page.title()
    assert dialog.locator("script, img, a").count() == 0
    assert not [url for url in asked if "example.invalid" in url]


@pytest.mark.parametrize(
    ("width", "scheme"), [(1440, "light"), (390, "dark")], ids=["wide, light", "narrow, dark"]
)
def test_the_dialog_fits_and_axe_finds_nothing_serious(chromium, app, width, scheme):
    context = chromium.new_context(
        viewport={"width": width, "height": 1600}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    dialog = bring(page, app, "mine.csv", CSV)
    expect(dialog.get_by_text("1 choice left")).to_be_visible()
    expect(choice_of(dialog, "step")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = dialog.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert serious_findings(page, within='[role="dialog"]') == []
    context.close()
