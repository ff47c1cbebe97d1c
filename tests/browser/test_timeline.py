"""The timeline in a real browser: it is one chart that stays, and it can be worked without a mouse or a chart at all."""

import re
from collections.abc import Callable, Iterator
from itertools import count, pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, expect

from tests import logs

APP = Path(__file__).parent / "apps" / "timeline_app.py"

VISITS = count(1)

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def stage(chromium: Browser, serve: Callable[[Path], str]) -> Iterator[Page]:
    """One page for most tests: to open Streamlit anew for each would take most of their time."""
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{serve(APP)}?view=costs")
    yield page
    context.close()


@pytest.fixture
def show(stage: Page) -> Iterator[Open]:
    """Show a scenario of tests.logs, or "live", as if it were opened anew, and wait until its chart is drawn."""
    errors: list[str] = []

    def note(error: Error) -> None:
        errors.append(str(error))

    def go(name: str, *, size: tuple[int, int] = (1280, 900), scheme: str = "light") -> Page:
        stage.set_viewport_size({"width": size[0], "height": size[1]})
        stage.emulate_media(color_scheme=scheme)
        stage.mouse.move(1, 1)
        stage.locator(".rs-timeline").evaluate_all("all => all.forEach((one) => { one.dataset.left = 1; })")
        visit = f"{name}#{next(VISITS)}"
        stage.get_by_label("Show").fill(visit)
        stage.get_by_label("Show").press("Enter")
        expect(stage.get_by_text(f"Shown: {visit}", exact=True)).to_be_visible()
        # The timeline of the visit before stays until this one's has come.
        expect(stage.locator(".rs-timeline[data-left]")).to_have_count(0)
        expect(stage.locator(".rs-timeline")).to_have_count(1)
        drawn(stage)
        return stage

    stage.on("pageerror", note)
    yield go
    stage.remove_listener("pageerror", note)
    assert not errors, errors


def drawn(page: Page) -> None:
    """Wait until there is a chart."""
    page.locator(".rs-timeline .chart .layer").first.wait_for(state="attached")


def chart(page: Page) -> Locator:
    return page.locator(".rs-timeline .chart")


def rows(page: Page) -> Locator:
    return page.locator(".rs-timeline tbody tr")


def selected(page: Page) -> Locator:
    return page.locator('.rs-timeline tbody tr[aria-selected="true"] th button')


def band(page: Page) -> list[int]:
    """The numbers of the attempts whose columns are tinted."""
    return chart(page).evaluate(
        """e => {
          const middle = (box) => box.x + box.width / 2;
          const numbers = [...e.querySelectorAll('.numbers text')];
          const bands = [...e.querySelectorAll('.selected')].map((one) => one.getBoundingClientRect());
          return bands.map((box) => Number(numbers.find((n) => {
            const at = middle(n.getBoundingClientRect());
            return at > box.x && at < box.right;
          })?.textContent));
        }"""
    )


def layer(page: Page, name: str) -> Locator:
    """What is drawn of one quantity."""
    return chart(page).locator(f"[data-name='{name}']")


def polled(page: Page, times: int = 2) -> None:
    """Wait until the script has run some more times."""
    seen = int(page.get_by_text(re.compile(r"^Polls: ")).inner_text().split()[1])
    page.wait_for_function(
        "(least) => [...document.querySelectorAll('[data-testid=stText]')]"
        ".some((e) => Number(e.innerText.match(/^Polls: (\\d+)/)?.[1]) >= least)",
        arg=seen + times,
    )


def column(page: Page, attempt: int) -> Locator:
    """The number on top of an attempt's column."""
    return chart(page).locator(".numbers").get_by_text(str(attempt), exact=True)


def middle_of(page: Page, attempt: int, share: float = 0.45) -> tuple[float, float]:
    """Where on the screen the middle of a column lies. share: of the chart's height; 0.45 is below every mark."""
    number, box = column(page, attempt).bounding_box(), chart(page).bounding_box()
    assert number is not None
    assert box is not None
    return number["x"] + number["width"] / 2, box["y"] + share * box["height"]


# ---- one chart that stays


