"""A live run in a real browser: it is drawn again when there is more of it, and only then."""

from __future__ import annotations

import functools
from contextlib import closing

import pytest
from playwright.sync_api import Page, WebSocket, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from refine_core.log.summaries import summarize
from refine_core.store import Store, open_store
from tests import logs
from tests.browser.conftest import Server, wait_idle

ATTEMPTS = 150


class Sockets:
    """What a page's websockets carry. redraws: how often the page asked Streamlit to run anything of its script."""

    def __init__(self, page: Page) -> None:
        self.redraws = 0
        self._updates: WebSocket | None = None
        page.on("websocket", self._open)

    def _open(self, socket: WebSocket) -> None:
        if "/lib/updates" in socket.url:
            self._updates = socket
        else:
            socket.on("framesent", self._count)

    def _count(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes) and BackMsg.FromString(frame).WhichOneof("type") == "rerun_script":
            self.redraws += 1

    def wait(self, messages: int) -> None:
        """Wait until the page was told so often how far the run is, changed or not."""
        assert self._updates is not None
        for _ in range(messages):
            self._updates.wait_for_event("framereceived")


def keep(store: Store, log: logs.Log, after: int = 0) -> None:
    """Record what the log has beyond `after`, in one transaction."""
    summary = functools.reduce(summarize, log.records, None)
    assert summary is not None
    store.append(log.records[after:], summary)


def shown(page: Page, attempts: int):
    """What says how many attempts there are to look at: more than a page holds."""
    return page.get_by_role("button", name=f"All ({attempts})")


@pytest.mark.fault(41)
def test_a_live_run_is_drawn_once_for_each_change_and_never_without(server: Server, page: Page):
    """The run is another process's; so its changes are looked for, and its end is the end of a lock."""
    log = logs.Log(N=ATTEMPTS + 2)
    for i in range(ATTEMPTS):
        log.attempt(i / 1000)
    sockets = Sockets(page)
    store = open_store(server.folder / "data")
    with closing(store):
        keep(store, log)
        page.goto(f"{server.start()}/run?run={log.run_id}")
        expect(shown(page, ATTEMPTS)).to_be_visible(timeout=30_000)
        wait_idle(page)
        drawn = sockets.redraws
        sockets.wait(3)
        assert sockets.redraws == drawn, "nothing was new"

        seen = len(log.records)
        log.begin()
        keep(store, log, after=seen)
        expect(shown(page, ATTEMPTS + 1)).to_be_visible()
        sockets.wait(3)
        assert sockets.redraws == drawn + 1, "one event"
    expect(page.get_by_text("Interrupted").first).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Resume")).to_be_visible()


def test_a_comparison_follows_a_live_run_and_moves_nothing_that_is_looked_at(server: Server, page: Page):
    """What a person opened, marked or points at stays the same node; what is new comes below it."""
    ended = logs.two_stages()
    log = logs.Log(N=5, run_id="live")
    log.attempt(0.2, outputs={"answer": logs.WORDS[0]})
    store = open_store(server.folder / "data")
    with closing(store):
        keep(store, ended)
        keep(store, log)
        page.goto(f"{server.start()}/compare?a={ended.run_id}&b={log.run_id}")
        rows = page.locator(".compare tbody tr")
        expect(rows).to_have_count(4, timeout=30_000)
        expect(rows.nth(1)).to_contain_text("0.60")
        rows.first.evaluate("row => { window.first = row; getSelection().selectAllChildren(row.cells[1]); }")
        before = rows.first.bounding_box()

        seen = len(log.records)
        log.attempt(0.5, outputs={"answer": logs.WORDS[1]})
        keep(store, log, after=seen)
        expect(rows.nth(1)).to_contain_text("0.50", timeout=30_000)
        assert rows.first.evaluate("row => row === window.first")
        assert rows.first.bounding_box() == before
        assert page.evaluate("getSelection().toString()") != ""

        page.goto(f"{page.url.partition('?')[0]}?a={log.run_id}.1&b={log.run_id}.2")
        expect(page.locator(".compare .sentence")).to_contain_text("B scores 0.30 more", timeout=30_000)
        page.locator("details.menu summary").filter(has_text="Another run").click()
        page.get_by_label("Find a run").fill("ques")
        seen = len(log.records)
        log.attempt(0.6, outputs={"answer": logs.WORDS[2]})
        keep(store, log, after=seen)
        expect(page.get_by_label("Attempt B").get_by_role("option", name="Attempt 3")).to_be_attached(
            timeout=30_000
        )
        expect(page.get_by_label("Find a run")).to_be_focused()
        expect(page.get_by_label("Find a run")).to_have_value("ques")
