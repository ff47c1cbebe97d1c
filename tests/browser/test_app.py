"""The app in a real browser, as its users meet it."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as TooLate

from refine_core.store import open_store
from tests.browser.accessibility import rules_in, serious_findings
from tests.browser.conftest import close_part, open_part, run_button, wait_idle
from tests.openai_server import Answer, OpenAIServer, polite
from tests.threads import eventually

APP = Path(__file__).parents[2] / "app.py"
SLOW = "1 s"


@pytest.fixture
def app(visit):
    return visit(APP)


def run(page: Page) -> None:
    run_button(page).click()


def choose(page: Page, example: str) -> None:
    open_part(page, "picker")
    page.get_by_test_id("stPopoverBody").get_by_role("button", name=example, exact=True).click()
    # The form is drawn anew, and for a moment the fields before and after stand there together.
    expect(page.locator(".st-key-lab-picker").get_by_role("button")).to_contain_text([example])
    expect(page.get_by_label("Max attempts (N)", exact=True)).to_have_count(1)
    wait_idle(page)
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


def rows(page: Page):
    """The story's rows, an attempt each, without those to come."""
    return page.get_by_role("region", name="Story of the run").locator(".slot:not(.pending)")


def slow_down(page: Page) -> None:
    open_part(page, "model")
    option = page.get_by_role("option", name=SLOW)
    for _ in range(5):  # a page that is still being drawn closes a list that was opened too early
        page.get_by_role("combobox", name="Reply delay").click()
        try:
            option.click(timeout=2_000)
        except TooLate:
            continue
        break
    wait_idle(page)
    expect(page.get_by_role("combobox", name="Reply delay")).to_have_value(SLOW)
    close_part(page)


def choose_real_model(page: Page) -> None:
    """Its fields are shown, and stay open until something else is pressed."""
    open_part(page, "model")
    page.get_by_text("Real model", exact=True).click()
    wait_idle(page)


def fill(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.press("Tab")
    wait_idle(page)


def write_reward(page: Page, code: str) -> None:
    editor = page.get_by_role("textbox", name=re.compile("def reward"))
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)


def stopped(page: Page, words: str = "Stopped at attempt", within_s: float = 30) -> None:
    expect(page.get_by_text(words).first).to_be_visible(timeout=within_s * 1000)


@pytest.mark.parametrize(
    ("example", "attempts"), [("One-word answer", 3), ("Two stages, one to blame", 4), ("A flaky model", 5)]
)
def test_first_open_then_run_shows_every_attempt(app, example, attempts):
    choose(app, example)
    run(app)
    stopped(app, f"Stopped at attempt {attempts}")
    expect(rows(app)).to_have_count(attempts)
    expect(app.locator(".rs-timeline .chart svg")).to_be_visible()
    expect(app.get_by_text("practice model").first).to_be_visible()


def test_attempts_arrive_one_by_one_on_the_same_chart(app):
    """The chart keeps its node while attempts arrive."""
    slow_down(app)
    run(app)
    expect(rows(app).nth(0)).to_be_visible(timeout=15_000)
    app.locator(".rs-timeline .chart svg").evaluate("node => { node.mine = 'the same' }")
    expect(rows(app).nth(1)).to_be_visible(timeout=15_000)
    stopped(app)
    assert app.locator(".rs-timeline .chart svg").evaluate("node => node.mine") == "the same"


def test_a_signature_and_a_reward_of_ones_own(app):
    fill(app, "Signature", "topic -> motto, length: int")
    fill(app, "topic", "patience")
    write_reward(
        app,
        "def reward(args, pred):\n    print('motto is', pred.motto)\n    return 0.5 + (pred.length > 0) * 0.25\n",
    )
    run(app)
    stopped(app, "All 5 attempts made")
    expect(rows(app)).to_have_count(5)
    app.get_by_role("tab", name="Reward", exact=True).click()
    expect(app.get_by_text("What the reward printed").first).to_be_visible()


