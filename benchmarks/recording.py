"""Our side, recorded: Refine with every event committed to a store on disk before the next step.

A process of its own, since a program that records nothing never loads the store.

python -m benchmarks.recording FOLDER        FOLDER: where the store goes
"""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

from benchmarks.ours import AtOnce
from benchmarks.replies import EXPECTED, QUESTION, Chooser, N, never_enough
from benchmarks.sides import Case, serve
from refine_core import (
    Cancel,
    Predict,
    ProgramSpec,
    Record,
    Recorder,
    Refine,
    Scope,
    SqlStore,
    StageSpec,
    Summary,
    configure,
    open_store,
    schedule,
    summarize,
    use_scope,
)
from refine_core.events import RunFinished, RunStarted

SPEC = ProgramSpec(
    stages=(StageSpec("self", "question -> answer"),),
    reward="def reward(args, pred):\n    return 0.0\n",
    inputs={"question": QUESTION},
    N=N,
)


class Appender:
    """Appends records with the summary that they lead to, as the app does."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.summary: Summary | None = None

    def __call__(self, records: Sequence[Record]) -> None:
        for record in records:
            self.summary = summarize(self.summary, record)
        assert self.summary is not None
        self.store.append(records, self.summary)


def recorder(store: SqlStore) -> Recorder:
    """A recorder of a new run in `store`."""
    return Recorder(uuid.uuid4().hex, Appender(store), cancel=Cancel())


def started() -> RunStarted:
    """The first event of a run of SPEC."""
    return RunStarted(SPEC, schedule(0.0, N), ("self",), "benchmark")


def recorded(program: Refine, store: SqlStore) -> None:
    """One whole run, each of its events committed before the next step."""
    with use_scope(Scope(sinks=(recorder(store),))) as scope:
        scope.emit(started())
        went = program(question=QUESTION).refinement
        scope.emit(RunFinished(went.reason, went.best, went.returned, 0.0))


def main() -> None:
    """Serve the case."""
    choose = Chooser()
    configure(lm=AtOnce(choose))
    store = open_store(Path(sys.argv[1]))
    one = Refine(Predict("question -> answer"), N=N, reward_fn=never_enough, threshold=1.0)
    case = Case(lambda: recorded(one, store), EXPECTED["refine"], clock=time.perf_counter)
    serve({"refine, recorded": case}, choose)
    store.close()


if __name__ == "__main__":
    main()
