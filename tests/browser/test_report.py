"""The one file of a run, opened from disk in a real browser without a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from refine_core.export.importing import import_runs
from refine_core.export.notebook import mimebundle
from refine_core.export.report import write_html
from refine_core.runs.run import Run
from refine_core.stop_summary import stop_sentences
from refine_core.store.memory import MemoryStore
from tests import logs
from tests.browser.accessibility import serious_findings
from tests.hostile_log import hostile_log

HOSTILE = Path(__file__).parents[1] / "data" / "hostile"
ATTACK = (
    "</template></style></script><script>window.hurt = 1</script><img src=http://127.0.0.1:9/x onerror='window.hurt = 1'>"
    "<svg onload='window.hurt = 1'><a href='javascript:window.hurt = 1'>\u202ego</a><iframe srcdoc='<script>parent.hurt = 1</script>'>"
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>"
)


@pytest.fixture
def offline(chromium: Browser) -> Iterator[Page]:
    """A page without a network, which fails the test for an error, a dialog, a message on the console or any request but its own."""
    context = chromium.new_context(offline=True, viewport={"width": 1000, "height": 900}, bypass_csp=True)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: request.url.startswith("file:") or wrong.append(request.url))
    yield page
    context.close()
    assert wrong == []


def open_file(page: Page, folder: Path, html: str) -> list[str]:
    """Open a report from disk; the requests that this made."""
    file = folder / "run.html"
    file.write_text(html, encoding="utf-8")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    return asked


def test_a_report_opens_without_a_request_and_is_read_by_keyboard(offline: Page, tmp_path: Path):
    log = logs.headline()
    asked = open_file(offline, tmp_path, write_html(log.records))
    expect(offline.get_by_role("heading", level=1)).to_have_text(
        "Stopped at attempt 4: reward 1.00 ≥ threshold 1.00."
    )
    assert asked == [offline.url]
    assert serious_findings(offline) == []

    # Tab reaches the way past the beginning, every attempt, and every folded part; Enter and Space open them.
    reached = []
    for _ in range(60):
        offline.keyboard.press("Tab")
        reached.append(offline.evaluate("document.activeElement.textContent.trim().slice(0, 40)"))
        if offline.evaluate("document.activeElement === document.body"):
            break
    assert reached[0] == "Skip to the attempts"
    assert {"1", "2", "3", "4"} <= set(reached)
    assert sum(words.startswith("Prompt and reply") for words in reached) == 4
    assert sum(words.startswith("Request for advice") for words in reached) == 3
    summary = offline.locator("summary", has_text="Prompt and reply").first
    prompt = offline.locator("details pre").first
    expect(prompt).to_be_hidden()
    summary.press("Enter")
    expect(prompt).to_be_visible()
    summary.press("Enter")
    expect(prompt).to_be_hidden()
    offline.get_by_label("Show all prompts and replies").press("Space")
    expect(offline.locator("details pre").last).to_be_visible()
    assert serious_findings(offline) == []
    offline.get_by_role("link", name="3", exact=True).press("Enter")
    expect(offline.get_by_role("heading", name="Attempt 3")).to_be_in_viewport()

    # On a phone in the dark nothing is wider than the screen.
    offline.emulate_media(color_scheme="dark")
    offline.set_viewport_size({"width": 390, "height": 844})
    expect(offline.locator("svg.slim")).to_be_visible()
    expect(offline.locator("svg.wide")).to_be_hidden()
    assert offline.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious_findings(offline) == []


def test_a_report_prints_with_or_without_its_prompts(offline: Page, tmp_path: Path):
    open_file(offline, tmp_path, write_html(logs.headline().records))
    brief = offline.pdf(format="A4")
    offline.get_by_label("Show all prompts and replies").check()
    whole = offline.pdf(format="A4")
    assert brief.startswith(b"%PDF")
    assert brief.count(b"/Type /Page\n") < whole.count(b"/Type /Page\n")


def test_nothing_that_a_model_or_a_reward_wrote_is_run(offline: Page, tmp_path: Path):
    sources = [file.read_text(encoding="utf-8") for file in sorted(HOSTILE.glob("*.py"))]
    assert sources
    records = hostile_log(ATTACK, value="\n".join(sources), inputs=ATTACK).records
    started = records[0].event
    spec = replace(started.spec, reward="\n\n".join(sources) + f"\n# {ATTACK}")
    records[0] = replace(records[0], event=replace(started, spec=spec))
    html = write_html(records)
    asked = open_file(offline, tmp_path, html)
    expect(offline.get_by_role("heading", name="Attempt 1")).to_be_visible()
    offline.get_by_label("Show all prompts and replies").check()
    for summary in offline.locator("summary").all():
        summary.click()
    assert asked == [offline.url]
    assert offline.evaluate(
        "[window.hurt, document.scripts.length, document.images.length, frames.length]"
    ) == [None, 0, 0, 0]
    assert offline.locator("iframe, img, object, embed, form, link, base").count() == 0
    store = MemoryStore()
    (run_id,) = import_runs(store, html.encode()).run_ids
    assert store.events(run_id) == records


@pytest.mark.parametrize(("ink", "paper"), [("#212121", "#ffffff"), ("#e0e0e0", "#111111")])
def test_a_notebook_output_fits_its_page_and_styles_nothing_else(
    offline: Page, tmp_path: Path, ink: str, paper: str
):
    timeline = logs.headline().timeline
    sentences = stop_sentences(timeline)
    run = Run("run-1", timeline, "finished", sentences[0], "4 attempts", stop_sentences=sentences)
    output = mimebundle(run)["text/html"]
    outside = "<p class=m>outside</p><table><tr class=r><td class=n>1</td></tr></table><svg><text class=muted>x</text></svg>"
    page = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Notebook</title><body style='color:{ink};background:{paper}'>"
        f"<main><h1>Notebook</h1><div id=outside>{outside}</div>{{}}</main>"
    )
    styles = """[...document.querySelectorAll('#outside *')].map(one => {
        const style = getComputedStyle(one);
        return [style.color, style.backgroundColor, style.textAlign, style.fill, style.padding, style.font];
    })"""
    open_file(offline, tmp_path, page.format(""))
    before = offline.evaluate(styles)
    open_file(offline, tmp_path, page.format(output))
    expect(offline.get_by_text(sentences[0]).first).to_be_visible()
    assert offline.evaluate(styles) == before
    offline.locator(".refinescope summary").first.click()
    assert serious_findings(offline) == []
