"""The code editor in a real browser: nothing typed is lost, nobody is trapped, everybody can read it."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Locator, Page, WebSocket, expect

APP = Path(__file__).parent / "apps" / "editor_app.py"
STRICT_CSP = (
    "default-src 'self'; script-src 'self' blob: 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self' blob: data:"
)
UNDER_POLICY = """
new MutationObserver((_, watcher) => {
  if (!document.head) return;
  watcher.disconnect();
  const meta = document.createElement('meta');
  Object.assign(meta, { httpEquiv: 'Content-Security-Policy', content: policy });
  document.head.prepend(meta);
}).observe(document, { childList: true, subtree: true });
"""
DRAW = """() => new Promise((done) => {
  const image = new Image();
  image.onload = () => done('drawn');
  image.onerror = () => done('refused');
  image.src = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>';
})"""
AA = 4.5
LINE_PX = 19.5
MESSAGE_BYTES = 10_000  # more than any message of the page has, and far less than the editor's code
CLICK_MS = 90  # as long as a person's

# The contrast of each kind of text in the editors against whatever it can stand on: the page, the active line, a
# selection, a find. A canvas turns any CSS colour into numbers.
CONTRASTS = """() => {
  const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (colour) => {
    pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour) => rgb(colour).slice(0, 3)
    .map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };
  const shadow = [...document.querySelectorAll('*')].map((e) => e.shadowRoot).find((r) => r?.querySelector('.editor'));
  const host = shadow.querySelector('.editor');
  const probe = host.appendChild(document.createElement('i'));
  const paint = (value) => { probe.style.backgroundColor = value; return getComputedStyle(probe).backgroundColor; };
  const grounds = ['--st-background-color', '--line', '--selection', '--found'].map((name) => paint(`var(${name})`));
  const inks = {};
  for (const part of shadow.querySelectorAll('.cm-line, .cm-line span, .cm-gutterElement, .label, .hint')) {
    if (part.textContent.trim()) inks[getComputedStyle(part).color] = part.textContent.trim();
  }
  inks[paint('var(--error)')] = 'error';
  probe.remove();
  return Object.entries(inks).flatMap(([ink, text]) => grounds.map((ground) => [contrast(ink, ground), text, ground]));
}"""


@pytest.fixture
def app(page: Page, visit: Callable[[Path], Page]) -> Page:
    """Open the page with its three editors."""
    visit(APP)
    expect(_editor(page)).to_be_visible()
    return page


def _editor(page: Page, label: str = "Reward") -> Locator:
    return page.get_by_role("textbox", name=label, exact=True)


def _clear_and_type(page: Page, text: str, label: str = "Reward") -> None:
    _editor(page, label).click()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def _to_second_page(page: Page) -> None:
    """Press the link, and again if need be.

    Streamlit sends what a widget tells in the browser's next free moment. That may be after the switch of pages, and as
    it is told by the first page, it undoes the switch.
    """
    for _ in range(3):
        page.get_by_role("link", name="Second").click(delay=CLICK_MS)
        try:
            return expect(page.get_by_text("Second page")).to_be_visible()
        except AssertionError:
            continue
    raise AssertionError("three presses did not open the second page")


def _knows(page: Page, text: str, who: str = "Known") -> None:
    """Python's own idea of the text, as the page prints it."""
    expect(page.get_by_text(f"{who}: {text!r}", exact=True)).to_be_visible()


def test_a_button_pressed_right_after_typing_sees_the_text(app: Page):
    _clear_and_type(app, "fresh = 1")
    app.get_by_role("button", name="Read").click()
    _knows(app, "fresh = 1", "Read")


def test_a_click_without_a_pointer_sees_the_text_too(app: Page):
    """As a screen reader or voice control sends it: nothing loses the focus."""
    _clear_and_type(app, "fresh = 2")
    app.get_by_role("button", name="Read").evaluate("button => button.click()")
    _knows(app, "fresh = 2", "Read")


def test_text_reaches_python_without_leaving_the_editor(app: Page):
    _clear_and_type(app, "alone = 1")
    _knows(app, "alone = 1")


def test_each_editor_keeps_its_own_text(app: Page):
    _clear_and_type(app, "one")
    _clear_and_type(app, "two", "Notes")
    app.get_by_role("button", name="Read").click()
    _knows(app, "one", "Read")
    _knows(app, "two", "Other")


def test_control_enter_runs_once_with_the_text(app: Page):
    _clear_and_type(app, "run = 1")
    app.keyboard.press("Control+Enter")
    expect(app.get_by_text("Runs: 1", exact=True)).to_be_visible()
    _knows(app, "run = 1")
    app.keyboard.type("2")
    _knows(app, "run = 12")
    expect(app.get_by_text("Runs: 1", exact=True)).to_be_visible()


