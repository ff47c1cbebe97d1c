"""The engine of experiments: how close a thousand cells on many threads come to the time in which the model alone would be done.

Every event of every cell is committed to SQLite before the next step, and what became of the cell is kept beside it.
Then: what a look at an experiment of 10,000 runs takes, for the first time in a process and again; and what memory cells leave behind.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from benchmarks.experiment_page import ID, QUICK_ROWS, REPEATS, ROWS, make_home
from benchmarks.ours import Slow
from benchmarks.replies import BATCH_N, LATENCY_S, QUESTION, THREADS, Chooser, never_enough
from benchmarks.sides import STATUS
from benchmarks.table import NotMeasured, Row
from benchmarks.timing import time_median
from refine_core import Predict, Refine
from refine_core.datasets import Column, Dataset, DatasetRow
from refine_core.experiments import Arm, Experiment, Experiments, RateLimit, new_experiment_id
from refine_core.refine.module import BestOfN
from refine_core.refine.program_job import LiveProgram, describe_program
from refine_core.runs import Runs
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.store import open_store

CELLS, FEWER = 1000, 200
MOST = 1.6
FIRST_S, AGAIN_S = 1.0, 0.05
NEVER = "def reward(args, pred):\n    return 0.0\n"
WORKERS = 16  # cells at once with rewards in workers: a worker is a process


def measure(*, quick: bool) -> Iterator[Row | NotMeasured]:
    """quick: a fifth of the cells, once, and a tenth of the runs."""
    cells = FEWER if quick else CELLS
    program = Refine(Predict("question -> answer"), N=BATCH_N, reward_fn=never_enough, threshold=1.0)
    program.module.set_lm(Slow(Chooser()))
    spec = describe_program(LiveProgram(program, {"question": QUESTION}, "program.py"))
    with tempfile.TemporaryDirectory() as folder, closing(Runs(open_store(Path(folder)))) as runs:
        times = [run_experiment(runs, cells, spec, THREADS, program) for _ in range(1 if quick else 3)]
        name = f"an experiment of {cells:,} inputs, {THREADS} threads, N={BATCH_N}, {LATENCY_S * 1000:.0f} ms a call, every event committed"
        yield Row(f"{name}, multiple of the ideal", median(times), "the ideal", 1.0, MOST, "times")
        before = _held_mb()
        run_experiment(runs, cells, spec, THREADS, program)
        if before is not None:
            yield Row(
                f"memory that {cells:,} further cells add",
                (_held_mb() or 0.0) - before,
                "bound",
                10.0,
                1.0,
                "MB",
            )
        worker = ProgramSpec(
            (StageSpec("answer", "question -> answer"),),
            NEVER,
            N=BATCH_N,
            model=ModelSpec("practice", delay_s=LATENCY_S),
        )
        took = run_experiment(runs, cells, worker, WORKERS)
        yield Row(
            f"the same, {WORKERS} at once, the reward in worker processes, multiple of the ideal",
            took,
            unit="times",
        )
    yield from _looks(QUICK_ROWS if quick else ROWS)


def run_experiment(
    runs: Runs, cells: int, spec: ProgramSpec, at_once: int, program: BestOfN | None = None
) -> float:
    """How many times as long as the model alone an experiment takes."""
    rows = [DatasetRow(n, {"question": f"{QUESTION} ({n})"}) for n in range(1, cells + 1)]
    dataset = Dataset("rows", "rows", 1, (Column("question", "input", "question"),), rows)
    experiments = Experiments(runs, lambda *_: dataset)
    one = Experiment(
        new_experiment_id(), "measured", time.time(), "rows", 1, (Arm("a", "Refine", spec),),
        rate_limits={spec.model.label: RateLimit(at_once)},
    )  # fmt: skip
    start = time.perf_counter()
    experiments.start(one, programs={"a": program} if program is not None else None)
    experiments.join(one.id, 600)
    took = time.perf_counter() - start
    snapshot = experiments.get(one.id)
    if snapshot is None or snapshot.state != "finished" or snapshot.spent is None:
        raise RuntimeError(f"the experiment has not finished: {snapshot and snapshot.error}")
    return took / (snapshot.spent.calls * LATENCY_S / at_once)


def _looks(rows: int) -> Iterator[Row]:
    home = make_home(rows)
    size = f"an experiment of {rows * REPEATS * 2:,} runs"
    with closing(Runs(open_store(home))) as runs:
        first = time_median(lambda: Experiments(runs).get(ID), 5)
        again = Experiments(runs)
        again.get(ID)
        yield Row(f"{size}: a look at it, for the first time in a process", first, "bound", FIRST_S, 1.0)
        yield Row(
            f"{size}: the same again, as while it runs",
            time_median(lambda: again.get(ID), 5),
            "bound",
            AGAIN_S,
            1.0,
        )


def _held_mb() -> float | None:
    gc.collect()
    if not STATUS.exists():
        return None
    resident = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmRSS"))
    return int(resident.split()[1]) / 1024
