"""How long a person who edits a reward waits for the new scores of 200 attempts: a real server, a real browser.

keystroke   from the key until the new score of the first row has been painted; and the server's part of it

The server's part: from the moment the browser sends the text until the last answer before that frame has come.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.live import record_run
from benchmarks.screen import LONGEST_MS, Page, browser, watched_page
from benchmarks.server import Server, refinescope
from benchmarks.table import NotMeasured, Row
from refine_core import open_store

ATTEMPTS = 200
SCREEN_BOUND_S, SERVER_BOUND_S = 1.0, 0.3
REWARD = "def reward(args, pred):\n    return Score({}, parts={{'length': len(str(pred.answer)) / 100}})\n"

# Notes in `typing`, in milliseconds since 1970: "pressed", the last key; "sent" and "heard", the first message to the server
# after it and the last one from there; "shown", when the first row's new score was painted, with its text and what was heard by then.
WATCH_SCORES = """
(() => {
  const typing = (window.typing = {});
  const send = WebSocket.prototype.send;
  const known = new WeakSet();
  WebSocket.prototype.send = function (...parts) {
    if (!known.has(this)) {
      known.add(this);
      this.addEventListener("message", () => { typing.heard = Date.now(); });
    }
    typing.sent ??= Date.now();
    return send.apply(this, parts);
  };
  document.addEventListener("keydown", () => { typing.pressed = Date.now(); delete typing.sent; }, true);
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    new MutationObserver(() => {
      const text = root.querySelector("tr[data-key] td.new")?.textContent;
      if (!text || text === typing.text) return;
      typing.text = text;
      const heard = typing.heard;
      requestAnimationFrame(() => { typing.shown = { text, at: Date.now(), heard }; });
    }).observe(root, { childList: true, subtree: true, characterData: true });
    return root;
  };
})();
"""


def measure(*, quick: bool) -> Iterator[Row]:
    """The rows. quick: fewer keys."""
    shown, served = [], []
    with browser() as chromium, _recorded() as server, watched_page(chromium, WATCH_SCORES) as page:
        page.goto(f"{server.wait()}/rewards?rows=run:edited", wait_until="commit")
        page.locator(".cm-content").first.wait_for(timeout=LONGEST_MS)
        page.wait_for_load_state("networkidle")
        page.locator(".cm-content").first.click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(REWARD.format("0.1"))
        _await(page, "0.10")
        _to_the_number(page)
        for i in range(4 if quick else 16):
            page.keyboard.press("Backspace")
            digit = str(i % 2 + 2)
            page.keyboard.press(digit)
            pressed = page.evaluate("typing.pressed")
            now = _await(page, f"0.{digit}0")
            shown.append((now["at"] - pressed) / 1000)
            served.append((now["heard"] - page.evaluate("typing.sent")) / 1000)
            page.wait_for_timeout(700)
    words = f"a key in the reward until the scores of {ATTEMPTS} attempts"
    yield Row(f"{words} are on screen", median(shown[1:]), "bound", SCREEN_BOUND_S, 1.0)
    yield Row(f"{words} have come from the server", median(served[1:]), "bound", SERVER_BOUND_S, 1.0)


@contextmanager
def _recorded() -> Iterator[Server]:
    """A server with a run of so many attempts."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with closing(open_store(home)) as store:
            record_run(store, ATTEMPTS, "edited")
        with refinescope(home) as server:
            yield server


def _to_the_number(page: Page) -> None:
    """Put the cursor behind the number in the second line."""
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    for _ in range(len("    return Score(0.1") - len("    ")):
        page.keyboard.press("ArrowRight")


def _await(page: Page, text: str) -> Any:
    """What was noted when the first row had this score."""
    deadline = time.monotonic() + LONGEST_MS / 1000
    while time.monotonic() < deadline:
        now = page.evaluate("typing.shown")
        if now and now["text"] == text:
            return now
        page.wait_for_timeout(20)
    raise NotMeasured(f"the first row never had the score {text}")