def test_a_problem_is_marked_at_its_line_with_its_message(app: Page):
    _clear_and_type(app, "fine = 1\nx = oops + 1\nfine = 2")
    underlined = app.locator(".cm-lintRange-error")
    expect(underlined).to_have_text("oops")
    expect(app.locator(".cm-line").nth(1).locator(".cm-lintRange-error")).to_have_count(1)
    mark, line = app.locator(".cm-lint-marker-error").bounding_box(), underlined.bounding_box()
    assert mark is not None
    assert line is not None
    assert abs((mark["y"] + mark["height"] / 2) - (line["y"] + line["height"] / 2)) < 8
    expect(_editor(app)).to_have_accessible_description(re.compile("Line 2: expected ':'"))
    underlined.hover()
    expect(app.locator(".cm-tooltip")).to_have_text("expected ':'")


def test_a_fixed_problem_loses_its_mark(app: Page):
    _clear_and_type(app, "oops")
    expect(app.locator(".cm-lintRange-error")).to_have_count(1)
    _clear_and_type(app, "fixed")
    expect(app.locator(".cm-lintRange-error")).to_have_count(0)
    expect(app.locator(".cm-lint-marker-error")).to_have_count(0)


def test_focus_cursor_and_undo_survive_a_rerun(app: Page):
    _clear_and_type(app, "ad")
    app.keyboard.press("ArrowLeft")
    _knows(app, "ad")
    app.keyboard.type("b")
    _knows(app, "abd")
    app.keyboard.type("c")
    _knows(app, "abcd")
    expect(_editor(app)).to_be_focused()
    for _ in range(4):
        app.keyboard.press("Control+z")
    app.keyboard.press("Control+Home")
    expect(app.locator(".cm-line").first).to_have_text('"""Score an answer."""')


def test_scroll_survives_a_rerun(app: Page):
    _editor(app).click()
    app.keyboard.press("Control+End")
    scroller = app.locator(".cm-scroller").first
    before = scroller.evaluate("e => e.scrollTop")
    app.keyboard.type("x")
    expect(app.get_by_text(re.compile("Known: .*x'$"))).to_be_visible()
    assert before > 0
    assert scroller.evaluate("e => e.scrollTop") >= before


def test_a_new_rev_replaces_the_text_and_one_undo_brings_it_back(app: Page):
    _clear_and_type(app, "mine")
    app.get_by_role("button", name="Load example").click()
    expect(_editor(app)).to_have_text("example = 1")
    _knows(app, "example = 1\n")
    _editor(app).click()
    app.keyboard.press("Control+z")
    expect(_editor(app)).to_have_text("mine")
    _knows(app, "mine")


def test_text_survives_a_switch_of_pages_at_once(app: Page):
    _clear_and_type(app, "kept")
    _to_second_page(app)
    app.get_by_role("link", name="First").click()
    expect(_editor(app)).to_have_text("kept")
    _knows(app, "kept")


def test_text_survives_a_switch_of_pages_while_the_app_is_busy(app: Page):
    """Streamlit stops the thread that the text was given to before it begins, to show the other page."""
    app.get_by_role("button", name="Be busy").click()
    _clear_and_type(app, "kept")
    _to_second_page(app)
    app.get_by_role("link", name="First").click()
    expect(_editor(app)).to_have_text("kept")
    _knows(app, "kept")


def test_text_survives_going_back_at_once(app: Page):
    """Nothing is pressed on the page, so nothing tells the editor to hurry."""
    app.get_by_role("link", name="Second").click()
    app.get_by_role("link", name="First").click()
    _clear_and_type(app, "kept")
    app.go_back()
    expect(app.get_by_text("Second page")).to_be_visible()
    app.go_forward()
    expect(_editor(app)).to_have_text("kept")
    _knows(app, "kept")


def test_what_python_replaced_does_not_come_back(app: Page):
    _clear_and_type(app, "mine")
    app.get_by_role("button", name="Load example").click()
    expect(_editor(app)).to_have_text("example = 1")
    _to_second_page(app)
    app.get_by_role("link", name="First").click()
    expect(_editor(app)).to_have_text("example = 1")
    _knows(app, "example = 1\n")


def test_tab_indents_by_four_spaces(app: Page):
    _clear_and_type(app, "x")
    app.keyboard.press("Tab")
    _knows(app, "    x")


def test_escape_then_tab_leaves_and_typing_makes_tab_indent_again(app: Page):
    _clear_and_type(app, "x")
    expect(_editor(app)).to_have_accessible_description(re.compile("Escape, then Tab, leaves"))
    app.keyboard.press("Escape")
    app.keyboard.press("Tab")
    expect(app.get_by_role("button", name="Read")).to_be_focused()
    app.keyboard.press("Shift+Tab")
    expect(_editor(app)).to_be_focused()
    app.keyboard.press("Tab")
    _knows(app, "    x")


