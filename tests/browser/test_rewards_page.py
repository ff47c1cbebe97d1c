"""The Rewards page in a real browser: the whole path from a puzzling run to what would have happened."""

from __future__ import annotations

import functools
import re

import pytest
from playwright.sync_api import Page, expect

from refine_core.log.summaries import summarize
from refine_core.programs import EXAMPLES
from refine_core.runs import Runs
from refine_core.store import open_store
from tests import logs
from tests.browser.accessibility import rules_in, serious_findings
from tests.browser.conftest import Server, wait_idle
from tests.browser.test_run_page import HOSTILE, SCRIPT, hostile

KETTLE = """def reward(args, pred):
    text = pred.reply.lower()
    parts = {
        "kettle": 0.5 * ("kettle" in text),
        "date": 0.25 * ("14 march" in text),
        "thanks": 0.25 * ("thank" in text),
    }
    return Score(sum(parts.values()), parts=parts, feedback="judged by what helps")
"""
MISSPELT = "def reward(args, pred):\n    return float(len(pred.repli) > 20)\n"
SLOW = """import time

def reward(args, pred):
    time.sleep(0.5)
    return 0.5
"""


def many():
    """A run of a hundred attempts."""
    log = logs.Log(stages=("answer",), N=100, run_id="many", strategy="best_of_n", hints_from="none")
    for index in range(100):
        log.attempt(index / 200, outputs={"reply": f"Reply {index + 1}"})
    log.finish()
    return log


@pytest.fixture(scope="module")
def gamed(tmp_path_factory):
    """The address of an app, and the id of its run whose attempts score 0.00, 0.50, 0.75 and 1.00."""
    folder = tmp_path_factory.mktemp("rewards_page")
    store = open_store(folder / "data")
    for log in (hostile(), many()):
        store.append(log.records, functools.reduce(summarize, log.records, None))
    mine = Runs(store)
    run_id = mine.start(EXAMPLES["gamed"].spec)
    mine.join(run_id, 60)
    mine.list.rename("hostile", HOSTILE)
    mine.list.label("many", 0, "good")
    mine.close()
    server = Server(folder)
    yield server.start(), run_id
    server.stop()


def cell(page: Page, row: int, kind: str):
    return page.locator("tr[data-key]").nth(row - 1).locator(f"td.{kind}")


def open_rewards(page: Page, gamed, query: str | None = None) -> None:
    url, run_id = gamed
    page.goto(f"{url}/rewards?{query if query is not None else f'of={run_id}'}")
    wait_idle(page)


def write_reward(page: Page, code: str) -> None:
    page.locator(".cm-content").first.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)


def test_from_a_puzzling_run_to_what_would_have_happened_and_back(page: Page, gamed):
    url, run_id = gamed
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{url}/run?run={run_id}")
    page.get_by_role("button", name="Open in Rewards").click()
    expect(page.get_by_role("heading", name=re.compile("stopped at attempt 4, as recorded"))).to_be_visible(
        timeout=30_000
    )
    expect(cell(page, 1, "new")).to_have_text("0.00")
    write_reward(page, KETTLE)
    expect(cell(page, 1, "new")).to_have_text("0.75", timeout=20_000)
    expect(cell(page, 1, "change")).to_have_text("▲ 0.75")
    expect(cell(page, 4, "old")).to_have_text("1.00")
    expect(
        page.get_by_role("heading", name=re.compile("Of these 4 outputs, attempt 1 would be returned"))
    ).to_be_visible()
    expect(page.get_by_text("other advice: not comparable")).to_be_visible()
    expect(page.get_by_text("never tried", exact=True)).to_be_visible()
    expect(page.get_by_text("no model called")).to_be_visible()

    page.get_by_role("slider", name="Threshold").focus()
    for _ in range(8):
        page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name=re.compile("stopped at attempt 1"))).to_be_visible(timeout=20_000)
    assert "threshold=" in page.url

    page.reload()
    wait_idle(page)
    expect(cell(page, 1, "new")).to_have_text("0.75", timeout=20_000)
    expect(page.get_by_role("heading", name=re.compile("stopped at attempt 1"))).to_be_visible(timeout=20_000)
    expect(page.locator(".cm-content").first).to_contain_text("judged by what helps")


def tab(page: Page, name: str):
    return page.locator(".st-key-rewards-view").get_by_text(re.compile(f"^{name}"))


