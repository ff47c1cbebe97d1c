"""A live run on screen is drawn again when there is more of it to show, and only then.

    runs.wait_for_change --> websocket --> assets/updates --trigger--> the fragment that `follow` was called in

Why this way, on Streamlit 1.67:

- `run_every` runs the whole fragment with each tick. A body that returned early would not help: Streamlit removes what a
  fragment did not draw again.
- A thread of the server can start a rerun only through Streamlit's internals (its sessions, and the browser's widget states).
- Routes of `st.App` and triggers of a component are public. A websocket is not one of the six connections that a browser
  allows to an origin, as a request that waits would be.

Streamlit queues a fragment that is asked for while the script runs, so no redraw is cut short by the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import streamlit as st
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from pages.shared.web import under_base_path
from refine_core import program_files, runs
from refine_core.errors import StoreError

URL: Final = "lib/updates"
LIST_URL: Final = "lib/list-updates"
PROGRAM_URL: Final = "lib/program-updates"
ALIVE_URL: Final = "lib/alive"
WAIT_S: Final = 2.0
PAGES: Final = 64  # that are told at once; the changes of more are told later, by up to WAIT_S
_component = st.components.v2.component(
    "refinescope.updates",
    js=(Path(__file__).parents[2] / "assets" / "updates" / "updates.js").read_text(encoding="utf-8"),
)


def follow(run_id: str, revision: str) -> None:
    """Run the fragment around this again as soon as the run has another revision than this one, which it draws now."""
    _component(
        key=f"updates-{run_id}",
        data={"url": f"{URL}?{urlencode({'run': run_id})}", "revision": revision},
        on_changed_change=lambda: None,
    )


def follow_list(count: int) -> None:
    """The same for a list of runs: as soon as there is another number of them than this one, wherever they come from."""
    _component(
        key="updates-list",
        data={"url": LIST_URL, "revision": str(count)},
        on_changed_change=lambda: None,
    )


def follow_program(revision: int, *, part: str) -> None:
    """The same for the process of the file that the app was started for. part: of the page, which has its own."""
    _component(
        key=f"updates-program-{part}",
        data={"url": PROGRAM_URL, "revision": str(revision)},
        on_changed_change=lambda: None,
    )


def _wait_for_new(_: str, revision: str, timeout_s: float) -> str:
    return str(runs.wait_for_new(int(revision) if revision else -1, timeout_s))


def _wait_for_program(_: str, revision: str, timeout_s: float) -> str:
    process = program_files.opened()
    if process is None:
        return revision
    return str(process.wait_for_change(int(revision) if revision else -1, timeout_s).revision)


def _serving(wait_for_change: Callable[[str, str, float], str]) -> Callable[[WebSocket], Awaitable[None]]:
    waiting = ThreadPoolExecutor(PAGES, thread_name_prefix="updates")

    async def send_revisions(socket: WebSocket) -> None:
        """Send the run's revision, at once when it changes, else every two seconds."""
        run_id, revision = socket.query_params.get("run", ""), ""
        loop = asyncio.get_running_loop()
        await socket.accept()
        with suppress(WebSocketDisconnect):  # whoever has left is noticed when told the next time
            while True:
                try:
                    wait = partial(wait_for_change, run_id, revision, WAIT_S)
                    revision = await loop.run_in_executor(waiting, wait)
                except StoreError:  # the page says what is wrong
                    await socket.close()
                    return
                await socket.send_text(revision)

    return send_revisions


async def _stay(socket: WebSocket) -> None:
    """A socket that carries nothing: a page knows by its end that the app has stopped; see assets/alive."""
    await socket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            await socket.receive_bytes()


def _routes() -> tuple[BaseRoute, ...]:
    serve = _serving(runs.wait_for_change)
    serve_list = _serving(_wait_for_new)
    serve_program = _serving(_wait_for_program)
    return (
        *under_base_path(URL, lambda path: WebSocketRoute(path, serve)),
        *under_base_path(LIST_URL, lambda path: WebSocketRoute(path, serve_list)),
        *under_base_path(PROGRAM_URL, lambda path: WebSocketRoute(path, serve_program)),
        *under_base_path(ALIVE_URL, lambda path: WebSocketRoute(path, _stay)),
    )


ROUTES: tuple[BaseRoute, ...] = _routes()
