"""The timeline in a real browser: it is one chart that stays, and it can be worked without a mouse or a chart at all."""

import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, Route, expect

from tests import logs

APP = Path(__file__).parent / "apps" / "timeline_app.py"

VISITS = count(1)

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def stage(chromium: Browser, serve: Callable[[Path], str]) -> Iterator[Page]:
    """One page for most tests: to open Streamlit anew for each would take most of their time."""
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(serve(APP))
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
    page.locator(".rs-timeline .chart .scatterlayer .trace").first.wait_for(state="attached")


def chart(page: Page) -> Locator:
    return page.locator(".rs-timeline .chart")


def rows(page: Page) -> Locator:
    return page.locator(".rs-timeline tbody tr")


def selected(page: Page) -> Locator:
    return page.locator('.rs-timeline tbody tr[aria-selected="true"] th button')


def band(page: Page) -> list[float]:
    """Where the mark of the selected column lies on the axis of attempts."""
    return chart(page).evaluate(
        "e => e.layout.shapes.filter((s) => s.name === 'selected' && s.type === 'rect').map((s) => (s.x0 + s.x1) / 2)"
    )


def zoom(page: Page) -> list[float]:
    return chart(page).evaluate("e => e._fullLayout.xaxis.range.map((v) => Math.round(v * 100) / 100)")


def polled(page: Page, times: int = 2) -> None:
    """Wait until the script has run some more times."""
    seen = int(page.get_by_text(re.compile(r"^Polls: ")).inner_text().split()[1])
    page.wait_for_function(
        "(least) => [...document.querySelectorAll('[data-testid=stText]')]"
        ".some((e) => Number(e.innerText.match(/^Polls: (\\d+)/)?.[1]) >= least)",
        arg=seen + times,
    )


def middle_of(page: Page, attempt: int) -> tuple[float, float]:
    """Where on the screen the middle of a column lies, away from every mark."""
    x, y = chart(page).evaluate(
        "(e, x) => { const a = e._fullLayout, r = e.getBoundingClientRect();"
        " return [r.left + a.xaxis._offset + a.xaxis.l2p(x), r.top + a.yaxis._offset + a.yaxis._length - 12]; }",
        attempt,
    )
    return x, y


# ---- one chart that stays


def test_attempts_arrive_on_the_same_node_and_zoom_and_selection_stay(show):
    page = show("live")
    chart(page).evaluate("e => { e.mine = true; e.querySelector('.main-svg').mine = true; }")
    rows(page).nth(1).get_by_role("button").click()
    chart(page).evaluate("e => Plotly.relayout(e, {'xaxis.range': [0.5, 4.5]})")
    for more in (4, 5):
        page.get_by_role("button", name="Grow").click()
        expect(rows(page)).to_have_count(more)
        page.wait_for_function(
            "(n) => document.querySelector('.rs-timeline .chart').data.find((t) => t.name === 'reward').x.length === n",
            arg=more - 1,
        )
    assert chart(page).evaluate("e => [e.mine, e.querySelector('.main-svg').mine]") == [True, True]
    assert zoom(page) == [0.5, 4.5]
    expect(selected(page)).to_have_text("2")
    assert band(page) == [2]


def test_no_frame_is_blank_while_attempts_arrive(show):
    page = show("live")
    chart(page).evaluate(
        """e => {
          window.blank = 0;
          const look = () => {
            if (!e.isConnected || !e.querySelector('.scatterlayer path.point')) window.blank += 1;
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
    """Polls bring the same data, and a selection is a shape on the chart that there is."""
    page = show("live")
    page.evaluate(
        "() => { const react = Plotly.react; window.draws = 0;"
        " Plotly.react = (...all) => { window.draws += 1; return react(...all); }; }"
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
    page.wait_for_timeout(300)
    expect(selected(page)).to_have_count(0)


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


def test_keys_work_while_the_timeline_has_the_focus_and_only_then(show):
    page = show("failures")
    page.get_by_label("Elsewhere").fill("")
    page.get_by_label("Elsewhere").press_sequentially("jbfk")
    page.get_by_label("Elsewhere").blur()
    page.keyboard.press("j")
    expect(selected(page)).to_have_count(0)
    expect(page.get_by_label("Elsewhere")).to_have_value("jbfk")
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


def click_column(page: Page, attempt: int) -> None:
    """Press the mouse where that attempt's column is, in the panel of rewards."""
    x, y = chart(page).evaluate(
        """(e, x) => {
          const box = e.getBoundingClientRect(), {xaxis, yaxis} = e._fullLayout;
          return [box.x + xaxis._offset + xaxis.d2p(x), box.y + yaxis._offset + yaxis._length / 2];
        }""",
        attempt,
    )
    page.mouse.click(x, y)


@pytest.mark.fault(33)
@pytest.mark.parametrize(
    ("clicked", "key", "attempt"), [(2, "j", "3"), (5, "k", "4"), (1, "f", "2"), (6, "b", "3")]
)
def test_keys_work_after_a_click_on_the_chart(show, clicked, key, attempt):
    page = show("failures")
    page.get_by_label("Show").focus()
    click_column(page, clicked)
    expect(selected(page)).to_have_text(str(clicked))
    page.keyboard.press(key)
    expect(selected(page)).to_have_text(attempt)


@pytest.mark.fault(33)
def test_keys_work_after_a_press_beside_the_marks_and_after_a_zoom(show):
    page = show("twelve")
    chart(page).scroll_into_view_if_needed()
    box = chart(page).bounding_box()
    page.mouse.click(box["x"] + 5, box["y"] + 5)
    page.keyboard.press("j")
    expect(selected(page)).to_have_text("1")
    page.get_by_label("Show").focus()
    box = chart(page).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 150, steps=5)
    page.mouse.up()
    expect(page.get_by_role("button", name="Show all attempts")).to_be_visible()
    page.keyboard.press("j")
    expect(selected(page)).to_have_text("2")