def test_attempts_arrive_on_the_same_node_and_selection_and_place_stay(show):
    page = show("live")
    chart(page).evaluate("e => { e.mine = true; e.querySelector('svg').mine = true; }")
    rows(page).nth(1).get_by_role("button").click()
    before = [chart(page).bounding_box(), *(column(page, i).bounding_box() for i in range(1, 7))]
    for more in (4, 5):
        page.get_by_role("button", name="Grow").click()
        expect(rows(page)).to_have_count(more)
        expect(layer(page, "reward").locator("circle, path")).to_have_count(more - 1)
    assert chart(page).evaluate("e => [e.mine, e.querySelector('svg').mine]") == [True, True]
    assert [chart(page).bounding_box(), *(column(page, i).bounding_box() for i in range(1, 7))] == before
    expect(selected(page)).to_have_text("2")
    assert band(page) == [2]


def test_pressing_run_moves_nothing(show):
    """What may come before a run, and the run that has begun, has the same size and the same columns."""

    def places(name: str) -> list:
        return chart(show(name)).evaluate(
            """e => {
              const at = e.getBoundingClientRect();
              return [at.width, at.height, ...[...e.querySelectorAll('.labels text, .numbers text, .rule')].map((one) => {
                const box = one.getBoundingClientRect();
                return [one.textContent, box.x - at.x, box.y - at.y, box.width, box.height].map((v) => v.toFixed?.(2) ?? v).join(' ');
              })];
            }"""
        )

    assert places("ghost: two stages") == places("nothing yet") == places("running")