def test_a_letter_typed_is_not_a_shortcut_of_the_page(app: Page):
    """Streamlit takes a lone "c" or "r" for an order to the app."""
    _clear_and_type(app, "c")
    app.keyboard.type("r")
    _knows(app, "cr")
    expect(app.get_by_role("dialog")).to_have_count(0)


def test_a_read_only_text_can_be_reached_but_not_changed(app: Page):
    _editor(app, "Fixed").click()
    app.keyboard.type("no")
    app.get_by_role("button", name="Read").click()
    _knows(app, "fixed = 1", "Fixed")
    expect(_editor(app, "Fixed")).to_have_attribute("aria-readonly", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_is_readable(page: Page, visit: Callable[[Path], Page], scheme: str):
    page.emulate_media(color_scheme=scheme)
    visit(APP)
    expect(page.locator(".cm-content")).to_have_count(3)
    expect(page.locator(".editor.dark")).to_have_count(3 if scheme == "dark" else 0)
    measured = page.evaluate(CONTRASTS)
    assert len({text for _, text, _ in measured}) >= 7, "fewer kinds of token than the sample holds"
    assert [found for found in measured if found[0] < AA] == []


def test_a_long_line_wraps_and_makes_no_page_scroll_sideways(app: Page):
    app.set_viewport_size({"width": 390, "height": 844})
    _clear_and_type(app, "x = " + "1" * 200)
    scroller = app.locator(".cm-scroller").first
    assert scroller.evaluate("e => e.scrollWidth <= e.clientWidth")
    assert app.locator(".cm-line").first.evaluate("line => line.getBoundingClientRect().height") > 2 * LINE_PX
    assert app.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert app.get_by_test_id("stMain").evaluate("e => e.scrollWidth <= e.clientWidth")


@pytest.mark.own_page
def test_no_request_leaves_the_origin_and_the_strict_policy_holds(
    page: Page, serve: Callable[[Path], str], visit: Callable[[Path], Page]
):
    url = serve(APP)
    hosts: set[str] = set()
    refused: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            refused.append(message.text)

    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("console", note)
    page.add_init_script(f"const policy = {STRICT_CSP!r};{UNDER_POLICY}")
    visit(APP)
    expect(_editor(page)).to_be_visible()
    loading = len(refused)  # Streamlit's own, such as its inline script
    _clear_and_type(page, "oops")
    expect(page.locator(".cm-lint-marker-error")).to_be_visible()
    page.keyboard.press("Control+f")
    expect(page.locator(".cm-search")).to_be_visible()
    assert refused[loading:] == []
    assert page.evaluate(DRAW) == "refused", "the policy was not in force"
    assert hosts - {""} == {urlsplit(url).netloc}


@pytest.mark.fault(51)
@pytest.mark.own_page
def test_the_code_is_fetched_once_and_never_sent_with_the_data(page: Page, visit: Callable[[Path], Page]):
    """Streamlit's messages are sent whole, so they must be small."""
    sizes: list[int] = []
    fetched: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: sizes.append(len(frame)))

    page.on("websocket", listen)
    page.on("request", lambda request: fetched.append(urlsplit(request.url).path))
    visit(APP)
    expect(page.get_by_role("textbox", name="Reward")).to_be_visible()
    for text in ("one", "two", "three", "four"):
        _clear_and_type(page, text)
        _knows(page, text)
    assert 0 < max(sizes) < MESSAGE_BYTES  # how many there are depends on how fast is typed
    assert fetched.count("/lib/editor.js") == 1


@pytest.mark.own_page
def test_code_that_failed_to_load_is_fetched_again(page: Page, visit: Callable[[Path], Page]):
    """As when the app restarts at that moment."""
    page.route("**/lib/editor.js?*", lambda route: route.abort(), times=2)
    visit(APP)
    expect(page.get_by_role("textbox", name="Reward")).to_be_visible(timeout=20_000)


@pytest.mark.fault(40)
def test_right_to_left_text_leaves_the_order_of_code_alone(app: Page):
    """Two Hebrew strings around a comma stand in the order in which they are written, and so does what follows."""
    _clear_and_type(app, 'words = ["\u05e9\u05dc\u05d5\u05dd", "\u05e2\u05d5\u05dc\u05dd"] + rest')
    edges = app.locator(".cm-line").first.evaluate("""(line) => {
      const text = line.textContent;
      const left = (needle) => {
        const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
        let at = text.indexOf(needle);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          if (at < node.length) {
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + 1);
            return range.getBoundingClientRect().left;
          }
          at -= node.length;
        }
        return NaN;
      };
      return ['\\u05e9\\u05dc\\u05d5\\u05dd', ', ', '\\u05e2\\u05d5\\u05dc\\u05dd', '] +', 'rest'].map(left);
    }""")
    assert edges == sorted(edges)