def test_the_focus_can_be_seen(show):
    page = show("two stages")
    page.locator(".rs-timeline").focus()
    page.keyboard.press("j")
    assert page.locator(".rs-timeline").evaluate("e => getComputedStyle(e).boxShadow") != "none"


def test_stepping_out_of_a_zoomed_view_moves_it_along(show):
    page = show("twelve")
    chart(page).evaluate("e => Plotly.relayout(e, {'xaxis.range': [0.5, 4.5]})")
    rows(page).nth(8).get_by_role("button").click()
    expect(selected(page)).to_have_text("9")
    page.wait_for_function("document.querySelector('.rs-timeline .chart')._fullLayout.xaxis.range[0] > 4")
    low, high = zoom(page)
    assert high - low == pytest.approx(4)
    assert low < 9 < high
    page.get_by_role("button", name="Show all attempts").click()
    page.wait_for_function("document.querySelector('.rs-timeline .chart')._fullLayout.xaxis.range[0] === 0.5")
    assert zoom(page) == [0.5, 12.5]


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


def test_the_ledger_is_there_before_the_library_and_works_without_it(page, serve):
    """And the chart's place says what is amiss."""
    held: list[Route] = []
    page.route("**/plotly.min.js?*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright wants a function of Python's
    page.goto(serve(APP))
    expect(rows(page)).to_have_count(4)
    expect(page.get_by_text("Drawing the chart")).to_be_visible()
    held[0].abort()
    expect(page.get_by_text("The chart could not be drawn: its library did not load.")).to_be_visible()
    rows(page).nth(1).get_by_role("button").click()
    expect(page.get_by_text("Selected: 1")).to_be_visible()
    page.locator(".rs-timeline").press("j")
    expect(selected(page)).to_have_text("3")


def test_a_library_that_came_late_is_drawn_with(page, serve):
    """One that failed to load is asked for again with the next news."""
    page.route("**/plotly.min.js?*", lambda route: route.abort(), times=1)
    page.goto(serve(APP))
    expect(page.get_by_text("The chart could not be drawn")).to_be_visible()
    rows(page).nth(1).get_by_role("button").click()
    drawn(page)
    expect(page.get_by_text("The chart could not be drawn")).to_be_hidden()
    assert band(page) == [2]


def test_a_module_that_failed_to_load_is_fetched_again(page, serve):
    """Under an address of its own, with all that it imports: a browser remembers what it could not import."""
    page.route("**/lib/timeline/*/chart.js", lambda route: route.abort(), times=1)
    page.goto(serve(APP))
    drawn(page)


# ---- text, theme and room


def test_markup_from_a_model_is_shown_as_text(show):
    page = show("hostile")
    expect(rows(page).first).to_contain_text("<img src=x onerror=")
    page.mouse.move(*middle_of(page, 1))
    expect(page.locator(".rs-timeline .hoverlayer")).to_contain_text("<img src=x")
    assert page.locator(".rs-timeline :is(img, b, u, i)").count() == 0
    assert page.locator(".rs-timeline a").count() == 0
    assert page.evaluate("window.hurt") is None
    expect(page.locator(".rs-timeline .chart")).to_contain_text("<b>draft</b>")


def test_the_chart_says_in_words_what_it_shows(show):
    page = show("two stages")
    expect(page.get_by_role("img", name=re.compile("Attempt 4 was returned"))).to_be_visible()


def test_the_chart_follows_a_change_of_theme(show):
    page = show("two stages")
    ink = "e => [e._fullLayout.font.color, getComputedStyle(e.closest('.rs-timeline')).color]"
    before = chart(page).evaluate(ink)
    chart(page).evaluate("e => { e.mine = true; }")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "(was) => document.querySelector('.rs-timeline .chart')._fullLayout.font.color !== was", arg=before[0]
    )
    assert chart(page).evaluate(ink)[1] != before[1]
    assert chart(page).evaluate("e => e.mine")


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
    page.wait_for_function("document.querySelector('.rs-timeline .chart')._fullLayout.width < 390")
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(chart(page).get_by_text("temperature", exact=True)).to_be_visible()


def visible(page: Page) -> set[str]:
    """Names of the traces that are drawn."""
    return set(
        chart(page).evaluate(
            "e => e.data.filter((t) => t.visible !== false && t.x.length).map((t) => t.name)"
        )
    )


def test_narrow_columns_turn_the_strips_into_a_matrix_and_the_key_says_so(show):
    page = show("twelve")
    key = page.locator(".rs-timeline .key")
    assert {"hints", "tracks", "reward values"} <= visible(page)
    expect(key.get_by_text("stronger colour")).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(key.get_by_text("stronger colour")).to_be_visible()
    page.wait_for_function("document.querySelector('.rs-timeline .chart')._fullLayout.width < 390")
    assert {"cells", "hints in cells"} <= visible(page)
    assert not {"hints", "durations", "reward values", "tracks", "draft"} & visible(page)


def test_the_key_explains_what_only_some_runs_have(show):
    key = show("failures").locator(".rs-timeline .key")
    expect(key.get_by_text("retried")).to_be_visible()
    expect(key.get_by_text("cut off")).to_be_hidden()
    key = show("cancelled").locator(".rs-timeline .key")
    expect(key.get_by_text("retried")).to_be_hidden()
    expect(key.get_by_text("cut off")).to_be_visible()


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
  for (const e of root.querySelectorAll('.chart text, .key li, .steps span, td, th, .note, button:not(:disabled)')) {
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
