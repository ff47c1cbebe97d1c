"""A cluster of Dask on this machine, in a process of its own: python -m refine_core.executors.dask.local WORKERS.

It prints the address of its scheduler, and ends once its standard input does: with the app that started it, however that ended. A process
of its own, since the workers are begun anew from the main module of theirs, which in the app is the page that was drawn last.
"""

from __future__ import annotations

import logging
import sys

from distributed import LocalCluster


def main(workers: int | None) -> None:
    """Serve until standard input ends. workers: how many processes; None: one a core."""
    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        host="127.0.0.1",
    ) as cluster:
        print(cluster.scheduler_address, flush=True)  # noqa: T201  # whoever started it reads it
        sys.stdin.read()
        logging.getLogger("distributed.nanny").setLevel(
            logging.ERROR
        )  # that a worker is slow to end is no matter now


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)
