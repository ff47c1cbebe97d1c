"""Where runs work: an experiment on two worker processes of Dask, beside the same one on threads, with as many calls at once in all.

On Dask more cells than calls are under way (MORE_ELSEWHERE of refine_core.experiments.job), as in the app; each call waits its turn.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from benchmarks.experiments import CELLS, FEWER, NEVER, run_experiment
from benchmarks.replies import BATCH_N, LATENCY_S
from benchmarks.table import NotMeasured, Row
from refine_core.executors.dask.cluster import DaskExecutor
from refine_core.executors.protocol import Executor
from refine_core.runs import Runs
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.store import open_store

AT_ONCE = 8
WORKERS = 2
MOST = 1.15
WARM_UP = 2 * AT_ONCE
"""Cells that are run before: processes have begun and imported what they need."""
SPEC = ProgramSpec(
    (StageSpec("answer", "question -> answer"),),
    NEVER,
    N=BATCH_N,
    model=ModelSpec("practice", delay_s=LATENCY_S),
)


def measure(*, quick: bool) -> Iterator[Row]:
    """One row. quick: a fifth of the cells. Raises NotMeasured without Dask."""
    if find_spec("distributed") is None:
        raise NotMeasured('Dask is not installed: pip install "refinescope[dask]".')
    cells = FEWER if quick else CELLS
    on_threads = _times_ideal(cells, None)
    on_dask = _times_ideal(cells, lambda: DaskExecutor(workers=WORKERS))
    name = (
        f"an experiment of {cells:,} inputs on Dask, {WORKERS} workers, {AT_ONCE} calls at once, N={BATCH_N}, "
        f"{LATENCY_S * 1000:.0f} ms a call, every event committed, multiple of the ideal"
    )
    yield Row(name, on_dask, "threads", on_threads, MOST, "times")


def _times_ideal(cells: int, open_executor: Callable[[], Executor] | None) -> float:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Runs(open_store(Path(folder)), open_executor)) as runs,
    ):
        run_experiment(runs, WARM_UP, SPEC, AT_ONCE)
        return run_experiment(runs, cells, SPEC, AT_ONCE)
