"""The story and the table in a real browser: what a person reads, picks and pages through; while a run goes on nothing moves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, expect

from tests.browser.conftest import wait_idle

APP = Path(__file__).parent / "apps" / "timeline_app.py"
VISITS = count(1)
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def stage(chromium: Browser) -> Iterator[Page]:
    """One page for all that a mouse can do: a browser context anew for each test would take most of their time."""
    context = chromium.new_context(reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.fixture
def show(chromium: Browser, stage: Page, serve: Callable[[Path], str]) -> Iterator[Open]:
    """Open a scenario of tests.logs at an address of its own."""
    contexts = []
    errors: list[str] = []

    def note(error: Error) -> None:
        errors.append(str(error))

    def go(
        name: str,
        *,
        size: tuple[int, int] = (1280, 900),
        scheme: str = "light",
        touch: bool = False,
        **query: str,
    ) -> Page:
        page = stage
        if touch:
            contexts.append(chromium.new_context(reduced_motion="reduce", has_touch=True, is_mobile=True))
            page = contexts[0].new_page()
        page.on("pageerror", note)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme)
        page.mouse.move(1, 1)
        more = "".join(f"&{key}={value}" for key, value in query.items())
        page.goto(f"{serve(APP)}?show={name}%23story{next(VISITS)}{more}")
        page.locator(".rs-timeline .chart .layer").first.wait_for(state="attached")
        return page

    yield go
    stage.remove_listener("pageerror", note)
    for context in contexts:
        context.close()
    assert not errors, errors


def slots(page: Page) -> Locator:
    return page.locator(".rs-timeline .story .slot")


def selected(page: Page) -> Locator:
    return page.locator(".rs-timeline .story .slot.selected .number button")


def rows(page: Page) -> Locator:
    return page.locator(".rs-timeline tbody tr")


def places(page: Page) -> list[list[float]]:
    """Where each word and cell of the story and the table lies in the timeline, but for what attempts would score now."""
    return page.evaluate(
        """() => {
          const all = '.words :is(th, td, .head, .slot, .main, .sub, .part, .row > .reward, .hint):not(.now)';
          const top = document.querySelector('.rs-timeline').getBoundingClientRect().y;
          return [...document.querySelectorAll(all), document.querySelector('.steps')].filter((e) => e.offsetParent).map((e) => {
            const box = e.getBoundingClientRect();
            return [box.x, box.y - top, box.width, box.height].map((v) => Math.round(v));
          });
        }"""
    )


def boxes(page: Page) -> list[list[float]]:
    """Where the chart, the story, each place in it and the buttons lie on the page."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.rs-timeline :is(.place, .story, .slot, .row > .number, .steps)')].map((e) => {
          const box = e.getBoundingClientRect();
          return [box.x, box.y + scrollY, box.width, box.height].map((v) => Math.round(v * 10) / 10);
        })"""
    )


# ---- reading


def test_the_story_says_what_changed_what_it_scored_and_which_hint_it_got(show):
    page = show("headline")
    second = slots(page).nth(1)
    expect(slots(page)).to_have_count(4)
    expect(second.locator(".hint p")).to_have_text(
        "Hint Keep headline to 8 words at most. In keywords, list three separate words."
    )
    expect(second.get_by_role("button", name=re.compile("Hint followed"))).to_have_text("✓ followed")
    expect(second.locator(".hint b")).to_have_text(["headline", "keywords"])
    expect(second.locator("ins")).to_have_text(["Foldable", ", camping, foldable"])
    expect(second.locator(".part .value")).to_have_text(
        ["▲ 0.25 (more than before)", "0.25", "▲ 0.25 (more than before)", "0"]
    )
    expect(second.locator(".reward")).to_have_text("Reward 0.75+0.42")
    heads = page.locator(".story .head .number:not(.now)")
    expect(heads).to_have_text(
        ["shortbest 0.25", "names itbest 0.25", "keywordsbest 0.25", "pricebest 0.25", "reward"]
    )


def test_parts_stand_in_columns_under_their_names(show):
    page = show("headline")
    right = "es => es.map((e) => Math.round(e.getBoundingClientRect().right))"
    heads = page.locator(".story .head .number:not(.now)").evaluate_all(right)
    for i in range(4):
        assert slots(page).nth(i).locator(".part, .reward").evaluate_all(right) == heads


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)])
def test_a_long_name_of_a_part_is_folded_and_shows_in_full_on_focus(show, size):
    page = show("long part name", size=size)
    story = page.get_by_role("region", name="Story of the run")
    name = story.locator("button.long:visible").first
    expect(name).to_be_visible()
    assert name.bounding_box()["height"] <= 40
    if size[0] > 390:
        assert story.locator(".head").bounding_box()["height"] <= 60
    for act in (name.focus, name.hover):
        page.mouse.move(0, 0)
        act()
        expect(story.locator(".tip")).to_contain_text("names a part at great length " * 6)
        name.blur()


def test_a_failed_attempt_has_its_message_where_its_output_would_be(show):
    page = show("failures")
    expect(slots(page).nth(1).locator(".output")).to_have_text("no field 'answer' in the reply")
    expect(slots(page).nth(1).locator(".reward")).to_have_text("Reward failed")
    expect(slots(page).nth(4)).to_contain_text("failed on line 3 of the reward")


def test_markup_of_a_model_and_its_directions_stay_text(show):
    page = show("hostile")
    expect(slots(page).first).to_contain_text('<img src=x onerror="window.hurt=1"><b>bold</b>')
    expect(slots(page).nth(1).locator(".hint").first).to_contain_text("Hint for <b>draft</b>")
    assert page.locator(".story :is(img, a, script, u)").count() == 0
    assert (
        page.locator(".story b").evaluate_all("es => es.filter((e) => e.textContent === 'bold').length") == 0
    )
    assert page.evaluate("window.hurt") is None
    assert slots(page).first.locator(".main").evaluate("e => getComputedStyle(e).unicodeBidi") == "isolate"


# ---- picking


@pytest.mark.fault(33)
@pytest.mark.parametrize(
    ("clicked", "key", "attempt"), [(1, "j", "3"), (4, "k", "4"), (0, "f", "2"), (5, "b", "3")]
)
def test_keys_work_after_a_click_on_a_row_of_the_story(show, clicked, key, attempt):
    page = show("failures")
    page.get_by_label("Elsewhere").focus()
    slots(page).nth(clicked).locator(".output").click()
    expect(selected(page)).to_have_text(str(clicked + 1))
    expect(page.get_by_text(f"Selected: {clicked}")).to_be_visible()
    page.keyboard.press(key)
    expect(selected(page)).to_have_text(attempt)
    expect(page.get_by_text(f"Selected: {int(attempt) - 1}")).to_be_visible()


def test_rows_are_reached_by_tab_and_the_focus_goes_along_with_the_keys(show):
    page = show("failures")
    page.locator(".story .slot .number button").first.focus()
    page.keyboard.press("Enter")
    expect(selected(page)).to_have_text("1")
    page.keyboard.press("j")
    expect(selected(page)).to_be_focused()
    expect(selected(page)).to_have_accessible_name("Attempt 2")
    assert page.locator('.story .number button[tabindex="0"]').count() == 1, "one stop for Tab"


def test_a_row_that_is_picked_comes_into_view_inside_the_story_alone(show):
    page = show("twelve", size=(1280, 700))
    top = page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    page.locator(".rs-timeline").focus()
    for _ in range(12):
        page.keyboard.press("j")
    expect(selected(page)).to_have_text("12")
    inside = page.locator(".story").bounding_box()
    row = slots(page).nth(11).bounding_box()
    assert inside["y"] <= row["y"]
    assert row["y"] + row["height"] <= inside["y"] + inside["height"] + 1
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == top


def test_the_question_mark_shows_the_keys_and_escape_hides_them(show):
    page = show("two stages")
    before = boxes(page)
    page.locator(".rs-timeline").focus()
    page.keyboard.press("?")
    keys = page.locator(".rs-timeline .keys")
    expect(keys).to_be_visible()
    for words in ("the next attempt", "the best attempt", "compare the attempt with the one before it"):
        expect(keys).to_contain_text(words)
    assert boxes(page) == before, "nothing gives way"
    page.keyboard.press("j")
    expect(selected(page)).to_have_text("1")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.get_by_role("button", name="Keys").click()
    expect(keys).to_be_visible()


def test_the_keys_are_told_where_nothing_can_hover_too(show):
    page = show("two stages", size=(820, 1180), touch=True)
    assert page.evaluate("matchMedia('(hover: none)').matches")
    page.get_by_role("button", name="Keys").tap()
    expect(page.locator(".rs-timeline .keys kbd")).to_have_text(["j", "k", "b", "f", "d", "l", "?", "Esc"])
    expect(page.locator(".rs-timeline .keys kbd").first).to_be_visible()


def test_the_first_attempt_is_compared_with_the_next(show):
    page = show("two stages")
    compare = page.locator(".rs-timeline .steps button", has_text="Compare")
    for slot, words in (
        (1, "Compare the attempt with the one before it"),
        (0, "Compare the attempt with the one after it"),
    ):
        slots(page).nth(slot).locator(".number button").click()
        expect(selected(page)).to_have_text(str(slot + 1))
        expect(compare).to_be_enabled()
        expect(compare).to_have_attribute("title", words)


# ---- while a run goes on


@pytest.mark.parametrize("height", [520, 900])
def test_the_change_of_a_reward_is_not_cut_off_while_the_run_goes_on(show, height):
    page = show("streaming", size=(1280, height))
    expect(page.locator(".story .running .main")).to_contain_text("Foldable")
    for words in ("kettle for campers", '"cam'):
        grow(page)
        expect(page.locator(".story .running .output")).to_contain_text(words)
    grow(page)
    change = slots(page).nth(1).locator(".change")
    expect(change).to_have_text("+0.42")
    # Both in one look: between two the page may scroll, or draw what stands above.
    assert change.evaluate(
        "e => e.getBoundingClientRect().bottom <= e.closest('.slot').getBoundingClientRect().bottom"
    )


def grow(page: Page) -> None:
    """One step more, once the page has come to rest. Not by the mouse: what is drawn late moves the button under it."""
    wait_idle(page)
    page.get_by_role("button", name="Grow").dispatch_event("click")


@pytest.mark.fault(40)
def test_nothing_moves_while_a_reply_streams_and_attempts_arrive(show):
    page = show("streaming")
    expect(slots(page)).to_have_count(5)
    expect(page.locator(".story .running .main")).to_contain_text("Foldable")
    before = boxes(page)
    for words in ("kettle for campers", '"cam'):
        grow(page)
        expect(page.locator(".story .running .output")).to_contain_text(words)
        assert boxes(page) == before
    grow(page)
    expect(slots(page).nth(1).locator(".reward")).to_contain_text("0.75")
    assert boxes(page) == before
    grow(page)
    expect(slots(page).nth(2)).to_have_class(re.compile("running"))
    expect(slots(page).nth(2).locator(".hint")).to_contain_text("price is the amount")
    assert boxes(page) == before


def test_what_is_to_come_has_its_place_and_says_its_temperature(show):
    page = show("streaming")
    expect(page.locator(".story .pending .main")).to_have_text(
        ["temperature 0.6, with the next hint", "temperature 0.7", "temperature 0.8"]
    )
    expect(page.locator(".story .running .sub")).to_have_text("keywords, price: waiting")
    slots(page).nth(3).click()
    expect(selected(page)).to_have_count(0)


# ---- what attempts would score now


def test_the_place_of_what_attempts_would_score_now_is_empty_until_it_is_asked(show):
    page = show("headline")
    expect(page.locator(".story .head .now")).to_have_text("")
    expect(page.locator(".story .row .now")).to_have_text([""] * 4)


def test_what_attempts_would_score_now_stands_beside_what_they_scored(show):
    page = show("headline")
    page.get_by_text("Score now").click()
    expect(page.locator(".story .head .now")).to_have_text("would score now")
    expect(page.locator(".story .row .now")).to_have_text(
        [
            "would score now 0.33same",
            "would score now 0.75best",
            "would score now not comparable",
            "would score now 0.75\N{MINUS SIGN}0.25",
        ]
    )


@pytest.mark.parametrize("view", ["story", "table"])
@pytest.mark.parametrize("size", [(1280, 900), (745, 900), (390, 844)], ids=str)
def test_nothing_moves_when_it_is_told_what_attempts_would_score_now(show, view, size):
    page = show("headline", size=size, view=view)
    before = places(page)
    page.get_by_text("Score now").click()
    expect(page.locator(":is(.story, table) .now:visible", has_text="not comparable")).to_be_visible()
    assert places(page) == before


# ---- the table


def test_the_table_of_scores_has_a_column_for_each_part(show):
    page = show("headline", view="table")
    table = page.get_by_role("table", name="Ledger")
    expect(table.get_by_role("columnheader")).to_have_text(
        ["#", "temperature", "headline", "short", "names it", "keywords", "price", "reward", "change"]
    )
    expect(rows(page).nth(2).locator("td")).to_have_text(
        ["0.6", "Camp coffee for 39.90 euros", "0.25", "0", "0.25", "0.25", "0.75", "±0", ""]
    )


def test_why_an_attempt_has_no_parts_stands_in_their_place(show):
    page = show("hundred", which="failed")
    expect(rows(page).first.locator("td")).to_have_text(
        [re.compile("0"), "no output", "no field 'answer' in the reply", "failed", "—", ""]
    )


def test_the_table_is_sorted_by_a_part(show):
    page = show("hundred")
    page.get_by_role("columnheader", name="price").get_by_role("button").click()
    expect(page.get_by_role("columnheader", name="price")).to_have_attribute("aria-sort", "descending")
    expect(rows(page).locator("td:nth-child(7)")).to_have_text(["0.25"] * 10)


def test_a_switch_shows_the_table_and_the_address_keeps_it(show):
    page = show("headline")
    expect(rows(page).first).to_be_hidden()
    page.get_by_role("button", name="Table", exact=True).click()
    expect(page.get_by_role("table", name="Ledger")).to_be_visible()
    expect(page.locator(".story")).to_be_hidden()
    page.wait_for_url(re.compile("view=table"))
    page.get_by_role("button", name="Story", exact=True).click()
    expect(page.locator(".story")).to_be_visible()


def test_the_table_of_a_long_run_is_paged_and_follows_the_selection(show):
    page = show("hundred")
    expect(rows(page)).to_have_count(10)
    expect(page.get_by_text("page 1 of 10")).to_be_visible()
    page.get_by_role("button", name="Next page").click()
    expect(rows(page).first.get_by_role("button")).to_have_text("11")
    page.wait_for_url(re.compile("page=2"))
    rows(page).last.get_by_role("button").click()
    expect(page.get_by_text("Selected: 19")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_text("Selected: 20")).to_be_visible()
    expect(rows(page).first.get_by_role("button")).to_have_text("21")
    page.wait_for_url(lambda url: "page=" not in url)


def test_the_table_is_sorted_by_a_press_on_a_heading(show):
    page = show("hundred")
    heading = page.get_by_role("columnheader", name="reward")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    shown = [float(text) for text in rows(page).locator(".reward").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)
    assert shown[0] == 1
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "ascending")
    page.wait_for_url(re.compile(r"sort=reward"))
    page.reload()
    expect(page.get_by_role("columnheader", name="reward")).to_have_attribute("aria-sort", "ascending")


def test_the_table_is_filtered_and_the_steps_go_by_what_is_left(show):
    page = show("hundred")
    page.get_by_role("button", name=re.compile("^Failed")).click()
    expect(rows(page)).to_have_count(5)
    expect(rows(page).locator("td.reward")).to_have_text(["failed"] * 5)
    page.locator(".rs-timeline").focus()
    page.keyboard.press("j")
    first = int(rows(page).first.get_by_role("button").inner_text()) - 1
    expect(page.get_by_text(f"Selected: {first}", exact=True)).to_be_visible()
    page.wait_for_url(re.compile("which=failed"))
    page.get_by_role("button", name=re.compile("^All")).click()
    expect(rows(page)).to_have_count(10)


@pytest.mark.parametrize("query", [{"page": "99999"}, {"page": "-1"}, {"sort": "-nonsense"}, {"which": "<b>"}, {"range": "9-2"}, {"view": "x"}])  # fmt: skip
def test_an_address_that_makes_no_sense_shows_what_there_is(show, query):
    page = show("hundred", **query)
    expect(rows(page)).to_have_count(10)


# ---- room and theme


@pytest.mark.parametrize("name", ["headline", "streaming", "two stages", "failures", "hostile", "long words"])
def test_on_a_phone_parts_stand_under_the_output_and_nothing_scrolls_sideways(show, name):
    page = show(name, size=(390, 844))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(".story").evaluate("e => e.scrollWidth <= e.clientWidth")
    if name == "headline":
        row = slots(page).nth(1)
        assert row.locator(".part").first.bounding_box()["y"] > row.locator(".sub").bounding_box()["y"]
        expect(row.locator(".part .name").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_story_has_contrast(show, scheme):
    page = show("failures", scheme=scheme)
    slots(page).nth(1).click()
    expect(selected(page)).to_have_text("2")
    assert page.evaluate(CONTRASTS) == []


CONTRASTS = """() => {
  const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (colour, under = [255, 255, 255]) => {
    pen.fillStyle = `rgb(${under})`; pen.fillRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (c) => c.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const found = {};
  for (const e of document.querySelectorAll('.story :is(p, span, ins, b, div), .steps button:not(:disabled)')) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || e.closest('.sr')) continue;
    let ground = rgb(getComputedStyle(document.querySelector('.stApp')).backgroundColor);
    const grounds = [];
    for (let at = e; at && !at.matches('.stApp'); at = at.parentElement) grounds.unshift(getComputedStyle(at).backgroundColor);
    for (const colour of grounds) ground = rgb(colour, ground);
    const [low, high] = [luminance(rgb(getComputedStyle(e).color, ground)), luminance(ground)].sort((x, y) => x - y);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < 4.5) found[`${e.className} ${e.textContent.trim().slice(0, 20)}`] = contrast;
  }
  return Object.entries(found);
}"""


MARKS = """() => {
  const top = document.querySelector('.rs-timeline').getBoundingClientRect().y;
  return [...document.querySelectorAll('.rs-timeline .chart .body :not(title)')].map((e) => {
    const { x, y, width, height } = e.getBoundingClientRect();
    return [e.tagName, e.getAttribute('class'), ...[x, y - top, width, height].map(Math.round)].join(' ');
  });
}"""


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)], ids=str)
def test_the_chart_shows_what_changed_and_moves_nothing_that_was_recorded(show, size):
    page = show("headline", size=size)
    before = page.evaluate(MARKS)
    expect(page.locator(".chart .mark .now-other")).to_have_count(0)
    page.get_by_text("Score now").click()
    chart = page.locator(".rs-timeline .chart")
    expect(chart.locator(".layer[data-name='score now'] path")).to_have_count(
        1
    )  # the fourth alone has another score
    expect(chart.locator(".now-other[data-attempt='3']")).to_have_count(1)
    expect(chart.locator(".now-best[data-attempt='1']")).to_have_count(1)
    expect(chart.locator(".hatch.never[data-first='4'][data-last='4']")).to_have_count(1)
    expect(chart.locator(".hatch.other[data-first='1'][data-last='3']")).to_have_count(1)
    expect(chart).to_have_attribute(
        "aria-label", re.compile("attempt 4 would score 0.75.*Attempt 5 was never tried")
    )
    assert page.evaluate(MARKS) == before
    page.get_by_test_id("stCheckbox").click()
    expect(chart.locator(".hatch, .now-best")).to_have_count(0)


def test_pointing_at_an_attempt_tells_what_it_would_score_now(show):
    page = show("headline")
    page.get_by_text("Score now").click()
    mark = page.locator(".chart .now-other")
    expect(mark).to_have_count(1)
    mark.hover()
    tip = page.locator(".rs-timeline .place .tip")
    expect(tip).to_contain_text("would score 0.75 now (\N{MINUS SIGN}0.25)")
    expect(tip).to_contain_text("not comparable: other advice")


def test_hints_say_that_they_were_for_the_old_reward(show):
    page = show("headline")
    expect(page.locator(".story .hint .old")).to_have_count(0)
    page.get_by_text("Score now").click()
    expect(page.locator(".story .hint .old")).to_have_text([" for the old reward ·"] * 3)