def test_no_frame_is_blank_while_attempts_arrive(show):
    page = show("live")
    chart(page).evaluate(
        """e => {
          window.blank = 0;
          const look = () => {
            if (!e.isConnected || !e.querySelector('.layer.mark circle')) window.blank += 1;
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    page.get_by_role("button", name="Grow").click()
    expect(rows(page)).to_have_count(4)
    polled(page)
    assert page.evaluate("window.blank") == 0


def test_what_has_not_changed_is_not_drawn_again(show):
    """Polls bring the same data, and a selection is a tint behind the chart that there is."""
    page = show("live")
    chart(page).evaluate(
        """e => {
          window.draws = 0;
          new MutationObserver(() => { window.draws += 1; }).observe(e.querySelector('.body'), { childList: true });
        }"""
    )
    page.get_by_role("button", name="Point at the first").click()
    expect(selected(page)).to_have_text("1")
    polled(page, 4)
    assert band(page) == [1]
    assert page.evaluate("window.draws") == 0


def test_a_pick_outlasts_the_polls_that_do_not_know_of_it_yet(show):
    page = show("live")
    rows(page).first.get_by_role("button").click()
    expect(page.get_by_text("Selected: 0")).to_be_visible()
    polled(page, 3)
    expect(selected(page)).to_have_text("1")
    expect(page.get_by_text("Picks: 1")).to_be_visible()


def test_picks_in_quick_succession_end_on_the_last(show):
    """Python answers each pick in turn; an answer that is overtaken by a later pick does not move the mark back."""
    page = show("two stages")
    page.locator(".rs-timeline tbody").evaluate(
        """body => {
          window.marked = [];
          const look = () => window.marked.push(body.querySelector('[aria-selected=true] button').textContent);
          new MutationObserver(look).observe(body, { subtree: true, attributeFilter: ['aria-selected'] });
        }"""
    )
    page.locator(".rs-timeline").focus()
    for _ in range(4):
        page.keyboard.press("j")
        page.wait_for_timeout(40)
    expect(page.get_by_text("Selected: 3")).to_be_visible()
    expect(selected(page)).to_have_text("4")
    marked = page.evaluate("window.marked")
    assert marked == sorted(marked)


def test_python_may_point_at_another_attempt(show):
    page = show("two stages")
    rows(page).nth(2).get_by_role("button").click()
    expect(page.get_by_text("Selected: 2")).to_be_visible()
    page.get_by_role("button", name="Point at the first").click()
    expect(selected(page)).to_have_text("1")


# ---- choosing an attempt


def test_a_click_on_a_column_selects_its_attempt(show):
    page = show("two stages")
    page.mouse.click(*middle_of(page, 3))
    expect(selected(page)).to_have_text("3")
    expect(page.get_by_text("Selected: 2")).to_be_visible()
    assert band(page) == [3]


def test_a_click_on_a_column_to_come_selects_nothing(show):
    page = show("running")
    page.mouse.click(*middle_of(page, 5))
    page.mouse.click(*middle_of(page, 2))
    expect(selected(page)).to_have_text("2")
    expect(page.get_by_text("Picks: 1")).to_be_visible()


def test_buttons_step_and_are_disabled_where_they_lead_nowhere(show):
    page = show("failures")
    press = {
        n: page.get_by_role("button", name=n, exact=True)
        for n in ("Previous", "Next", "Best", "First failure")
    }
    expect(press["Previous"]).to_be_disabled()
    press["Next"].click()
    expect(selected(page)).to_have_text("1")
    press["Best"].click()
    expect(selected(page)).to_have_text("3")
    expect(press["Best"]).to_be_disabled()
    press["First failure"].click()
    expect(selected(page)).to_have_text("2")
    press["Previous"].click()
    expect(selected(page)).to_have_text("1")
    expect(page.locator(".rs-timeline [role=status]")).to_have_text("Attempt 1: scored, reward 0.40")


def test_a_button_that_becomes_disabled_leaves_the_focus_in_the_timeline(show):
    page = show("failures")
    page.get_by_role("button", name="Best", exact=True).focus()
    page.keyboard.press("Enter")
    expect(selected(page)).to_have_text("3")
    page.keyboard.press("f")
    expect(selected(page)).to_have_text("2")


def test_letters_are_keys_wherever_nobody_types(show):
    page = show("failures")
    page.get_by_label("Elsewhere").fill("")
    page.get_by_label("Elsewhere").press_sequentially("jbfk")
    expect(selected(page)).to_have_count(0)
    expect(page.get_by_label("Elsewhere")).to_have_value("jbfk")
    page.get_by_label("Elsewhere").blur()
    page.keyboard.press("ArrowRight")
    expect(selected(page)).to_have_count(0)
    page.keyboard.press("b")
    expect(selected(page)).to_have_text("3")
    page.keyboard.press("?")
    expect(page.locator(".rs-timeline .keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".rs-timeline .keys")).to_be_hidden()


def test_letter_keys_are_turned_off_for_the_browser_and_on_again(show):
    """WCAG 2.1.4: a voice that says "job" must not press j."""
    page = show("failures")
    page.locator(".rs-timeline").focus()
    page.keyboard.press("b")
    expect(selected(page)).to_have_text("3")
    page.get_by_role("button", name="Keys", exact=True).click()
    page.get_by_role("switch", name="Letter keys: on").click()
    switch = page.get_by_role("switch", name="Letter keys: off")
    expect(switch).not_to_be_checked()
    page.keyboard.press("Escape")
    page.locator(".rs-timeline").focus()
    page.keyboard.press("k")
    page.keyboard.press("ArrowRight")
    expect(selected(page)).to_have_text("4")  # and not 3: k did nothing
    page.get_by_role("button", name="Keys", exact=True).click()
    switch.click()
    expect(page.get_by_role("switch", name="Letter keys: on")).to_be_checked()
    page.keyboard.press("k")
    expect(selected(page)).to_have_text("3")


def test_keys_work_while_the_timeline_has_the_focus(show):
    page = show("failures")
    page.locator(".rs-timeline").focus()
    for key, attempt in [
        ("j", "1"),
        ("b", "3"),
        ("j", "4"),
        ("k", "3"),
        ("f", "2"),
        ("ArrowRight", "3"),
        ("ArrowLeft", "2"),
    ]:
        page.keyboard.press(key)
        expect(selected(page)).to_have_text(attempt)
    page.keyboard.press("Control+b")
    expect(selected(page)).to_have_text("2")


@pytest.mark.fault(33)
@pytest.mark.parametrize(
    ("clicked", "key", "attempt"), [(2, "j", "3"), (5, "k", "4"), (1, "f", "2"), (6, "b", "3")]
)
def test_keys_work_after_a_click_on_the_chart(show, clicked, key, attempt):
    page = show("failures")
    page.get_by_label("Show").focus()
    page.mouse.click(*middle_of(page, clicked))
    expect(selected(page)).to_have_text(str(clicked))
    page.keyboard.press(key)
    expect(selected(page)).to_have_text(attempt)


@pytest.mark.fault(33)
def test_keys_work_after_a_press_beside_the_marks_and_after_a_brush(show):
    page = show("forty")
    box = chart(page).bounding_box()
    page.mouse.click(box["x"] + 5, box["y"] + 5)
    page.keyboard.press("j")
    expect(selected(page)).to_have_text("1")
    page.get_by_label("Show").focus()
    brush(page, 10, 20)
    page.keyboard.press("j")
    expect(selected(page)).to_have_text("2")


def test_the_focus_can_be_seen(show):
    page = show("two stages")
    page.locator(".rs-timeline").focus()
    page.keyboard.press("j")
    assert page.locator(".rs-timeline").evaluate("e => getComputedStyle(e).boxShadow") != "none"


# ---- a range of attempts


def brush(page: Page, first: int, last: int) -> None:
    """Drag from one column of the matrix to another."""
    (x, y), (to, _) = middle_of(page, first), middle_of(page, last)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move((x + to) / 2, y)
    page.mouse.move(to, y)
    page.mouse.up()


def chosen(page: Page) -> list[int] | None:
    """The first and last attempt of the range, as it is drawn."""
    return chart(page).evaluate(
        """e => {
          const range = e.querySelector('.range')?.getBoundingClientRect();
          if (!range) return null;
          const cells = [...e.querySelectorAll('.numbers text')].map((n) => {
            const box = n.getBoundingClientRect();
            return [Number(n.textContent), box.x + box.width / 2];
          });
          const [[a, ax], [b, bx]] = [cells[1], cells.at(-1)];
          const width = (bx - ax) / (b - a);
          return [range.x, range.right].map((x, i) => Math.round(a + (x - ax) / width + (i ? -0.5 : 0.5)));
        }"""
    )


def test_dragging_over_the_matrix_chooses_a_range_and_selects_nothing(show):
    page = show("hundred")
    brush(page, 40, 60)
    assert chosen(page) == [40, 60]
    expect(page.locator(".rs-timeline [role=status]")).to_have_text("Attempts 40 to 60 chosen")
    expect(selected(page)).to_have_count(0)
    brush(page, 80, 70)
    assert chosen(page) == [70, 80], "backwards, too"
    page.mouse.click(*middle_of(page, 90))
    expect(page.get_by_text("Selected: 89")).to_be_visible()
    assert band(page) == [90]
    assert chosen(page) == [70, 80], "a click selects, and leaves the range"


def test_shift_and_the_arrows_choose_a_range_and_escape_lets_go(show):
    page = show("hundred")
    page.mouse.click(*middle_of(page, 50))
    expect(selected(page)).to_have_text("50")
    assert band(page) == [50]
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    assert chosen(page) == [50, 53]
    for _ in range(5):
        page.keyboard.press("Shift+ArrowLeft")
    assert chosen(page) == [48, 50]
    assert band(page) == [50]
    page.keyboard.press("Escape")
    assert chosen(page) is None


def test_a_range_outlasts_attempts_that_arrive(show):
    page = show("live matrix")
    brush(page, 10, 20)
    page.get_by_role("button", name="Grow").click()
    expect(page.get_by_role("button", name="All (4)")).to_be_visible()
    assert chosen(page) == [10, 20]


def test_with_few_attempts_there_is_no_range_to_drag(show):
    page = show("two stages")
    brush(page, 1, 3)
    assert chosen(page) is None
    expect(selected(page)).to_have_text("3")


# ---- wall time


def test_a_switch_turns_to_wall_time_and_back(show):
    """Plotly draws the run on the clock in the same place; a press on a bar selects its attempt."""
    page = show("two stages")
    page.mouse.click(*middle_of(page, 2))
    expect(selected(page)).to_have_text("2")
    before = chart(page).bounding_box()
    switch = page.get_by_role("button", name="Wall time")
    expect(switch).to_have_attribute("aria-pressed", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    clock = page.locator(".rs-timeline .wall-time")
    bars = clock.locator(".barlayer .point path")
    expect(bars).to_have_count(8 + 3)
    after = clock.bounding_box()
    assert [after[k] for k in ("x", "y", "height")] == [before[k] for k in ("x", "y", "height")]
    expect(clock.get_by_text("0 s", exact=True)).to_be_visible()
    box = bars.nth(4).bounding_box()  # the third attempt's first call
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(selected(page)).to_have_text("3")
    page.keyboard.press("k")
    tint = "e => e.layout.shapes.filter((s) => s.name === 'selected').map((s) => [s.x0, s.x1])"
    spans = "e => e.layout.meta.spans"
    graph = clock.locator(".js-plotly-plot")
    page.wait_for_function(
        "(e) => e.layout.shapes.find((s) => s.name === 'selected').x0 === e.layout.meta.spans[1][1]",
        arg=graph.element_handle(),
    )
    assert graph.evaluate(tint) == [graph.evaluate(spans)[1][1:]] * 2
    page.keyboard.press("j")
    expect(selected(page)).to_have_text("3")
    switch.click()
    expect(chart(page).get_by_text("temperature", exact=True)).to_be_visible()
    assert band(page) == [3]


def test_a_matrix_has_a_wall_time_too(show):
    page = show("hundred")
    page.get_by_role("button", name="Wall time").click()
    expect(page.locator(".rs-timeline .wall-time .barlayer .point path").first).to_be_visible()


# ---- the ledger


def test_the_ledger_is_a_table_with_names_for_rows_and_columns(show):
    page = show("two stages")
    table = page.get_by_role("table", name="Ledger: every attempt of the run")
    expect(table.get_by_role("columnheader")).to_have_text(
        [
            "#",
            "temperature",
            "reward",
            "change",
            "hint for",
            "what changed in the output",
            "time (s)",
            "tokens",
            "cost ($)",
        ]
    )
    assert table.locator("thead th").evaluate_all("es => es.every((e) => e.scope === 'col')")
    assert table.locator("tbody th").evaluate_all("es => es.every((e) => e.scope === 'row')")
    rewards = table.locator("tbody td.reward")
    expect(rewards).to_have_text(["0.20", "0.60", "0.62", "0.91"])
    assert rewards.first.evaluate("e => getComputedStyle(e).textAlign") == "right"


@pytest.mark.parametrize("name", ["failures", "long words", "thirty"])
def test_beside_a_form_the_ledger_needs_no_scrolling(show, name):
    """The Lab's right column is some 720 px wide."""
    page = show(name, size=(745, 900))
    expect(page.get_by_role("columnheader", name="temp.")).to_be_visible()
    inner, outer = page.locator(".rs-timeline .ledger").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert 690 < outer < 740
    assert inner <= outer


def test_before_the_first_attempt_it_says_what_is_to_come(show):
    page = show("nothing yet")
    expect(page.get_by_text("No attempt has begun yet.")).to_be_visible()
    expect(page.get_by_role("table")).to_have_count(0)
    for name in ("Previous", "Next", "Best", "First failure"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_disabled()


def test_a_run_that_was_left_does_not_seem_to_go_on(show):
    page = show("left")
    expect(rows(page).nth(3)).to_contain_text("cut off")
    expect(rows(page).nth(3).locator("td.time")).to_have_text("—")
    expect(page.get_by_role("img", name=re.compile("The run was interrupted"))).to_be_visible()


def test_seconds_go_by_on_the_row_that_runs(show):
    page = show("running")
    cell = rows(page).nth(3).locator("td.time")
    expect(rows(page).nth(3)).to_contain_text("running…")
    first = cell.inner_text()
    assert re.fullmatch(r"\d+…", first)
    expect(cell).not_to_have_text(first, timeout=5_000)


# ---- text, theme and room


def test_markup_from_a_model_is_shown_as_text(show):
    page = show("hostile")
    expect(rows(page).first).to_contain_text("<img src=x onerror=")
    page.mouse.move(*middle_of(page, 1))
    expect(page.locator(".rs-timeline .place > .tip")).to_contain_text("<img src=x onerror=")
    expect(page.locator(".rs-timeline .place > .tip")).to_contain_text("&lt;i&gt")
    assert page.locator(".rs-timeline :is(img, u, i, .tip b b)").count() == 0
    assert page.locator(".rs-timeline a").count() == 0
    assert page.evaluate("window.hurt") is None
    expect(page.locator(".rs-timeline .chart")).to_contain_text("<b>draft</b>")


def test_the_chart_says_in_words_what_it_shows(show):
    page = show("two stages")
    expect(page.get_by_role("img", name=re.compile("Attempt 4 was returned"))).to_be_visible()


def test_pointing_at_a_column_or_a_strip_tells_what_it_is(show):
    """There is no legend: what a mark means is said where one points, and in the alternative text."""
    page = show("failures")
    tip = page.locator(".rs-timeline .place > .tip")
    expect(page.locator(".rs-timeline .key")).to_have_count(0)
    page.mouse.move(*middle_of(page, 3))
    expect(tip).to_contain_text("Attempt 3 · best")
    page.mouse.move(*middle_of(page, 2))
    expect(tip).to_contain_text("Attempt 2 · failed")
    x, _ = middle_of(page, 3)
    page.mouse.move(x, layer(page, "answer").locator("rect").first.bounding_box()["y"])
    expect(tip).to_contain_text("answer, attempt 3")
    expect(tip).to_contain_text("retried 2")
    page.mouse.move(x, layer(page, "advice").locator("circle").first.bounding_box()["y"] + 5)
    expect(tip).to_contain_text("Advice after attempt 3 failed")
    page.mouse.move(1, 1)
    expect(tip).to_be_hidden()


def test_the_chart_follows_a_change_of_theme(show):
    page = show("two stages")
    ink = "e => getComputedStyle(e.querySelector('.numbers text')).fill"
    before = chart(page).evaluate(ink)
    chart(page).evaluate("e => { e.querySelector('.layer').mine = true; }")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "(was) => getComputedStyle(document.querySelector('.rs-timeline .chart .numbers text')).fill !== was",
        arg=before,
    )
    assert chart(page).evaluate("e => e.querySelector('.layer').mine"), "not drawn anew"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "width"), [("hundred", 1280), ("five hundred", 1280), ("forty", 390), ("twelve", 390)]
)
def test_nothing_is_cut_off_at_the_edges_of_the_chart(show, name, width, scheme):
    """The mark of the last column least of all."""
    page = show(name, size=(width, 900), scheme=scheme)
    outside = chart(page).evaluate(
        """e => {
          const box = e.querySelector('svg').getBoundingClientRect();
          const all = [...e.querySelectorAll('.body *')].filter((one) => !one.childElementCount);
          const shown = all.map((one) => [one, one.getBoundingClientRect()]).filter(([, b]) => b.width || b.height);
          return shown.filter(([, b]) => b.x < box.x - 1 || b.right > box.right + 1 || b.y < box.y - 1 || b.bottom > box.bottom + 1)
            .map(([one]) => one.outerHTML);
        }"""
    )
    assert outside == []


