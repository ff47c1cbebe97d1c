"""Servers for the screen's measures: the console command, and Streamlit's hello world; one process and one home each."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sides import ROOT
from benchmarks.table import NotMeasured

COMMAND = "import sys; from refine_core.cli import main; sys.exit(main())"  # what the console script does
HELLO = 'import streamlit as st; st.write("Hello, world")\n'
LONGEST_S = 60.0


@dataclass(slots=True)
class Server:
    """A server's process. started: when, by time.perf_counter. log: what it printed."""

    process: subprocess.Popen[bytes]
    port: int
    started: float
    log: Path

    def wait(self) -> str:
        """The address, as soon as the port answers. Raises NotMeasured if it never does."""
        deadline = time.perf_counter() + LONGEST_S
        while time.perf_counter() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return f"http://127.0.0.1:{self.port}"
            time.sleep(0.01)
        raise NotMeasured(f"a server did not start: {self.log.read_text(errors='replace').strip()[-300:]}")


@contextmanager
def refinescope(home: Path) -> Iterator[Server]:
    """The console command, with its runs in `home`."""
    with _serving(
        home, lambda port: [sys.executable, "-c", COMMAND, "--no-browser", "--port", str(port)], ROOT
    ) as it:
        yield it


@contextmanager
def hello(home: Path) -> Iterator[Server]:
    """`streamlit run` of one line, as a newcomer would write it."""
    script = home / "hello.py"
    script.write_text(HELLO)

    def command(port: int) -> Sequence[str]:
        options = [
            "--server.port",
            str(port),
            "--server.headless",
            "true",
            "--browser.gatherUsageStats",
            "false",
        ]
        return [sys.executable, "-m", "streamlit", "run", str(script), *options]

    with _serving(home, command, home) as it:
        yield it


def chromium() -> str | None:
    """The Chromium that CHROMIUM names, or the system's; None for Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def _serving(home: Path, command, folder: Path) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = home / "server.log"
    own = {"HOME": str(home), "USERPROFILE": str(home), "REFINESCOPE_HOME": str(home)}
    with log.open("wb") as out:
        started = time.perf_counter()
        process = subprocess.Popen(
            command(port), cwd=folder, env={**os.environ, **own}, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            yield Server(process, port, started, log)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
