"""The Runs page in a browser: search as one types, keys, ticks, undo, narrow screens, hostile names, a killed app."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from refine_core.log.summaries import summarize
from refine_core.store import open_store
from tests.browser.accessibility import rules_in, serious_findings
from tests.browser.conftest import Server, wait_idle
from tests.store.test_store_search import story

HOSTILE = "<img src=http://example.invalid/x.png onerror=alert(1)> **bold** \u202egnihton"
TITLES = ("Kettle", "Tent", HOSTILE)


@pytest.fixture(scope="module")
def runs_app(tmp_path_factory) -> Iterator[Server]:
    """An app with sixty runs."""
    folder = tmp_path_factory.mktemp("runs")
    with closing(open_store(folder / "data")) as store:
        for n in range(60):
            records = story(
                f"r{n:02}",
                title=TITLES[n % 3],
                inputs={"text": f"{HOSTILE} number{n}"},
                outputs={"answer": f"answer{n}"},
                rewards=(0.2, 0.6, n / 60),
                model=("one", "two")[n % 2],
                reason="threshold_reached" if n % 4 else "every_attempt_failed",
                cost=n / 1000,
                started_at=1000.0 * n,
            )
            store.append(records, functools.reduce(summarize, records, None))
        store.annotate("r59", lambda one: replace(one, tags=("demo", HOSTILE), note=HOSTILE, starred=True))
    app = Server(folder)
    app.start()
    yield app
    app.stop()


def open_runs(page: Page, app: Server, query: str = "") -> None:
    page.goto(f"{app.url}/runs{query}")
    expect(links(page).first).to_be_visible(timeout=30_000)


def links(page: Page):
    return page.locator("tbody th a")


def bar(page: Page):
    return page.get_by_role("toolbar", name="Actions on the selected runs")


def focused(page: Page) -> str:
    """The name of the run whose link has the focus."""
    return str(
        page.evaluate("""() => {
      let at = document.activeElement;
      while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
      return at?.tagName === 'A' ? at.dataset.focus : at?.type ?? '';
    }""")
    )


def test_a_search_finds_as_one_types_and_the_address_keeps_it(page, runs_app):
    open_runs(page, runs_app)
    expect(page.get_by_text("60 runs", exact=True)).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("answer4")
    expect(page.get_by_text("11 of 60 runs")).to_be_visible()
    expect(links(page)).to_have_count(11)
    expect(page).to_have_url(re.compile(r"/runs\?q=answer4$"))
    page.reload()
    expect(links(page)).to_have_count(11, timeout=30_000)
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("60 runs", exact=True)).to_be_visible()


def test_a_heading_sorts_on_the_server_and_pages_go_on(page, runs_app):
    open_runs(page, runs_app)
    page.locator("thead").get_by_role("button", name="Cost").click()
    expect(page.get_by_role("columnheader", name="Cost")).to_have_attribute("aria-sort", "descending")
    expect(page.locator("tbody td.cost").first).to_have_text("$0.18")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text(re.compile("26.50 of 60"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"sort=-cost&page=2"))


def test_the_list_can_be_used_by_keys_alone(page, runs_app):
    open_runs(page, runs_app)
    page.keyboard.press("j")
    assert focused(page) == "open r59"
    page.keyboard.press("j")
    page.keyboard.press("Space")
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(bar(page)).to_contain_text("2 selected")
    expect(bar(page)).to_contain_text("Same program and settings, other inputs and model")
    assert focused(page) == "open r59", "what is drawn anew keeps the focus"
    page.keyboard.press("Escape")
    expect(bar(page)).to_contain_text("Tick runs to compare, share, tag")
    page.keyboard.press("Space")
    page.keyboard.press("j")
    page.keyboard.press("Space")
    expect(bar(page)).to_contain_text("2 selected")
    page.keyboard.press("d")
    expect(page).to_have_url(re.compile(r"/compare\?a=r59&b=r58"), timeout=20_000)
    page.go_back()
    expect(page).to_have_url(re.compile(r"/runs$"))


def test_enter_opens_a_run_and_back_leads_to_the_same_list(page, runs_app):
    open_runs(page, runs_app, "?model=one&sort=cost")
    expect(page.get_by_text("30 of 60 runs")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/run\?run=r00"), timeout=20_000)
    page.go_back()
    expect(page.get_by_text("30 of 60 runs")).to_be_visible(timeout=20_000)
    expect(page).to_have_url(re.compile(r"/runs\?model=one&sort=cost"))


def test_ticking_moves_nothing_and_deleting_can_be_undone(page, runs_app):
    open_runs(page, runs_app, "?sort=name")
    before = page.locator("tbody tr").nth(3).bounding_box()
    page.get_by_role("checkbox").nth(0).check()
    page.get_by_role("checkbox").nth(1).check()
    expect(bar(page)).to_contain_text("2 selected")
    assert page.locator("tbody tr").nth(3).bounding_box() == before
    bar(page).get_by_role("button", name="Delete").click()
    expect(bar(page)).to_contain_text("2 runs deleted.")
    expect(page.get_by_text("58 runs", exact=True)).to_be_visible()
    bar(page).get_by_role("button", name="Undo").click()
    expect(page.get_by_text("60 runs", exact=True)).to_be_visible()


def test_the_focus_goes_to_undo_after_a_deletion_and_back_to_a_run(page, runs_app):
    open_runs(page, runs_app)
    page.keyboard.press("j")
    page.keyboard.press("Space")
    bar(page).get_by_role("button", name="Delete").press("Enter")
    expect(bar(page).get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("60 runs", exact=True)).to_be_visible()
    expect(links(page).first).to_be_focused()


def test_a_new_name_shows_in_the_row(page, runs_app):
    open_runs(page, runs_app, "?q=number7")
    page.get_by_role("checkbox").first.check()
    bar(page).get_by_role("button", name="Rename").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Shown in class")
    page.keyboard.press("Enter")
    expect(links(page).first).to_have_text("Shown in class")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(bar(page).get_by_role("button", name="Rename")).to_be_focused()


def test_the_open_list_of_tags_leaves_save_free(page, runs_app):
    """A list without matches was in the way until Escape."""
    open_runs(page, runs_app, "?q=number8")
    page.get_by_role("checkbox").first.check()
    bar(page).get_by_role("button", name="Tag", exact=True).click()
    field = page.get_by_role("dialog").get_by_label("Tags of this run")
    field.fill("new in class")
    field.press("Enter")
    expect(page.get_by_role("option", name="demo")).to_be_visible()
    page.get_by_text("Save", exact=True).click()  # by its text: an open list hides the rest from roles
    expect(page.locator("tbody td.tags").first).to_contain_text("new in class")


def test_ticks_are_there_again_after_back(page, runs_app):
    open_runs(page, runs_app)
    for number in (0, 2):
        page.get_by_role("checkbox").nth(number).check()
    expect(bar(page)).to_contain_text("2 selected")
    wait_idle(page)
    bar(page).get_by_role("button", name="Compare").click()
    expect(page.get_by_role("button", name="Whole runs")).to_be_visible()
    first = page.get_by_label("Run A").locator("option:checked")
    expect(first).to_have_text(re.compile("^(Kettle|Tent|<img)"))
    page.go_back()
    expect(bar(page)).to_contain_text("2 selected")
    expect(page.locator("tbody input:checked")).to_have_count(2)
    bar(page).get_by_role("button", name="Clear selection").click()
    expect(page.locator("tbody input:checked")).to_have_count(0)


@pytest.mark.parametrize(("name", "label"), [("Rename", "Name"), ("Note", "Note")])
def test_a_dialog_with_one_text_opens_with_the_focus_in_it(page, runs_app, name, label):
    open_runs(page, runs_app)
    page.get_by_role("checkbox").nth(3).check()
    bar(page).get_by_role("button", name=name).click()
    expect(page.get_by_role("dialog").get_by_role("textbox", name=label)).to_be_focused()


def test_hostile_names_inputs_tags_and_notes_are_text(page, runs_app):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    open_runs(page, runs_app)
    expect(page.locator("tbody td.input").first).to_contain_text("<img src=http://example.invalid/x.png")
    expect(page.locator("tbody td.tags").first).to_contain_text("<img src")
    page.get_by_role("button", name=re.compile("^Tag")).first.click()
    expect(page.get_by_text("<img src", exact=False).last).to_be_visible()
    assert [url for url in asked if "example.invalid" in url] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (720, 900), (390, 844)])
def test_every_size_and_scheme_fits_and_axe_finds_nothing_serious(chromium, runs_app, scheme, width, height):
    context = chromium.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        reduced_motion="reduce",
        bypass_csp=True,  # the page's own rules keep axe's script out
    )
    page = context.new_page()
    open_runs(page, runs_app)
    wait_idle(page)
    page.get_by_role("checkbox").nth(0).check()
    page.get_by_role("checkbox").nth(1).check()
    expect(bar(page)).to_contain_text("Compare")
    wait_idle(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    table = page.locator("table").bounding_box()
    assert table is not None
    assert table["x"] >= 0
    assert table["x"] + table["width"] <= width
    assert serious_findings(page, rules=rules_in(scheme)) == []
    context.close()


@pytest.mark.fault(39)
def test_a_page_says_so_when_its_app_was_killed(page, server):
    server.start()
    page.goto(f"{server.url}/runs")
    expect(page.get_by_text("No runs yet.")).to_be_visible(timeout=30_000)
    with page.expect_websocket(lambda socket: socket.url.endswith("/lib/alive"), timeout=30_000):
        page.get_by_role("link", name="Open the Lab").click()
    expect(page.get_by_role("button", name=re.compile("^Run")).first).to_be_visible(timeout=30_000)
    wait_idle(page)
    server.kill()
    told = page.get_by_role("alert").filter(has_text="Refinescope does not answer.")
    expect(told).to_contain_text("start it again with refinescope: what was recorded is kept", timeout=15_000)
    expect(told).to_be_in_viewport()
    expect(told).to_contain_text("What you type before that may be lost.")