def test_the_pending_ring_of_the_last_of_many_attempts_is_whole(show):
    page = show("last of many")
    ring, box = layer(page, "running").locator("circle").bounding_box(), chart(page).bounding_box()
    assert ring["width"] >= 9
    assert ring["x"] + ring["width"] <= box["x"] + box["width"]


@pytest.mark.parametrize("name", ["two stages", "failures", "forty", "hostile", "long words", "nothing yet"])
def test_on_a_phone_nothing_scrolls_sideways_and_the_ledger_is_still_a_table(show, name):
    page = show(name, size=(390, 844))
    wide = page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]")
    assert max(wide) == 390
    inner = page.locator(".rs-timeline").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert inner[0] <= inner[1]
    box = chart(page).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    ledger = page.locator(".rs-timeline .ledger")
    assert ledger.evaluate("e => e.scrollWidth <= e.clientWidth")
    if name != "nothing yet":
        table = page.get_by_role("table", name="Ledger")
        assert table.get_by_role("columnheader").count() == 9
        assert table.get_by_role("rowheader").count() * 8 == table.get_by_role("cell").count() > 0


def test_the_chart_is_laid_out_anew_when_the_window_narrows(show):
    page = show("two stages")
    assert page.get_by_text("temperature", exact=True).first.is_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(chart(page).get_by_text("temp.", exact=True)).to_be_visible()
    assert float(chart(page).locator("svg").first.get_attribute("width")) < 390
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(chart(page).get_by_text("temperature", exact=True)).to_be_visible()