def test_ctrl_enter_in_the_editor_runs(app):
    app.get_by_role("textbox", name=re.compile("def reward")).click()
    app.keyboard.press("Control+Enter")
    stopped(app)


@pytest.mark.parametrize("label", ["Signature", "Instructions", "question"])
def test_ctrl_enter_runs_from_every_text_of_the_program(app, label):
    app.get_by_role("textbox", name=label, exact=True).click()
    app.keyboard.press("Control+Enter")
    stopped(app)


def test_a_reload_in_the_middle_loses_nothing(app):
    slow_down(app)
    run(app)
    expect(rows(app).nth(0)).to_be_visible(timeout=15_000)
    address = app.url
    assert "run=" in address
    app.reload()
    stopped(app)
    expect(rows(app)).to_have_count(3)
    assert app.url == address


def test_a_closed_page_stops_nothing(page, server):
    page.goto(server.start())
    wait_idle(page)
    slow_down(page)
    run(page)
    expect(rows(page).nth(0)).to_be_visible(timeout=15_000)
    address = page.url
    page.goto("about:blank")
    with closing(open_store(server.folder / "data")) as store:
        eventually(lambda: store.rows()[0].summary.reason, within_s=30)
    page.goto(address)
    stopped(page, within_s=5)


def test_cancel_stops_a_run_and_keeps_what_there_is(app):
    slow_down(app)
    run(app)
    expect(rows(app).nth(1)).to_be_visible(
        timeout=15_000
    )  # a press right after the start is taken for a double click
    app.get_by_role("button", name="Cancel").click()
    stopped(app, re.compile("Cancelled (during attempt|while advice was asked for)"), within_s=5)
    expect(app.get_by_role("button", name="Cancel")).to_have_count(0)


def test_an_attempt_is_chosen_from_the_story_and_kept_in_the_address(app):
    run(app)
    stopped(app)
    rows(app).nth(1).get_by_role("button", name="Attempt 2").click()
    expect(app.get_by_role("heading", name="Attempt 2", exact=True)).to_be_visible()
    expect(app).to_have_url(re.compile("attempt=2"))
    app.reload()
    expect(app.get_by_role("heading", name="Attempt 2", exact=True)).to_be_visible(timeout=20_000)


def test_d_compares_the_attempt_that_was_picked_with_the_one_before_it(app):
    run(app)
    stopped(app)
    rows(app).nth(2).locator(".output").click()
    expect(app).to_have_url(re.compile("attempt=3"))
    app.keyboard.press("d")
    app.wait_for_url(re.compile(r"/compare\?a=([\w-]+)\.2&b=\1\.3"))
    expect(app.get_by_role("combobox").first).to_contain_text("Attempt 2 ·", timeout=20_000)


def test_the_newest_attempt_can_be_picked_and_later_ones_do_not_take_its_place(app):
    slow_down(app)
    run(app)
    first = rows(app).first
    expect(first).to_have_class(re.compile("selected"), timeout=15_000)
    first.locator(".output").click()
    expect(app).to_have_url(re.compile("attempt=1"))
    stopped(app)
    expect(first).to_have_class(re.compile("selected"))


def test_a_new_run_is_looked_at_afresh(app):
    """Table or story is a choice for the run that it was made for."""
    run(app)
    stopped(app)
    app.get_by_role("button", name="Table", exact=True).click()
    app.wait_for_url(re.compile("view=table"))
    run(app)
    app.wait_for_url(lambda url: "view=table" not in url)
    expect(rows(app).first).to_be_visible(timeout=30_000)


def test_the_messages_show_the_hint_as_it_was_sent(app):
    run(app)
    stopped(app)
    detail = app.get_by_role("region", name="Attempt in detail")
    expect(detail.get_by_role("button", name="answer · hint")).to_have_attribute("aria-pressed", "true")
    hint = detail.locator("span.hint")
    expect(hint).to_contain_text("[[ ## hint_ ## ]]")
    expect(hint).to_have_attribute("title", "The hint, as it stands in the prompt")


