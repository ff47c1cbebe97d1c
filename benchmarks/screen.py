"""What a person waits for: a real server, a real browser, and the clock of the machine that both share.

paint             from starting the console command until "Run" can be pressed     beside: Streamlit's hello world
first-attempt     from pressing "Run" until the first attempt is in the story
event-to-screen   from the moment an event was recorded until the story shows it
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import parse_qs, urlsplit

from benchmarks.server import Server, hello, refinescope
from benchmarks.table import NotMeasured, Row
from refine_core import open_store
from refine_core.events import AttemptStarted, RewardScored

try:
    from playwright.sync_api import Browser, Page, sync_playwright
    from playwright.sync_api import Error as BrowserError
    from playwright.sync_api import TimeoutError as TooLate
except ImportError as error:
    raise NotMeasured("the browser's driver is missing; pip install 'refinescope[test]'") from error

PAINT, FIRST, EVENT = "paint", "first-attempt", "event-to-screen"
SLOW = "1 s"
LONGEST_MS = 60_000
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

# Notes when each attempt first is in the story ("0 began") and when it no longer runs ("0 ended"), and when "Run" was
# clicked: milliseconds since 1970. A row is found also inside a component's shadow root.
WATCH = """
(() => {
  const seen = (window.benchmark = {});
  const roots = new Set();
  const note = (what) => (seen[what] ??= Date.now());
  const look = () => {
    for (const root of roots) {
      for (const row of root.querySelectorAll(".rs-timeline .story .slot:not(.pending)")) {
        note(`${row.dataset.attempt} began`);
        if (!row.classList.contains("running")) note(`${row.dataset.attempt} ended`);
      }
    }
  };
  const watch = (root) => {
    roots.add(root);
    const every = { childList: true, subtree: true, characterData: true };
    new MutationObserver(look).observe(root, every);
  };
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    watch(root);
    return root;
  };
  watch(document);
  const clicked = (event) => {
    const button = event.target.closest?.("button");
    if (/Run(Ctrl|$)/.test(button?.textContent.replaceAll(/\\s/g, "") ?? "")) note("clicked");
  };
  document.addEventListener("click", clicked, true);
})();
"""


def measure(names: Collection[str], *, quick: bool) -> Iterator[Row]:
    """Rows of the measures among `names`. quick: fewer repeats."""
    with browser() as chromium:
        if PAINT in names:
            yield _paint(chromium, repeats=2 if quick else 5)
        if FIRST in names or EVENT in names:
            with tempfile.TemporaryDirectory() as home, refinescope(Path(home)) as server:
                _first_attempt(chromium, server, repeats=1)  # opens the store, which happens once a process
                if FIRST in names:
                    yield _first_attempt(chromium, server, repeats=3 if quick else 11)
                if EVENT in names:
                    yield _event_to_screen(chromium, server, Path(home), runs=1 if quick else 3)


def _paint(browser: Browser, *, repeats: int) -> Row:
    ours, theirs = [], []
    for _ in range(repeats):
        with (
            tempfile.TemporaryDirectory() as home,
            refinescope(Path(home)) as server,
            watched_page(browser) as page,
        ):
            page.goto(server.wait(), wait_until="commit")
            _run_button(page).wait_for(timeout=LONGEST_MS)
            ours.append(time.perf_counter() - server.started)
        with (
            tempfile.TemporaryDirectory() as home,
            hello(Path(home)) as server,
            watched_page(browser) as page,
        ):
            page.goto(server.wait(), wait_until="commit")
            page.get_by_text("Hello, world").wait_for(timeout=LONGEST_MS)
            theirs.append(time.perf_counter() - server.started)
    told = '`refinescope` until "Run" can be pressed, cold process'
    return Row(told, median(ours), "Streamlit's one-line hello world:", median(theirs))


def _first_attempt(browser: Browser, server: Server, *, repeats: int) -> Row:
    times = []
    for _ in range(repeats):
        with watched_page(browser) as page:
            _ready(page, server)
            _run_button(page).click()
            times.append(story_shows(page, "0 began") - story_shows(page, "clicked"))
    return Row("Run pressed until the first attempt is on screen", median(times))


def _event_to_screen(browser: Browser, server: Server, home: Path, *, runs: int) -> Row:
    times = []
    for _ in range(runs):
        with watched_page(browser) as page:
            _ready(page, server)
            _slow_down(page)
            _run_button(page).click()
            page.wait_for_url(re.compile(r"[?&]run="), timeout=LONGEST_MS)
            run_id = parse_qs(urlsplit(page.url).query)["run"][0]
            with closing(open_store(home)) as store:
                told = _ended(store, run_id)
            times += [story_shows(page, what) - at for what, at in told.items()]
    return Row(
        f"an event recorded until the story shows it ({len(times)} events, a model of 1 s)", median(times)
    )


def story_shows(page: Page, what: str) -> float:
    """When the page noted it, in seconds since 1970. Asked from here: the app's headers forbid the page to evaluate."""
    deadline = time.monotonic() + LONGEST_MS / 1000
    while time.monotonic() < deadline:
        if at := page.evaluate("what => benchmark[what]", what):
            return at / 1000
        page.wait_for_timeout(50)
    raise NotMeasured(f"the page never showed {what!r}")


