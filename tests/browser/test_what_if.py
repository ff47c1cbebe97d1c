"""What if on the page of a run, in a real browser: the switch, the threshold by keyboard and by dragging, what is kept."""

from __future__ import annotations

import functools
import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from refine_core.log.summaries import summarize
from refine_core.runs import Runs
from refine_core.store import open_store
from tests import logs
from tests.browser.accessibility import rules_in, serious_findings
from tests.browser.conftest import Server, wait_idle

EXACT = "in best of N no attempt depends on an earlier one"


def best_of():
    """Four of six attempts, the last of which reached the threshold."""
    log = logs.Log(stages=("answer",), N=6, threshold=0.9, strategy="best_of_n", run_id="best")
    for reward, answer in (
        (0.5, logs.WORDS[0]),
        (0.67, logs.WORDS[1]),
        (0.58, logs.WORDS[2]),
        (1.0, logs.WORDS[4]),
    ):
        log.attempt(reward, outputs={"answer": answer})
    log.finish()
    return log


def hostile():
    """What a model wrote is markup, in outputs, hints and errors."""
    log = logs.hostile()
    records = [replace(record, run_id="hostile") for record in log.records]
    log.records = records
    return log


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("what_if")
    store = open_store(folder / "data")
    for log in (best_of(), logs.two_stages(), hostile()):
        store.append(log.records, functools.reduce(summarize, log.records, None))
    Runs(store).close()
    server = Server(folder)
    yield server.start()
    server.stop()


def verdict(page):
    return page.get_by_role("heading", name=re.compile("^(It would|Of these|Stopped at)"))


def open_what_if(page, url, run="best", query=""):
    page.goto(f"{url}/run?run={run}&mode=what-if{query}")
    expect(page.get_by_role("slider", name="Threshold")).to_be_visible(timeout=30_000)
    wait_idle(page)
    return page.get_by_role("slider", name="Threshold")


def test_keys_alone_lead_to_what_if_and_to_each_attempt(page, url):
    page.goto(f"{url}/run?run=best")
    expect(verdict(page)).to_contain_text("Stopped at attempt 4", timeout=30_000)
    page.get_by_role("radio", name="As recorded").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("slider", name="Threshold")).to_be_visible()
    expect(page).to_have_url(re.compile("mode=what-if"))
    switch = page.get_by_role("radio", name="What if")
    expect(switch).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="Attempt 1: 0.50 before, 0.50 now")).to_be_focused()
    page.keyboard.press("ArrowRight")
    second = page.get_by_role("radio", name="Attempt 2: 0.67 before, 0.67 now")
    expect(second).to_be_focused()
    expect(page.get_by_text("Selected, attempt 2")).to_be_visible()
    expect(second).to_be_focused()
    expect(second).to_be_checked()
    page.get_by_role("radio", name="As recorded").click()
    expect(verdict(page)).to_contain_text("Stopped at attempt 4")
    expect(page).not_to_have_url(re.compile("mode="))


def test_the_threshold_moves_by_keyboard_and_says_what_follows(page, url):
    slider = open_what_if(page, url, query="&threshold=0.7")
    expect(verdict(page)).to_contain_text("stopped at attempt 4, as recorded")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(verdict(page)).to_contain_text("It would have stopped at attempt 2: 0.67 ≥ 0.6")
    expect(verdict(page)).to_contain_text("0.33 of reward given up")
    expect(page.get_by_text(EXACT)).to_be_visible()
    expect(slider).to_be_focused()
    expect(page).to_have_url(re.compile(r"threshold=0\.6"))


def test_dragging_shows_the_stop_before_it_is_released(page, url):
    slider = open_what_if(page, url)
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.83, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.3, y, steps=6)
    expect(page.get_by_text("stops at attempt 1, 3 calls saved")).to_be_visible()
    expect(verdict(page)).to_contain_text("attempt 4, as recorded")  # nothing was sent yet
    page.mouse.up()
    expect(verdict(page)).to_contain_text("It would have stopped at attempt 1: 0.50 ≥")