def test_columns_too_narrow_for_bars_become_a_matrix(show):
    page = show("thirty")
    expect(layer(page, "hints")).to_have_count(1)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(layer(page, "time")).to_have_count(1)
    expect(layer(page, "hints")).to_have_count(0)
    expect(chart(page).get_by_text("new hint")).to_be_visible()


def test_arrows_land_in_the_stage_that_got_the_hint(show):
    """By what is on the screen: the tip of each is at the height of a bar of that stage, left of it, in the next column."""
    page = show("two stages")
    tips = layer(page, "hints").locator(".head")
    bars = {name: layer(page, name).locator("rect") for name in ("draft", "answer")}
    landed = []
    for i in range(tips.count()):
        box = tips.nth(i).bounding_box()
        for name, all_bars in bars.items():
            for k in range(4):
                bar = all_bars.nth(k).bounding_box()
                gap = bar["x"] - (box["x"] + box["width"])
                if abs(box["y"] + box["height"] / 2 - bar["y"] - bar["height"] / 2) < 1 and -1 < gap < 5:
                    landed.append((name, k + 1))
    assert landed == [("draft", 2), ("answer", 2), ("draft", 3), ("answer", 4)]


def test_seconds_go_by_beside_the_call_that_is_under_way(show):
    page = show("running")
    shown = layer(page, "durations of answer").locator("text").last
    expect(shown).to_have_text(re.compile(r"^\d+ min$"), timeout=5_000)  # the log is of 2023
    began = page.evaluate("Date.now() / 1000 - 57")
    shown.evaluate("(e, began) => { e.dataset.since = began; }", began)
    for words in ("58 s", "59 s", "60 s"):
        expect(shown).to_have_text(words, timeout=5_000)
    left = layer(show("left"), "durations of answer").locator("text").last
    expect(left).to_have_text("…")


