"""How long a person waits for the timeline of a run: a real server, a real browser, and the clock of the machine that both share.

open     from the click on a run in the list until its chart has been painted, for runs of 10, 100 and 500 attempts
select   from the key that selects the next attempt until its column has been painted, and until its detail is on screen
tabs     20 pages on one live run: from the moment a reward was recorded until a page's chart shows it
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median

from benchmarks.live import live_run, record_run
from benchmarks.screen import LONGEST_MS, Browser, Page, browser, watched_page
from benchmarks.server import Server, refinescope
from benchmarks.table import NotMeasured, Row
from refine_core import open_store
from refine_core.events import RewardScored

OPEN, SELECT, TABS = "open", "select", "tabs"
OPEN_BOUNDS_S = {10: 0.6, 100: 0.8, 500: 1.5}
SELECT_BOUND_S, TABS_BOUND_S = 0.2, 1.0
PAGES = 20
REPLY_S = 1.0
STEPS = 3
MOST = 300  # attempts of the live run, which goes on while the pages are opened

# Notes in `benchmark`, in milliseconds since 1970: "clicked", the last click on a link; "painted", the first frame after it
# that has a chart with marks; "0 scored" and so on, the first frame with the mark of an attempt; "pressed", the last key,
# "selected 3" and "detail 3", the first frame after it in which that column is tinted, and in which the detail names it.
WATCH_CHART = """
(() => {
  const seen = (window.opening = {});
  const note = (what) => requestAnimationFrame(() => { seen[what] ??= Date.now(); });
  const look = () => {
    const chart = document.querySelector(".rs-timeline:not(.ghost) .chart");
    if (!chart) return;
    const marks = chart.querySelectorAll('[data-name="reward"] [data-attempt]');
    if (seen.clicked && marks.length) note("painted");
    for (const mark of marks) note(`${mark.dataset.attempt} scored`);
    if (!seen.pressed) return;
    const on = chart.querySelector(".selected");
    if (on) note(`selected ${on.dataset.attempt}`);
    for (const root of roots) {
      for (const one of [...root.querySelectorAll("*")].slice(0, HEAD)) {
        const named = one.childElementCount ? null : one.textContent.match(/^Attempt (\\d+)$/);
        if (named) note(`detail ${named[1] - 1}`);
      }
    }
  };
  const HEAD = 40; // elements of a component in which its title is
  const roots = new Set();
  const watch = (root) =>
    new MutationObserver(look).observe(root, { childList: true, subtree: true, characterData: true, attributes: true });
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    roots.add(root);
    watch(root);
    return root;
  };
  watch(document);
  const forget = (words) => Object.keys(seen).filter((k) => k.startsWith(words)).forEach((k) => delete seen[k]);
  document.addEventListener("click", (event) => {
    if (!event.composedPath().some((one) => one.tagName === "A")) return;
    forget("painted");
    seen.clicked = Date.now();
  }, true);
  document.addEventListener("keydown", () => {
    forget("selected"), forget("detail");
    seen.pressed = Date.now();
  }, true);
})();
"""


def measure(names: Collection[str], *, quick: bool) -> Iterator[Row]:
    """Rows of the measures among `names`. quick: fewer repeats."""
    with browser() as chromium:
        if OPEN in names or SELECT in names:
            with _recorded() as server:
                for attempts in OPEN_BOUNDS_S:
                    yield from _open_and_select(chromium, server, attempts, names, repeats=3 if quick else 9)
        if TABS in names:
            yield _tabs(chromium, attempts=4 if quick else 12)


@contextmanager
def _recorded() -> Iterator[Server]:
    """A server whose list holds one run of each size."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with closing(open_store(home)) as store:
            for attempts in OPEN_BOUNDS_S:
                record_run(store, attempts, f"run-of-{attempts}")
        with refinescope(home) as server:
            yield server


def _open_and_select(
    chromium: Browser, server: Server, attempts: int, names: Collection[str], *, repeats: int
) -> Iterator[Row]:
    opened, tinted, told = [], [], []
    for _ in range(repeats + 1):
        with watched_page(chromium, WATCH_CHART) as page:
            page.goto(f"{server.wait()}/runs", wait_until="commit")
            link = page.locator(f'a[href*="run-of-{attempts}"]').first
            link.wait_for(timeout=LONGEST_MS)
            page.wait_for_load_state("networkidle")
            link.click()
            opened.append(_shows(page, "painted") - _shows(page, "clicked"))
            if SELECT in names:
                tinted_s, told_s = _select(page)
                tinted += tinted_s
                told += told_s
    if OPEN in names:
        yield _row(
            f"a run of {attempts} attempts: click until its chart is painted",
            opened[1:],
            OPEN_BOUNDS_S[attempts],
        )
    if SELECT in names:
        yield _row(
            f"a run of {attempts} attempts: key until the attempt's column is selected",
            tinted,
            SELECT_BOUND_S,
        )
        yield _row(
            f"a run of {attempts} attempts: key until the attempt's detail is on screen", told, SELECT_BOUND_S
        )


def _row(told: str, times: list[float], bound_s: float) -> Row:
    return Row(told, median(times), "bound", bound_s, 1.0)


def _select(page: Page) -> tuple[list[float], list[float]]:
    """Step through some attempts beside the one that is selected first."""
    time.sleep(1)  # for the detail of that one
    index = int(page.locator(".rs-timeline .chart .selected").get_attribute("data-attempt") or 0)
    key, step = ("j", 1) if index < STEPS else ("k", -1)
    page.locator(".rs-timeline:has(.chart)").focus()
    tinted, told = [], []
    for _ in range(STEPS):
        page.keyboard.press(key)
        index += step
        pressed = _shows(page, "pressed")
        tinted.append(_shows(page, f"selected {index}") - pressed)
        told.append(_shows(page, f"detail {index}") - pressed)
        time.sleep(0.5)
    return tinted, told


def _tabs(chromium: Browser, *, attempts: int) -> Row:
    """attempts: how many are watched, once all pages are open."""
    times = []
    with live_run(chromium, MOST, reply_s=REPLY_S) as run, ExitStack() as pages:
        opened = [pages.enter_context(watched_page(chromium, WATCH_CHART)) for _ in range(PAGES)]
        for page in opened:
            page.goto(f"{run.server.wait()}/run?run={run.run_id}", wait_until="commit")
        for page in opened:
            page.locator(".rs-timeline .chart svg").wait_for(timeout=4 * LONGEST_MS)
        begun = time.time()
        run.wait(run.calls + attempts)
        scored = {
            record.event.index: record.at
            for record in run.store.events(run.run_id, after=0)
            if isinstance(record.event, RewardScored) and record.at > begun
        }
        for page in opened:
            times += [_shows(page, f"{index} scored") - at for index, at in scored.items()]
    if not times:
        raise NotMeasured("the run was over before all pages were open")
    told = (
        f"{PAGES} pages on one live run: a reward recorded until the chart shows it ({len(scored)} rewards)"
    )
    return _row(told, times, TABS_BOUND_S)


def _shows(page: Page, what: str) -> float:
    """When the page noted it, in seconds since 1970."""
    deadline = time.monotonic() + LONGEST_MS / 1000
    while time.monotonic() < deadline:
        if at := page.evaluate("what => opening[what]", what):
            return float(at) / 1000
        page.wait_for_timeout(20)
    raise NotMeasured(f"the page never showed {what!r}")