def test_what_an_adviser_would_have_changed_is_not_claimed(page, url):
    open_what_if(page, url, "run-1", "&threshold=0.6")
    expect(verdict(page)).to_contain_text("Of these 4 outputs, attempt 2 would be returned, not attempt 4")
    expect(
        page.get_by_text("Exact up to attempt 1: the adviser would have read another threshold")
    ).to_be_visible()
    expect(page.get_by_text("other advice: not comparable")).to_be_visible()
    cells = page.get_by_role("row", name=re.compile("stops at attempt")).get_by_role("cell")
    expect(cells.last).to_have_text("unknown")


def test_a_what_if_is_kept_opened_and_run_in_the_lab(page, url):
    open_what_if(page, url, query="&threshold=0.6&failures=2")
    page.get_by_role("button", name="Keep beside the run").click()
    expect(page.get_by_role("heading", name="Kept beside this run")).to_be_visible()
    page.get_by_role("button", name="Reset").click()
    expect(verdict(page)).to_contain_text("as recorded")
    page.locator("[class*=st-key-what-if-open]").get_by_role("button").click()
    expect(verdict(page)).to_contain_text("It would have stopped at attempt 2")
    expect(page).to_have_url(re.compile("failures=2"))
    page.get_by_role("button", name="Run in the Lab").click()
    expect(page.get_by_label("Threshold", exact=True)).to_have_value(re.compile(r"0\.60?"), timeout=30_000)
    expect(page.get_by_label("Failures allowed")).to_have_value("2")


def test_text_that_means_harm_stays_text(page, url):
    open_what_if(page, url, "hostile", "&threshold=0.15&reward=kept:%3Cb%3Ex%3C/b%3E")
    expect(page.get_by_text("is not there any more")).to_be_visible()
    expect(page.get_by_text("<img src=x").first).to_be_visible()
    assert page.evaluate("window.hurt") is None
    assert page.locator("main img[src=x]").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_it_fits_in_every_size_and_axe_finds_nothing_serious(chromium, url, width, scheme):
    context = chromium.new_context(
        viewport={"width": width, "height": 1600},
        color_scheme=scheme,
        bypass_csp=True,
        reduced_motion="reduce",
    )
    page = context.new_page()
    open_what_if(page, url, "run-1", "&threshold=0.6")
    expect(page.get_by_text("other advice: not comparable").first).to_be_visible()
    main = page.get_by_role("main").first
    assert main.evaluate("node => node.scrollWidth <= node.clientWidth + 1")
    assert serious_findings(page, rules=rules_in(scheme)) == []
    context.close()


REWARD = """
def reward(inputs, prediction):
    return 0.25 if "France" in prediction.answer else 0.75
"""


def test_typing_a_reward_in_the_lab_says_what_each_attempt_would_score(page, url):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{url}/?run=best&change=1")
    expect(verdict(page)).to_contain_text("Stopped at attempt 4", timeout=30_000)
    story = page.get_by_role("region", name="Story of the run")
    before = story.bounding_box()
    editor = page.locator(".cm-content").last
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(REWARD.strip())
    expect(page.get_by_role("heading", name=re.compile("^With the edited reward, "))).to_be_visible()
    expect(page.get_by_text("scored without a model call · attempts 5 to 6 were never tried")).to_be_visible()
    expect(story.get_by_text("0.75").first).to_be_visible()
    assert story.bounding_box() == before, "nothing moves"
    chart = page.get_by_role("img", name=re.compile("Attempts 5 to 6 were never tried"))
    expect(chart.locator(".now")).to_have_count(4)
    expect(chart.locator(".hatch.never[data-first='4'][data-last='5']")).to_have_count(1)
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.get_by_text("Kept beside the run")).to_be_visible()
