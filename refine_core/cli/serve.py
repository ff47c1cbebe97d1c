"""Serves the app, says where, and opens the browser."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Final

import click

from refine_core import __version__
from refine_core.errors import RefineError

FIRST_PORT = 8501
PORTS_TRIED = 50
START_S = 60.0
INTERRUPTED: Final = 130  # as a shell reports a process that Ctrl-C has ended
NOTE = "app.json"  # in the data folder: where the app is, and the process that serves it

logger = logging.getLogger("refine_core")


@dataclass(frozen=True, slots=True)
class Serving:
    """That the app is to be served. port: None for the first free one from FIRST_PORT. path: of the page that the browser opens.

    environment: variables by which the app learns what it is for.
    """

    port: int | None = None
    opens_browser: bool = True
    path: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


def serve(serving: Serving) -> int:
    """Serve the app on this machine until Ctrl-C. Returns the exit code. Raises ExecutorError for an executor that there is not."""
    from refine_core.executors.choice import check_executor, chosen_executor

    check_executor(chosen_executor())
    os.environ.update(serving.environment)
    port = serving.port if serving.port is not None else find_free_port()
    address = f"http://127.0.0.1:{port}"
    sys.stdout.write(greeting(address, serving.path))
    sys.stdout.flush()
    if serving.opens_browser:
        threading.Thread(target=_open_when_up, args=(address, serving.path), daemon=True).start()
    # The core imports no screen: this is `python -m streamlit run app.py`, without a second process.
    server_options = ["--server.port", str(port), "--logger.hideWelcomeMessage", "true"]
    sys.argv = ["streamlit", "run", str(app_path()), *server_options]
    with _noted(address):
        return _run_streamlit()


def _run_streamlit() -> int:
    """Run streamlit's command line on sys.argv, in this process; the exit code. Ctrl-C, by which it is to be stopped, is no fault."""
    try:
        import_module("streamlit.web.cli").main(prog_name="streamlit", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nStopped.", err=True)
        return INTERRUPTED
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    return 0


@contextmanager
def _noted(address: str) -> Iterator[None]:
    """Note in the data folder where its app is, for `find_served`. A folder that cannot be written is told of by the app itself."""
    from refine_core.store import data_home
    from refine_core.store.home import make_private

    file = data_home() / NOTE
    with suppress(OSError, RefineError):
        make_private(file.parent)
        file.write_text(json.dumps({"address": address, "pid": os.getpid()}), encoding="utf-8")
    try:
        yield
    finally:
        with suppress(OSError, ValueError, AttributeError):
            if json.loads(file.read_text(encoding="utf-8")).get("pid") == os.getpid():
                file.unlink()


def find_served() -> str | None:
    """The address of an app that is up on this data folder; None if none is known."""
    from refine_core.store import data_home

    try:
        note = json.loads((data_home() / NOTE).read_text(encoding="utf-8"))
        address = str(note["address"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return address if address.startswith("http://127.0.0.1:") and _is_up(address) else None


def _is_up(address: str) -> bool:
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):  # noqa: S310  # our own address
            return True
    except (OSError, urllib.error.URLError):
        return False


def app_path() -> Path:
    """The app's script: under `refinescope/` where it is installed, beside `refine_core/` in a checkout."""
    beside = Path(__file__).resolve().parents[2]
    installed = beside / "refinescope" / "app.py"
    return installed if installed.exists() else beside / "app.py"


def greeting(address: str, path: str = "") -> str:
    """What the command prints first: name, address, data folder, and how to stop it."""
    from refine_core.store import data_home

    return (
        f"Refinescope {__version__}\n"
        f"Address:      {address}{path}\n"
        f"Data folder:  {data_home()}\n"
        f"{_describe_places()}"
        f"{_describe_live_spans()}"
        "Press Ctrl-C to stop it.\n"
    )


def _describe_places() -> str:
    """Where the history is and where runs work, if that is not here; a line each."""
    from refine_core.runs.places import describe_history, name_executor

    history = f"History:      {place}\n" if (place := describe_history()) else ""
    executor = f"Runs work on: {name}\n" if (name := name_executor()) else ""
    return history + executor


def _describe_live_spans() -> str:
    """Where the spans of runs go, if whoever starts the app has asked for that; a line, or nothing."""
    from refine_core.export.otel.live import LIVE, is_asked_for

    if not is_asked_for():
        return ""
    from refine_core.export.otel.destination import SendingUnavailableError, find_destination

    try:
        return f"Spans:        runs are sent to {find_destination().address} as they happen ({LIVE})\n"
    except SendingUnavailableError as error:
        return f"Spans:        not sent, though {LIVE} is set: {error}\n"


def find_free_port() -> int:
    """The first free port of this machine from FIRST_PORT on. Raises OSError if none of fifty is free."""
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port from {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1}; name one with --port")


def _open_when_up(address: str, path: str) -> None:
    import webbrowser

    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if _is_up(address):
            webbrowser.open(f"{address}{path}")
            return
        time.sleep(0.1)
    logger.warning("the app did not answer at %s within %.0f s", address, START_S)