def test_in_narrow_columns_values_stand_above_their_marks_and_do_not_touch(show):
    page = show("two stages", size=(390, 844))
    boxes = [
        b for b in (layer(page, "reward values").locator("text").nth(i).bounding_box() for i in range(4)) if b
    ]
    assert len(boxes) == 4
    assert all(a["x"] + a["width"] < b["x"] for a, b in pairwise(boxes))
    mark = layer(page, "reward").locator("circle").first.bounding_box()
    assert boxes[0]["y"] + boxes[0]["height"] / 2 <= mark["y"] - 6


CONTRASTS = """() => {
  const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (colour) => {
    pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (c) => c.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => {
    const [low, high] = [luminance(rgb(a)), luminance(rgb(b))].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const root = document.querySelector('.rs-timeline');
  const ground = getComputedStyle(document.querySelector('.stApp')).backgroundColor;
  const found = {};
  for (const e of root.querySelectorAll('.chart text, .tip *, .steps span, td, th, .note, button:not(:disabled)')) {
    const style = getComputedStyle(e);
    const selected = e.closest('tr[aria-selected=true]');
    const on = selected ? getComputedStyle(selected.querySelector('td')).backgroundColor : ground;
    if (e.textContent.trim()) found[`${e.textContent.trim().slice(0, 20)} ${e.tagName}`] =
      contrast(e.closest('.chart') ? style.fill : style.color, on);
  }
  for (const name of ['scored', 'best', 'failed', 'hint', 'muted']) {
    const probe = root.appendChild(document.createElement('i'));
    probe.style.color = `var(--${name})`;
    found[`mark ${name}`] = 1.5 * contrast(getComputedStyle(probe).color, ground);  // a mark needs 3, a text 4.5
    probe.remove();
  }
  return Object.entries(found).filter(([, value]) => value < 4.5);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_and_marks_have_contrast(show, scheme):
    page = show("failures", scheme=scheme)
    rows(page).nth(1).get_by_role("button").click()
    expect(selected(page)).to_have_text("2")
    page.mouse.move(5, 5)
    assert page.evaluate(CONTRASTS) == []


def test_every_scenario_draws_without_a_word_in_the_console(show, stage):
    said: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(message.text)

    stage.on("console", note)
    for name in logs.SCENARIOS:
        show(name)
    stage.remove_listener("console", note)
    assert said == []