def _ended(store, run_id: str) -> dict[str, float]:
    """What the page should have noted -> when it was recorded, seconds since 1970; once the run has ended."""
    after, told = 0, {}
    deadline = time.monotonic() + LONGEST_MS / 1000
    while time.monotonic() < deadline:
        row = store.row(run_id)
        for record in store.events(run_id, after=after):
            after = record.seq
            match record.event:
                case AttemptStarted(index=i):
                    told[f"{i} began"] = record.at
                case RewardScored(index=i):
                    told[f"{i} ended"] = record.at
        if row is not None and row.summary.reason is not None:
            return told
        store.wait_for(run_id, after, 1.0)
    raise NotMeasured(f"the run did not end within {LONGEST_MS / 1000:.0f} s")


def _ready(page: Page, server: Server) -> None:
    """Open the Lab on its first example, and let the page come to rest."""
    page.goto(server.wait(), wait_until="commit")
    _run_button(page).wait_for(timeout=LONGEST_MS)
    page.wait_for_load_state("networkidle")
    time.sleep(0.5)  # the script's last elements, and the editor


def _slow_down(page: Page) -> None:
    """Choose how long the practice model takes for a reply."""
    page.locator(".st-key-lab-model").get_by_role("button").first.click()
    box = page.get_by_role("combobox", name=re.compile("Reply delay"))
    box.scroll_into_view_if_needed()
    box.click()
    page.get_by_role("option", name=SLOW).click()
    time.sleep(1)  # the page runs anew


def _run_button(page: Page):
    # Its name begins with the icon's, where the icon is a letter of a font, and ends with its shortcut.
    return page.get_by_role("button", name=re.compile(r"(^|\s|arrow)Run( Ctrl.*)?$"))


@contextmanager
def watched_page(browser: Browser, *scripts: str) -> Iterator[Page]:
    """A page with nothing cached, watched, also by the scripts given. Raises NotMeasured if what it waits for does not come."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    for script in (WATCH, *scripts):
        context.add_init_script(script)
    page = context.new_page()
    try:
        yield page
    except TooLate as why:
        shown = re.sub(r"\s+", " ", page.locator("body").inner_text())[:300]
        raise NotMeasured(f"{str(why).splitlines()[0]} The page says: {shown!r}") from why
    finally:
        context.close()


@contextmanager
def browser() -> Iterator[Browser]:
    """A Chromium of its own. Raises NotMeasured where there is none."""
    from benchmarks.server import chromium

    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        except BrowserError as why:
            message = "no Chromium: set CHROMIUM to one, or run `playwright install chromium`"
            raise NotMeasured(message) from why
        yield started
        started.close()
