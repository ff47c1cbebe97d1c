"""The page of a run in a real browser: what was run, an attempt in tabs, search, copies; and text that is meant to do harm."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from refine_core import events as ev
from refine_core.log.summaries import summarize
from refine_core.runs import Runs
from refine_core.store import open_store
from tests import logs
from tests.browser.accessibility import rules_in, serious_findings
from tests.browser.conftest import Server, wait_idle

SCRIPT = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
REMOTE = (
    "![x](https://example.invalid/x.png) <img src='https://example.invalid/y.png'> https://example.invalid/z"
)
ODD = "\u202eabc\u2066 \x1b[31mred\x00 \ud83d"
HOSTILE = f"{SCRIPT} {REMOTE} {ODD}"
LINE = "z" * 1_000_000
LONG_NAME = " ".join(["What was shown in class"] * 8)
NAME = "The hostile one"
DETAIL = "Attempt in detail"


def hostile():
    """A log in which a model, a reward and a person wrote what is meant to do harm, wherever they can write."""
    log = logs.Log(stages=("answer",), N=3, run_id="hostile")
    for index in range(2):
        log.hints = {"answer": HOSTILE} if index else {}
        log.advice_from = 0 if index else None
        span = log.begin()
        here = f"{span}/answer"
        log.emit(here, ev.ModuleStarted("answer", {"question": HOSTILE}, HOSTILE))
        message = {"role": "user", "content": f"[[ ## hint_ ## ]]\n{HOSTILE}\n\n{LINE}"}
        log.emit(f"{here}/lm", ev.LMRequested(SCRIPT, (message,), {}))
        log.emit(f"{here}/lm", ev.LMReplied(HOSTILE, 0.1, 1, 1, 0.0, served_by=SCRIPT, reasoning=HOSTILE))
        outputs = {"answer": HOSTILE, SCRIPT: [HOSTILE], "long": LINE}
        log.emit(here, ev.PredictorTraced("answer", outputs))
        log.emit(here, ev.ModuleEnded("answer", 0.1))
        log.emit(span, ev.RewardStarted(index, outputs))
        parts, unmet = {SCRIPT: 0.2, ODD: 0.1}, {SCRIPT: HOSTILE}
        scored = ev.RewardScored(
            index, 0.3, 0.1, parts=parts, feedback=HOSTILE, stdout=HOSTILE, unmet=unmet, refusals=(HOSTILE,)
        )
        log.emit(span, scored)
        log.emit(f"{span}/advice", ev.AdviceGiven(index, HOSTILE, {"answer": HOSTILE}, 0.1))
    span = log.begin()
    log.emit(span, ev.AttemptFailed(2, "reward", ev.Fault(SCRIPT, HOSTILE, "code", 1, stdout=HOSTILE)))
    log.emit("", ev.RunFinished("attempts_used_up", 0, 0, 1.0))
    return log


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run_page")
    store = open_store(folder / "data")
    long = logs.parted()
    long.records = [replace(record, run_id="long-name") for record in long.records]
    for log in (hostile(), logs.two_stages(), long):
        store.append(log.records, functools.reduce(summarize, log.records, None))
    mine = Runs(store)
    mine.list.rename("hostile", HOSTILE)
    mine.list.tag("hostile", [SCRIPT, "demo"])
    mine.list.star("hostile")
    mine.list.rename("long-name", LONG_NAME)
    mine.close()
    server = Server(folder)
    yield server.start()
    server.stop()


def open_run(page, url, query):
    page.goto(f"{url}/run?{query}")
    expect(page.get_by_role("region", name=DETAIL)).to_be_visible(timeout=30_000)
    wait_idle(page)
    return page.get_by_role("region", name=DETAIL)


def tab(detail, name):
    detail.get_by_role("tab", name=name, exact=True).click()
    expect(detail.get_by_role("tab", name=name, exact=True)).to_have_attribute("aria-selected", "true")
    expect(detail.locator(".blocks:not(.stale)")).to_be_attached(timeout=20_000)


@pytest.mark.fault(35)
def test_the_page_says_what_was_run_and_the_browser_tab_names_it(page, url):
    page.set_viewport_size({"width": 1440, "height": 900})
    detail = open_run(page, url, "run=run-1")
    expect(page).to_have_title("question -> answer → question -> answer · Refinescope")
    program = page.get_by_role("region", name="Program, inputs and reward")
    for words in ("question -> answer", "Which city?", "def reward(inputs, prediction)", "threshold 0.90"):
        expect(program).to_contain_text(words)
    expect(page.get_by_text("2023-11-14")).to_be_visible()
    top = page.get_by_role("heading", level=1).bounding_box()["y"]
    box = program.bounding_box()
    assert box["y"] + box["height"] - top <= 120
    story = page.get_by_role("group", name="Timeline of the run").bounding_box()
    beside = detail.bounding_box()
    assert beside["x"] >= story["x"] + story["width"]
    assert beside["y"] < story["y"]
    page.get_by_role("link", name="Lab").click()
    expect(page).to_have_title("Lab · Refinescope")


def test_a_long_name_takes_one_line_and_unfolds_with_the_focus(page, url):
    page.set_viewport_size({"width": 1440, "height": 900})
    open_run(page, url, "run=long-name")
    name = page.get_by_role("heading", level=1)
    expect(name).to_have_text(LONG_NAME)
    assert name.bounding_box()["height"] <= 40
    program = page.get_by_role("region", name="Program, inputs and reward").bounding_box()
    assert program["y"] + program["height"] - name.bounding_box()["y"] <= 120
    tenth = page.locator(".rs-timeline tbody tr").nth(9).bounding_box()
    assert tenth["y"] + tenth["height"] <= 900
    name.focus()
    assert name.bounding_box()["height"] > 40


def test_the_open_tab_stays_when_another_attempt_is_selected(page, url):
    detail = open_run(page, url, "run=run-1&attempt=2")
    tab(detail, "Advice")
    detail.get_by_role("button", name="Next attempt").click()
    expect(detail.get_by_role("heading", name="Attempt 3", exact=True)).to_be_visible()
    expect(detail.get_by_role("tab", name="Advice")).to_have_attribute("aria-selected", "true")
    expect(page).to_have_url(re.compile("attempt=3"))
    expect(page).to_have_url(re.compile("tab=advice"))


def test_slash_searches_the_messages_and_a_hit_leads_to_its_place(page, url):
    detail = open_run(page, url, "run=run-1&attempt=1&tab=reward")
    page.keyboard.press("/")
    field = detail.get_by_role("searchbox")
    expect(field).to_be_focused()
    field.fill("PARIS, ON THE SEINE")
    expect(detail.locator(".hits button").first).to_contain_text("Attempt 2 · output answer")
    page.keyboard.press("Enter")
    expect(detail.get_by_role("heading", name="Attempt 2", exact=True)).to_be_visible()
    expect(detail.get_by_role("tab", name="Output")).to_have_attribute("aria-selected", "true")
    expect(detail.locator("mark.hit")).to_have_text("Paris, on the Seine")
    expect(detail.locator("mark.hit")).to_be_in_viewport()
    field.press("Escape")
    expect(field).to_be_hidden()


def test_an_attempt_is_copied_as_json(page, url):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    detail = open_run(page, url, "run=run-1&attempt=2&tab=output")
    detail.get_by_role("button", name="Copy as JSON").click()
    expect(detail.get_by_text("Copied as JSON.")).to_be_visible()
    assert (
        json.loads(page.evaluate("navigator.clipboard.readText()"))["answer"]
        == "The capital of France is Paris, on the Seine."
    )


def test_a_term_explains_itself_on_focus(page, url):
    detail = open_run(page, url, "run=run-1&attempt=2&tab=reward")
    detail.locator(".block .term").first.focus()
    expect(detail.get_by_role("tooltip")).to_contain_text(
        "A Python function of the inputs and the prediction"
    )


@pytest.mark.parametrize("where", ["run", "lab", "runs"])
def test_what_is_meant_to_do_harm_is_text_and_no_request_leaves(page, url, where):
    asked, dialogs = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    if where == "runs":
        page.goto(f"{url}/runs")
        expect(page.get_by_text("demo").first).to_be_attached(timeout=20_000)
        wait_idle(page)
    else:
        for attempt in (2, 3):
            page.goto(f"{url}/{'run' if where == 'run' else ''}?run=hostile&attempt={attempt}")
            detail = page.get_by_role("region", name=DETAIL)
            expect(detail).to_be_visible(timeout=30_000)
            for name in ("Output", "Reward", "Advice", "Prompts and replies", "Raw"):
                tab(detail, name)
                expect(detail.locator(".blocks")).not_to_be_empty()
                if (attempt, name) == (2, "Output"):
                    expect(detail.get_by_text("<script>").first).to_be_visible()
                    expect(detail.locator(".unseen", has_text="U+202E").first).to_be_visible()
                    expect(detail.locator(".unseen", has_text="ESC").first).to_be_visible()
                    expect(detail.locator(".unseen", has_text="NUL").first).to_be_visible()
        page.keyboard.press("/")
        detail.get_by_role("searchbox").fill("<script>")
        expect(detail.locator(".hits button").first).to_contain_text("<script>")
    page.wait_for_load_state("networkidle")
    assert "owned" not in page.title().split("=")[0]
    assert not page.title().startswith("owned")
    assert dialogs == []
    assert page.locator("img[src='x'], img[src*='example.invalid'], a[href*='example.invalid']").count() == 0
    assert [
        one for one in asked if not one.startswith((url, url.replace("http", "ws"), "data:", "blob:"))
    ] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(chromium, url, scheme):
    context = chromium.new_context(
        viewport={"width": 1440, "height": 1600},
        color_scheme=scheme,
        reduced_motion="reduce",
        bypass_csp=True,
    )
    page = context.new_page()
    detail = open_run(page, url, "run=run-1&attempt=2")
    for name in ("Output", "Reward", "Advice", "Raw", "Prompts and replies"):
        tab(detail, name)
        page.wait_for_function("() => !document.querySelector('[data-stale=true]')")
        assert serious_findings(page, rules=rules_in(scheme)) == [], name
    context.close()
