"""Apps that are up within a second.

To start one takes four seconds of processor time, nearly all of it imports. Here one process imports what all apps do, and
forks each of them, which then is `streamlit run` like any other: a process with an environment and a log of its own, which
can be killed.

forks()                                     whether this system can; where it cannot, each app is started by itself
start_warm(arguments, environment, log)     `streamlit` with these arguments
stop_warm()                                 ends the process that forks, and apps that nobody has stopped

Run as a script, this is that process: it reads an app a line, and writes the number of its process.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from refine_core.lm.process_wide import prepare_litellm_import

ROOT = Path(__file__).parents[2]


class Warm:
    """An app that was forked; used like `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Return None for as long as it runs, then 0: only its parent is told how it ended."""
        return 0 if select.select([self._handle], [], [], 0)[0] else None

    def wait(self, timeout: float | None = None) -> int:
        if not select.select([self._handle], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("streamlit", timeout or 0)
        return 0

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __del__(self) -> None:
        os.close(self._handle)


_parents: list[subprocess.Popen[str]] = []


def forks() -> bool:
    return hasattr(os, "fork") and hasattr(os, "pidfd_open")


def start_warm(arguments: list[str], environment: dict[str, str], log: Path) -> Warm:
    if not _parents:
        command = [sys.executable, "-m", "tests.browser.warm"]
        pipe = subprocess.PIPE
        _parents.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT))
    (parent,) = _parents
    app = {"arguments": arguments, "environment": environment, "log": str(log)}
    parent.stdin.write(json.dumps(app) + "\n")
    parent.stdin.flush()
    return Warm(int(parent.stdout.readline()))


def stop_warm() -> None:
    while _parents:
        _parents.pop().communicate()


def _import_all() -> None:
    """What an app imports until its first pages are drawn and a first model is asked. No page is drawn, nothing is opened."""
    prepare_litellm_import()
    for name in ("streamlit.web.cli", "streamlit.web.server.starlette", "pandas", "litellm"):
        import_module(name)
    for name in ("open", "migrations"):
        import_module(f"refine_core.store.{name}")
    for file in sorted((ROOT / "pages").rglob("*.py")):
        if file.name != "page.py":  # which draws
            import_module(".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))


_apps: set[int] = set()


def _reap(number: int, frame: object) -> None:
    with suppress(ChildProcessError):
        while ended := os.waitpid(-1, os.WNOHANG)[0]:
            _apps.discard(ended)


def _become(app: dict) -> None:
    """Go on as if this process had been started as that app."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    out = os.open(app["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for own, given in ((0, nothing), (1, out), (2, out)):
        os.dup2(given, own)
    os.environ.clear()
    os.environ.update(app["environment"])
    sys.argv = ["streamlit", *app["arguments"]]
    import_module("streamlit.web.cli").main(prog_name="streamlit")


def _main() -> None:
    _import_all()
    signal.signal(signal.SIGCHLD, _reap)
    for line in sys.stdin:
        if pid := os.fork():
            _apps.add(pid)
            sys.stdout.write(f"{pid}\n")
            sys.stdout.flush()
        else:
            return _become(json.loads(line))
    for pid in [*_apps]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    return None


if __name__ == "__main__":
    _main()
