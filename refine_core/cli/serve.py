"""Serves the app, says where, and opens the browser."""

from __future__ import annotations

import logging
import runpy
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from dataclasses import dataclass
from pathlib import Path

from refine_core import __version__

FIRST_PORT = 8501
PORTS_TRIED = 50
START_S = 60.0

logger = logging.getLogger("refine_core")


@dataclass(frozen=True, slots=True)
class Serving:
    """That the app is to be served. port: None for the first free one from FIRST_PORT."""

    port: int | None = None
    opens_browser: bool = True


def serve(serving: Serving) -> int:
    """Serve the app on this machine until Ctrl-C. Returns the exit code."""
    port = serving.port if serving.port is not None else find_free_port()
    address = f"http://127.0.0.1:{port}"
    sys.stdout.write(greeting(address))
    sys.stdout.flush()
    if serving.opens_browser:
        threading.Thread(target=_open_when_up, args=(address,), daemon=True).start()
    # The core imports no screen: this is `python -m streamlit run app.py`, without a second process.
    server_options = ["--server.port", str(port), "--logger.hideWelcomeMessage", "true"]
    sys.argv = ["streamlit", "run", str(app_path()), *server_options]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
    return 0


def app_path() -> Path:
    """The app's script: under `refinescope/` where it is installed, beside `refine_core/` in a checkout."""
    beside = Path(__file__).resolve().parents[2]
    installed = beside / "refinescope" / "app.py"
    return installed if installed.exists() else beside / "app.py"


def greeting(address: str) -> str:
    """What the command prints first: name, address, data folder, and how to stop it."""
    from refine_core.store import data_home

    return (
        f"Refinescope {__version__}\n"
        f"Address:      {address}\n"
        f"Data folder:  {data_home()}\n"
        "Press Ctrl-C to stop it.\n"
    )


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


def _open_when_up(url: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1):  # noqa: S310  # our own address
                webbrowser.open(url)
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    logger.warning("the app did not answer at %s within %.0f s", url, START_S)
