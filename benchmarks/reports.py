"""What it takes to write a run as one HTML file, and how large the file is.

python -m benchmarks --only report
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchmarks.comparing import time_of
from benchmarks.table import Row
from refine_core.export.report import write_html
from refine_core.log.scope import Record
from refine_core.runs import Runs
from refine_core.spec import ProgramSpec
from refine_core.spec.examples import EXAMPLES
from refine_core.store.memory import MemoryStore

MANY = 200
BOUND_S = 1.0
BOUND_FEW_MB, BOUND_MANY_MB = 0.15, 2.0
RUN_S = 300


def measure(*, quick: bool) -> Iterator[Row]:
    """The rows. quick: three readings instead of nine."""
    long = _run(replace(EXAMPLES["length"].spec, N=MANY, threshold=5.0))
    took = time_of(lambda: write_html(long), 3 if quick else 9)
    yield Row(f"A run of {MANY} attempts as one HTML file", took, "bound", BOUND_S, 1.0)
    yield Row("the same: size of the file", _size_mb(long), "bound", BOUND_MANY_MB, 1.0, unit="MB")
    few = (replace(example.spec, N=5, threshold=5.0) for example in EXAMPLES.values())
    largest = max(_size_mb(_run(spec)) for spec in few)
    yield Row(
        "The largest file of five attempts of a worked example",
        largest,
        "bound",
        BOUND_FEW_MB,
        1.0,
        unit="MB",
    )


def _size_mb(records: Sequence[Record]) -> float:
    return len(write_html(records).encode()) / 1e6


def _run(spec: ProgramSpec) -> Sequence[Record]:
    """The records of a run on the practice model, with the prompts of a real one."""
    runs = Runs(MemoryStore())
    run_id = runs.start(spec)
    runs.join(run_id, RUN_S)
    return runs.events(run_id)
