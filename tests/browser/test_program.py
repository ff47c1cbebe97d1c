"""A Python file in the app: opened by its author, run, changed in an editor, and run again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import serious_findings
from tests.browser.conftest import Server, wait_idle
from tests.browser.test_app import APP

PROGRAM = """
from refine_core import Predict, Refine

print("imported")


def one_word(args, pred):
    print("scoring", pred.answer)
    return float(len(pred.answer.split()) == 1)


def broken(args, pred):
    return 1 / len(pred.answr)


refine = Refine(Predict("question -> answer"), 2, one_word, 1.0)
INPUTS = {"question": "What is the capital of Belgium?"}
"""


@pytest.fixture
def opened(server: Server, page: Page, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(PROGRAM)
    server.variables = {"REFINESCOPE_PROGRAM": str(file)}
    page.goto(f"{server.start()}/program")
    return page, file


def run(page: Page) -> None:
    button = page.locator(".st-key-opened-run").get_by_role("button")
    expect(button).to_be_enabled()
    button.click()


def test_a_file_is_run_changed_and_run_again(opened):
    page, file = opened
    printed = page.get_by_test_id("stCode")
    expect(page.get_by_text("No run yet")).to_be_visible()
    run(page)
    expect(page.get_by_role("heading", name="Stopped at attempt")).to_be_visible()
    expect(printed.filter(has_text="scoring The capital of Belgium is Brussels.")).to_be_visible()
    attempts = page.get_by_role("spinbutton", name="Max attempts (N)")
    expect(attempts).to_have_value("2")
    file.write_text(PROGRAM.replace('answer"), 2, one_word', 'answer"), 3, broken'))
    expect(page.get_by_text("mine.py has changed")).to_be_visible()
    expect(attempts).to_have_value("3")  # nobody had typed another
    attempts.fill("4")
    attempts.press("Enter")
    run(page)
    expect(printed.filter(has_text="Traceback (most recent call last)")).to_be_visible()
    expect(page.get_by_role("button", name="broken · N 4")).to_be_visible()
    page.reload()
    expect(attempts).to_have_value("4")
    wait_idle(page)
    assert serious_findings(page) == []
    file.write_text(f"{PROGRAM}\ndef f(:\n")
    expect(page.get_by_text("SyntaxError").first).to_be_visible()
    expect(page.locator(".st-key-opened-run").get_by_role("button")).to_be_disabled()


def test_a_reward_is_typed_on_the_page_and_run_with_its_key(opened):
    page, _ = opened
    expect(page.locator(".st-key-opened-run").get_by_role("button")).to_be_enabled()
    page.get_by_role("combobox", name="Reward").click()
    page.get_by_role("option", name="Another one, typed here").click()
    typed = page.get_by_role("textbox", name="Reward", exact=True)
    expect(typed).to_contain_text("def one_word")  # a copy of the one that was chosen
    typed.press("Control+a")
    page.keyboard.insert_text("def mine(args, pred):\n    return (")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("was never closed (line 2)")).to_be_visible()
    typed.press("Control+a")
    page.keyboard.insert_text("def mine(args, pred):\n    return 0.25")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="typed reward · N 2")).to_be_visible()
    expect(page.get_by_role("heading", name="Returned the best: attempt 1, 0.25")).to_be_visible()


def test_no_address_opens_a_file_in_an_app_that_was_started_without_one(page, serve, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    page.goto(f"{serve(APP)}/program?program={file}&REFINESCOPE_PROGRAM={file}")
    expect(page.get_by_role("link", name="Runs")).to_be_visible()
    expect(page.get_by_role("link", name="Program", exact=True)).to_have_count(0)
    wait_idle(page)
    assert not (tmp_path / "ran").exists()
