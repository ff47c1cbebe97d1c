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