def test_a_deep_link_on_a_cold_server(page, server):
    server.cold = True
    page.goto(server.start())
    wait_idle(page)
    run(page)
    stopped(page)
    run_id = re.search("run=([^&]+)", page.url)[1]
    server.stop()
    page.goto(f"{server.start()}/run?run={run_id}&attempt=2")
    stopped(page)
    expect(page.get_by_role("heading", name="Attempt 2", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(rf"/run\?run={run_id}&attempt=2"))


def test_a_killed_app_shows_the_run_as_interrupted_with_all_that_was_seen(page, server):
    page.goto(server.start())
    wait_idle(page)
    slow_down(page)
    run(page)
    expect(rows(page).nth(1)).to_be_visible(timeout=20_000)
    seen = rows(page).first.inner_text().partition("answer:")[2]  # before it: best, until the next one is
    run_id = re.search("run=([^&]+)", page.url)[1]
    server.kill()
    page.goto(f"{server.start()}/run?run={run_id}")
    expect(page.get_by_text(re.compile("Interrupted (during|after|while)")).first).to_be_visible(
        timeout=20_000
    )
    expect(rows(page).first).to_contain_text(seen, use_inner_text=True)


def test_two_sessions_at_once_each_see_their_own_run(app, chromium, visit):
    context = chromium.new_context(base_url=app.url)
    other = context.new_page()
    other.goto(app.url)
    wait_idle(other)
    choose(other, "Two stages, one to blame")
    for page in (app, other):
        slow_down(page)
    run(app)
    run(other)
    stopped(app, "Stopped at attempt 3")
    stopped(other, "Stopped at attempt 4", within_s=60)
    expect(rows(app)).to_have_count(3)
    expect(rows(other)).to_have_count(4)
    context.close()


def test_a_run_on_a_server_of_ones_own_shows_the_real_messages(app):
    with OpenAIServer(polite) as model:
        choose_real_model(app)
        fill(app, "Model", "local-model")
        fill(app, "Base URL (OpenAI-compatible server)", model.url)
        fill(app, "API key", "sk-canary-0001")
        run(app)
        expect(app.get_by_text(re.compile("All 5 attempts made|Stopped at attempt")).first).to_be_visible(
            timeout=90_000
        )
        assert model.requests
        assert model.requests[0].headers["authorization"] == "Bearer sk-canary-0001"
    assert "practice model" not in app.get_by_text(re.compile("\\d+ attempts? · ")).first.inner_text()
    assert "canary" not in app.url
    app.reload()
    wait_idle(app)
    open_part(app, "model")
    expect(app.get_by_label("Base URL (OpenAI-compatible server)", exact=True)).to_have_value(model.url)
    expect(app.get_by_label("API key", exact=True)).to_have_value("")


def test_an_unreachable_server_is_said_beside_its_field(app):
    choose_real_model(app)
    fill(app, "Model", "local-model")
    fill(app, "Base URL (OpenAI-compatible server)", "http://127.0.0.1:9/v1")
    close_part(app)
    app.get_by_label("Max attempts (N)", exact=True).fill("1")
    run(app)
    expect(app.get_by_text(re.compile("The only attempt failed")).first).to_be_visible(timeout=90_000)
    open_part(app, "model")
    expect(app.get_by_text(re.compile("Cannot reach")).first).to_be_visible()


@pytest.mark.fault(53)
def test_half_an_emoji_is_shown_while_it_streams_and_after_a_reload(app):
    """The server log of these tests must hold no traceback, and the page no error."""
    reply = "[[ ## answer ## ]]\nhalf \ud83d emoji\n\n[[ ## completed ## ]]"
    with OpenAIServer(Answer(reply, trickle_s=1.0)) as model:
        choose_real_model(app)
        fill(app, "Model", "local-model")
        fill(app, "Base URL (OpenAI-compatible server)", model.url)
        close_part(app)
        app.get_by_label("Max attempts (N)", exact=True).fill("1")
        write_reward(
            app,
            "def reward(args, pred):\n    return Score(0.5, feedback=pred.answer, parts={pred.answer: 0.5})\n",
        )
        run(app)
        expect(app.locator(".story .running .main")).to_contain_text(
            "half \N{REPLACEMENT CHARACTER}", timeout=20_000
        )
        stopped(app, "The only attempt scored")
    for _ in range(2):
        expect(app.get_by_text("half \N{REPLACEMENT CHARACTER} emoji").first).to_be_visible(timeout=20_000)
        expect(app.get_by_test_id("stException")).to_have_count(0)
        app.reload()


def test_what_a_model_says_is_text_and_never_markup(app):
    """The practice model repeats its input in what it improvises, so the input is what a hostile reply would be."""
    hostile = "<img src=x onerror=\"document.title='owned'\"> ![x](https://example.invalid/x.png) **bold**"
    asked: list[str] = []
    app.on("request", lambda request: asked.append(request.url))
    fill(app, "Signature", "text -> copy")
    fill(app, "text", hostile)
    write_reward(
        app,
        "def reward(args, pred):\n    print(args['text'])\n    return Score(0.5, feedback=args['text'])\n",
    )
    run(app)
    stopped(app, "All 5 attempts made")
    app.wait_for_load_state("networkidle")
    assert app.title() == "Lab · Refinescope"
    assert app.locator("img[src='x']").count() == 0
    assert [
        url
        for url in asked
        if not url.startswith((app.url.split("/?")[0], "data:", "blob:", "http://127.0.0.1"))
    ] == []
    assert [url for url in asked if "example.invalid" in url] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_every_size_and_scheme_fits_and_reads(chromium, serve, scheme, width, height):
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{serve(APP)}/?example=one_word")
    wait_idle(page)
    run(page)
    stopped(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    ground = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    light = sum(map(int, re.findall(r"\d+", ground)[:3])) > 3 * 128
    assert light == (scheme == "light")
    context.close()


# Text that a script has not yet drawn anew fades, and then comes back: neither is how it is to be read.
SETTLED = """() => !document.querySelector('[data-stale=true]')
  && document.getAnimations().every((one) => one.playState !== 'running' || one.effect.getTiming().iterations === Infinity)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(chromium, serve, scheme):
    context = chromium.new_context(
        viewport={"width": 1440, "height": 3000},
        color_scheme=scheme,
        reduced_motion="reduce",
        bypass_csp=True,  # the page's own rules keep axe's script out
    )
    page = context.new_page()
    page.goto(f"{serve(APP)}/?example=one_word")
    wait_idle(page)

    def findings() -> list[str]:
        page.wait_for_function(SETTLED)
        return serious_findings(page, rules=rules_in(scheme))

    assert findings() == []
    choose_real_model(page)
    expect(page.get_by_label("API key", exact=True)).to_be_visible()
    wait_idle(page)
    assert findings() == []
    choose(page, "Two stages, one to blame")
    run(page)
    stopped(page)
    for tab in ("Output", "Prompts and replies"):  # tests/browser/test_run_page.py looks at each
        page.get_by_role("tab", name=tab, exact=True).click()
        expect(page.locator(".blocks:not(.stale)")).to_be_visible()
        wait_idle(page)
        assert findings() == [], tab
    expect(page.get_by_text("System message").locator("visible=true").first).to_be_visible()
    page.get_by_role("link", name="Runs").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    assert findings() == []
    context.close()


def test_a_key_labels_an_attempt_and_the_label_stays_with_the_run(app: Page) -> None:
    run(app)
    stopped(app)
    number = app.locator(".rs-timeline .story .slot.selected .number button")
    for label in ("good", "bad"):
        app.locator(".rs-timeline").focus()
        app.keyboard.press("l")
        expect(number).to_have_attribute("data-label", label)
        wait_idle(app)
        app.reload()
        expect(number).to_have_attribute("data-label", label)
    app.locator(".rs-timeline").focus()
    app.keyboard.press("l")
    expect(number).not_to_have_attribute("data-label", "bad")
    wait_idle(app)
    app.reload()
    expect(number).to_be_visible()
    expect(number).not_to_have_attribute("data-label", "bad")
