"""The process of refine_core.executors.dask.local, as the app that starts and ends it sees it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

CLOSE_S: Final = 10
_DASK_SETTINGS: Final = {
    # A worker that died is begun anew by its nanny; after this time the cluster gives it up for good, if it is not back just then.
    "DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT": "10000 days",
    # It may block a worker for ever: see refine_core.executors.dask.task.
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    # How often each process looks at itself; 50 times a second is for the finest graph of the dashboard.
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "5s",
    "DASK_DISTRIBUTED__WORKER__MEMORY__MONITOR_INTERVAL": "1s",
}


class LocalProcess:
    """A cluster on this machine. workers: how many processes; None: one a core."""

    def __init__(self, workers: int | None) -> None:
        path = [str(Path(__file__).parents[3]), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(  # noqa: S603  # our own module
            [
                sys.executable,
                "-m",
                "refine_core.executors.dask.local",
                *([] if workers is None else [str(workers)]),
            ],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path), **_DASK_SETTINGS},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the app, which ends it
        )

    def wait_for_address(self) -> str:
        """The address of its scheduler. Raises OSError where it ended instead."""
        if self._process.stdout is None or not (line := self._process.stdout.readline()):
            raise OSError("the cluster did not start")
        return line.strip()

    @property
    def ended(self) -> bool:
        """Whether its process has ended."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End it, with its workers."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(CLOSE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
