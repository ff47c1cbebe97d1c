"""An experiment of three arms, and a process that runs it: python -m tests.executors.three_arms DATABASE SCHEDULER ROWS."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import replace
from functools import partial

from refine_core.datasets import Column, Dataset, DatasetRow
from refine_core.executors.dask.cluster import DaskExecutor
from refine_core.experiments import Arm, Experiment, Experiments, RateLimit
from refine_core.runs import Runs
from refine_core.spec import ModelSpec, ProgramSpec, StageSpec
from refine_core.store import open_store

ID = "20261201-000000-0a0b0c0d"
SPEC = ProgramSpec(
    (StageSpec("answer", "question -> answer"),),
    "def reward(args, pred):\n    return float(len(pred.answer) % 7) / 7\n",
    N=3,
    threshold=0.8,
    model=ModelSpec("practice", delay_s=0.05),
)


def make_experiment() -> Experiment:
    arms = tuple(Arm(strategy[0], strategy, replace(SPEC, strategy=strategy)) for strategy in ("refine", "best_of_n", "single"))  # type: ignore[arg-type]  # fmt: skip
    return Experiment(ID, "three arms", 1.0, "rows", 1, arms, rate_limits={SPEC.model.label: RateLimit(6)})


def open_experiments(runs: Runs, rows: int) -> Experiments:
    inputs = [
        DatasetRow(n, {"question": f"How long is a piece of string, number {n}?"}) for n in range(1, rows + 1)
    ]
    dataset = Dataset("rows", "rows", 1, (Column("question", "input", "question"),), inputs)
    return Experiments(runs, lambda *_: dataset)


def main(database: str, scheduler: str, rows: str) -> None:
    with closing(Runs(open_store(database=database), partial(DaskExecutor, scheduler))) as runs:
        experiments = open_experiments(runs, int(rows))
        experiments.start(make_experiment())
        experiments.join(ID, 600)


if __name__ == "__main__":
    main(*sys.argv[1:])