def test_the_doctor_mends_the_code_and_shows_what_a_labelled_output_proves(page: Page, gamed):
    open_rewards(page, gamed)
    expect(cell(page, 1, "new")).to_have_text("0.00")
    write_reward(page, MISSPELT)
    tab(page, "Doctor").click()
    line = page.get_by_role("button", name="Error, line 2: show it in the editor")
    expect(line).to_be_visible(timeout=20_000)
    line.click()
    expect(page.locator(".cm-activeLine")).to_contain_text("pred.repli", timeout=20_000)
    expect(page.locator(".cm-content:focus")).to_have_count(1)
    page.locator(".finding button.act").click()
    expect(page.locator(".cm-content").first).to_contain_text("pred.reply", timeout=20_000)
    expect(page.get_by_text("Probes need a right answer")).to_be_visible(timeout=20_000)

    tab(page, "Scores").click()
    expect(cell(page, 2, "new")).to_have_text("1.00", timeout=20_000)
    cell(page, 2, "output").click()
    page.keyboard.press("l")
    expect(cell(page, 2, "label")).to_have_text("good", timeout=20_000)
    tab(page, "Doctor").click()
    expect(page.get_by_role("heading", name="Paid like the right answer")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("heading", name=re.compile("without the answer are paid"))).to_be_visible()
    page.get_by_role("button", name="Pin “a refusal” as a case").click()
    expect(page.get_by_text("Pinned", exact=True)).to_be_visible(timeout=20_000)
    expect(tab(page, "Cases")).to_contain_text("1/2", timeout=20_000)
    expect(page.get_by_role("button", name="Show the case “a refusal”")).to_be_visible(timeout=20_000)

    page.reload()
    wait_idle(page)
    expect(page.get_by_role("heading", name="Paid like the right answer")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("Pinned", exact=True)).to_be_visible()
    tab(page, "Scores").click()
    cell(page, 2, "output").click()
    expect(page.get_by_role("heading", name="Attempt 2", exact=True)).to_be_visible(timeout=20_000)
    page.keyboard.press("l")  # bad
    page.keyboard.press("l")  # as it was
    expect(cell(page, 2, "label")).to_have_count(0, timeout=20_000)


def test_rows_are_chosen_and_compared_by_keyboard_alone(page: Page, gamed):
    open_rewards(page, gamed)
    expect(cell(page, 1, "new")).to_have_text("0.00")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tr.on td.number").first).to_have_text("2")
    expect(page.get_by_role("heading", name="Attempt 2", exact=True)).to_be_visible(timeout=20_000)
    page.keyboard.press("d")
    expect(page.get_by_text("stop comparing")).to_be_visible(timeout=20_000)
    page.keyboard.press("k")
    expect(page.get_by_role("heading", name="Attempt 1", exact=True)).to_be_visible(timeout=20_000)
    expect(page).to_have_url(re.compile("row=1"))
    page.keyboard.press("Tab")  # from the row, on to what follows: nothing holds the focus
    expect(page.locator("tr.on:focus")).to_have_count(0)


def test_slow_scoring_keeps_old_numbers_counts_and_is_cancelled(page: Page, gamed):
    open_rewards(page, gamed, "rows=run:many")
    write_reward(page, "def reward(args, pred):\n    return len(pred.reply) / 100\n")
    expect(cell(page, 100, "new")).to_have_text("0.09", timeout=20_000)
    write_reward(page, SLOW)
    expect(page.get_by_text(re.compile("Scoring [0-9]+ of 100 rows"))).to_be_visible(timeout=20_000)
    expect(cell(page, 100, "new")).to_have_text("0.09")
    page.reload()
    expect(page.get_by_text(re.compile("Scoring [1-9][0-9]* of 100 rows"))).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled.")).to_be_visible(timeout=20_000)


def test_what_is_meant_to_do_harm_is_text(page: Page, gamed):
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    open_rewards(page, gamed, "of=hostile")
    expect(page.locator("tr[data-key]")).to_have_count(2)
    expect(page.locator("td.output").first).to_contain_text("<script>")
    expect(cell(page, 2, "new")).to_have_text("1.00", timeout=20_000)
    wait_idle(page)
    page.locator("tr[data-key]").nth(1).click()
    expect(page.get_by_role("heading", name="Attempt 2", exact=True)).to_be_visible(timeout=20_000)
    write_reward(page, f"def reward(args, pred):\n    raise ValueError({SCRIPT!r})\n")
    expect(page.locator("td.message").first).to_contain_text("ValueError", timeout=20_000)
    assert "owned" not in page.title()
    assert not [one for one in requests if "example.invalid" in one]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_size_and_scheme_fits_and_axe_finds_nothing_serious(chromium, gamed, width, scheme):
    url, run_id = gamed
    context = chromium.new_context(
        viewport={"width": width, "height": 1600},
        color_scheme=scheme,
        reduced_motion="reduce",
        bypass_csp=True,  # the page's own rules keep axe's script out
    )
    page = context.new_page()
    for query in (f"of={run_id}&view=xray&row=2&beside=3", f"of={run_id}&row=2", "of=many&view=doctor", ""):
        page.goto(f"{url}/rewards?{query}")
        wait_idle(page)
        if "xray" in query:
            expect(page.get_by_text("The scores part here")).to_be_visible(timeout=20_000)
        elif "doctor" in query:
            expect(page.get_by_role("heading", name="In the code")).to_be_visible(timeout=20_000)
            expect(page.get_by_role("heading", name="Right, but paid differently")).to_be_visible(
                timeout=20_000
            )
        elif query:
            expect(cell(page, 1, "new")).to_have_text("0.00", timeout=20_000)
        else:
            expect(page.get_by_role("button", name="Open", exact=True)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert serious_findings(page, rules=rules_in(scheme)) == []
    context.close()
