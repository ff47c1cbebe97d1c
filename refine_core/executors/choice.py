"""Which executor was chosen: REFINESCOPE_EXECUTOR.

unset, "threads"        threads of this process
"dask"                  a local cluster of Dask, a process for each core; "dask:4" of four
"dask:tcp://host:8786"  the cluster with that scheduler
"""

from __future__ import annotations

import os
from typing import Final

from refine_core.executors.protocol import Executor, ExecutorError

VARIABLE: Final = "REFINESCOPE_EXECUTOR"


def chosen_executor() -> str:
    """What REFINESCOPE_EXECUTOR says; "" for threads of this process. Read at each call."""
    chosen = os.environ.get(VARIABLE, "").strip()
    return "" if chosen == "threads" else chosen


def check_executor(chosen: str) -> None:
    """Raise ExecutorError for a name that is none; "" is threads of this process."""
    if chosen.partition(":")[0] not in ("", "dask"):
        raise ExecutorError(
            f"{VARIABLE} is {chosen!r}, which Refinescope does not know; write dask, dask:tcp://host:8786, or leave it unset."
        )


def open_executor(chosen: str) -> Executor:
    """The executor of that name. Raises ExecutorError, also for a name that is none."""
    check_executor(chosen)
    where = chosen.partition(":")[2]
    from refine_core.executors.dask.cluster import DaskExecutor

    if where.isdecimal():
        return DaskExecutor(workers=max(1, int(where)))
    return DaskExecutor(where or None)
