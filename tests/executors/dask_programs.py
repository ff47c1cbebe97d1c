"""A scheduler and workers of Dask as processes of their own, as an administrator starts them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.processes import find_children, find_free_port
from tests.threads import eventually

ROOT = Path(__file__).parents[2]


class Dask:
    """A scheduler with that many workers, each under a nanny that begins another one where it dies."""

    def __init__(self, workers: int) -> None:
        self._folder = TemporaryDirectory()
        self._log = (Path(self._folder.name) / "log").open("wb")
        self.address = f"tcp://127.0.0.1:{find_free_port()}"
        host, port = self.address.removeprefix("tcp://").split(":")
        self._scheduler = self._start("scheduler", "--host", host, "--port", port, "--no-show")
        self._workers = [
            self._start("worker", self.address, "--nthreads", "1", "--no-dashboard", "--local-directory", self._folder.name)
            for _ in range(workers)
        ]  # fmt: skip

    def wait(self) -> None:
        """Wait until every worker is there."""
        from distributed import Client

        with Client(self.address, timeout=30) as client:
            client.wait_for_workers(len(self._workers), timeout=60)

    def kill_worker(self, place: int) -> None:
        """Kill the process of a worker, not that of its nanny."""
        nanny = self._workers[place].pid
        victims = eventually(lambda: find_children(nanny))
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """End them all."""
        for process in (*self._workers, self._scheduler):
            process.terminate()
        for process in (*self._workers, self._scheduler):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)
        self._log.close()
        self._folder.cleanup()

    def _start(self, what: str, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=self._log,
            stderr=self._log,
        )
