"""A browser that hears late from the server, as under load or behind a slow line."""

from __future__ import annotations

import functools
import re

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from refine_core.log.summaries import summarize
from refine_core.store import open_store
from tests import logs
from tests.browser.conftest import wait_idle
from tests.threads import eventually

pytestmark = pytest.mark.own_page  # each holds its line in its own way
ATTEMPTS = 4
KANJI = (
    "答"  # three bytes each, so that a text of one page is more than the 10 kB from which Streamlit caches
)


class Line:
    """The websocket between the page and its server; what the server says can be held back, in its order."""

    def __init__(self, page: Page) -> None:
        self._page, self._holds = page, False
        self._held: list[str | bytes] = []
        page.route_web_socket(re.compile("/_stcore/stream"), self._connect)

    def _connect(self, browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()
        self._browser = browser

        def hear(message: str | bytes) -> None:
            (self._held.append if self._holds else browser.send)(message)

        server.on_message(hear)

    def hold(self) -> None:
        """Keep back what the server says from now on."""
        self._holds = True

    def hold_until_finished(self, runs: int) -> None:
        """Wait until the server has said that so many script runs have finished."""

        def have_finished() -> bool:
            self._page.wait_for_timeout(20)  # in which messages arrive
            return sum(one.WhichOneof("type") == "script_finished" for one in self._messages()) >= runs

        eventually(have_finished)

    def references(self) -> list[str]:
        """Those messages held that are but the hash of an earlier one."""
        return [one.ref_hash for one in self._messages() if one.HasField("ref_hash")]

    def release(self) -> None:
        """Say it all, in order; keep nothing back from now on."""
        self._holds = False
        for message in self._held:
            self._browser.send(message)
        self._held.clear()

    def _messages(self) -> list[ForwardMsg]:
        return [ForwardMsg.FromString(one) for one in self._held if isinstance(one, bytes)]


@pytest.mark.fault(51)
def test_a_page_that_hears_late_from_the_server_goes_on(page, server):
    """Streamlit sends a hash for a message that the browser had when it asked, and may have dropped since."""
    log = logs.Log(stages=("answer",), N=ATTEMPTS, threshold=None)
    for index in range(ATTEMPTS):
        log.attempt(0.1, outputs={"answer": f"{index} " + KANJI * 6_000})
    log.finish("attempts_used_up")
    store = open_store(server.folder / "data")
    store.append(log.records, functools.reduce(summarize, log.records, None))
    store.close()
    line = Line(page)
    page.goto(f"{server.start()}/run?run={log.run_id}&attempt=1")
    wait_idle(page)
    shows(page, 1)
    pick(page, 2)
    shows(page, 2)
    line.hold()
    for runs, attempt in enumerate((3, 1), start=1):
        pick(page, attempt)
        line.hold_until_finished(runs)
    assert line.references() == [], "the browser may have dropped what they refer to"
    line.release()
    shows(page, 1)
    pick(page, 2)
    shows(page, 2)


def pick(page: Page, attempt: int) -> None:
    story = page.get_by_role("region", name="Story of the run")
    story.locator(".slot").nth(attempt - 1).get_by_role("button").first.click()


def shows(page: Page, attempt: int) -> None:
    expect(page.get_by_role("heading", name=f"Attempt {attempt}", exact=True)).to_be_visible()
    expect(page.get_by_text(f"{attempt - 1} {KANJI}").locator("visible=true").first).to_be_visible()
