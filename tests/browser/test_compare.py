"""The comparison page in a real browser: keys, address, layouts, what it draws of hostile text."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from refine_core.log.summaries import summarize
from refine_core.store import open_store
from tests import logs
from tests.browser.accessibility import rules_in, serious_findings
from tests.browser.conftest import Server, wait_idle


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = Server(tmp_path_factory.mktemp("compare"))
    with closing(open_store(server.folder / "data")) as store:
        for run_id, log in (
            ("one", logs.two_stages()),
            ("two", logs.failures()),
            ("hostile", logs.hostile()),
        ):
            records = [type(r)(run_id, r.seq, r.at, r.span, r.event) for r in log.records]
            store.append(records, functools.reduce(summarize, records, None))
    yield server.start()
    server.stop()


def compare(page: Page, app: str, query: str) -> Page:
    page.goto(f"{app}/compare?{query}")
    wait_idle(page)
    expect(page.locator(".compare .sentence")).not_to_be_empty()
    return page


def says(page: Page, words: str) -> None:
    expect(page.locator(".compare .sentence")).to_contain_text(words)


def test_keys_move_a_and_b_and_the_address_follows(page: Page, app: str):
    compare(page, app, "a=one.1&b=one.2")
    says(page, "B scores 0.40 more")
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(r"b=one\.3"))
    page.keyboard.press("]")
    expect(page).to_have_url(re.compile(r"a=one\.2"))
    says(page, "B scores 0.02 more")
    page.keyboard.press("x")
    says(page, "B scores 0.02 less")
    expect(page).to_have_url(re.compile(r"a=one\.3&b=one\.2"))
    page.keyboard.press("e")
    expect(page.locator(".fold[open]").first).to_be_visible()
    expect(page).to_have_url(re.compile("unfold=1"))


def test_buttons_choose_the_attempt_before_the_best_and_the_layout(page: Page, app: str):
    compare(page, app, "a=one.1&b=one.3")
    page.get_by_role("button", name="Previous").click()
    expect(page).to_have_url(re.compile(r"a=one\.2"))
    expect(page.get_by_role("button", name="Previous")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Best").click()
    expect(page).to_have_url(re.compile(r"a=one\.4"))
    page.get_by_role("button", name="Inline").click()
    expect(page.locator(".compare .one ins").first).to_be_visible()
    expect(page).to_have_url(re.compile("view=inline"))
    page.get_by_label("Attempt B").select_option("one.2")
    expect(page).to_have_url(re.compile(r"b=one\.2"))


def test_an_attempt_of_another_run_is_found_by_its_name(page: Page, app: str):
    compare(page, app, "a=one.1&b=one.2")
    page.locator("summary", has_text="Another run").click()
    expect(page.get_by_label("Find a run")).to_be_focused()
    page.get_by_label("Find a run").fill("nothing like it")
    expect(page.get_by_text("No run matches.")).to_be_visible()
    page.get_by_label("Find a run").fill("")
    page.locator(".panel li button").first.click()
    expect(page).not_to_have_url(re.compile(r"a=one"))
    expect(page.get_by_role("button", name="Whole runs")).to_be_visible()


def test_two_runs_are_aligned_with_the_first_difference_selected(page: Page, app: str):
    compare(page, app, "a=one&b=two")
    expect(page.locator("tr.selected")).to_contain_text("The capital of France")
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile("row=2"))
    page.get_by_role("button", name="Compare these attempts").click()
    expect(page).to_have_url(re.compile(r"a=one\.2&b=two\.2"))
    says(page, "B failed")


def test_marks_are_left_out_where_little_is_in_common_until_asked_for(page: Page, app: str):
    compare(page, app, "a=one.2&b=one.4")
    hint = page.locator("section", has=page.get_by_role("heading", name="Hint"))
    expect(hint.locator("del")).to_have_count(0)
    hint.get_by_role("button", name="Mark anyway").click()
    expect(hint.locator("del").first).to_be_visible()


def test_hostile_text_is_shown_as_text(page: Page, app: str):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    compare(page, app, "a=hostile.1&b=hostile.3")
    expect(page.locator(".compare")).to_contain_text("<img src=x onerror=")
    assert page.locator(".compare img, .compare section b u").count() == 0
    assert page.evaluate("window.hurt") is None
    assert all(url.startswith((app, "data:", "blob:")) for url in asked)


def test_a_phone_shows_one_column_and_nothing_sticks_out(page: Page, app: str):
    page.set_viewport_size({"width": 390, "height": 844})
    for query in ("a=one.1&b=one.2", "a=one&b=two"):
        compare(page, app, query)
        wide = page.locator(".compare").evaluate(
            "node => [...node.querySelectorAll('*')].filter(n => n.getBoundingClientRect().right > innerWidth + 1).length"
        )
        assert wide == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(chromium: Browser, app: str, scheme: Literal["light", "dark"]):
    context = chromium.new_context(
        bypass_csp=True, color_scheme=scheme, viewport={"width": 1440, "height": 1600}
    )
    page = context.new_page()
    found = []
    for query in (
        "a=one.1&b=one.2",
        "a=one.2&b=one.4&view=inline",
        "a=one&b=two",
        "a=one.2&b=two.2&unfold=1",
    ):
        compare(page, app, query)
        found += [(query, one) for one in serious_findings(page, rules=rules_in(scheme))]
    context.close()
    assert found == []


def test_the_story_shows_by_which_rules_a_hint_was_followed(page: Page, app: str):
    page.goto(f"{app}/run?run=one")
    mark = page.locator(".rs-timeline .story .uptake", has_text="followed").last
    mark.focus()
    tip = page.locator(".rs-timeline .story .tip")
    expect(tip).to_contain_text("no full stop at the end: yes (before: no)")
    box, own = mark.bounding_box(), tip.bounding_box()
    assert box
    assert own
    assert abs(box["x"] + box["width"] - own["x"] - own["width"]) < 3
    mark.blur()
    expect(tip).to_be_hidden()


def test_back_from_a_comparison_leads_to_the_attempt_that_was_compared(page: Page, app: str):
    page.goto(f"{app}/run?run=one&attempt=3")
    page.get_by_title("Compare the attempt with the one before it").click()
    expect(page).to_have_url(re.compile(r"/compare\?a=one\.2&b=one\.3$"))
    says(page, "B scores")
    page.go_back()
    expect(page).to_have_url(re.compile(r"/run\?run=one&attempt=3$"))
    expect(page.get_by_role("heading", name="Attempt 3")).to_be_visible()
    page.go_forward()
    says(page, "B scores")
    expect(page).to_have_url(re.compile(r"/compare\?a=one\.2&b=one\.3$"))
