"""Our side: Refine and BestOfN with a model that answers at once, unrecorded, and recorded event by event on disk.

Nothing is switched off that a user would have: history is kept, as it is by default.

python -m benchmarks.ours FOLDER        FOLDER: where the store of the recorded runs goes
"""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

from benchmarks.replies import (
    BATCH_N,
    EXPECTED,
    LATENCY_S,
    QUESTION,
    TEXTS,
    THREADS,
    Chooser,
    N,
    asks,
    never_enough,
)
from benchmarks.sides import Case, serve
from refine_core import (
    BaseLM,
    BestOfN,
    Cancel,
    Example,
    Module,
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
    context,
    open_store,
    schedule,
    summarize,
    within,
)
from refine_core.events import RunFinished, RunStarted
from refine_core.lm.base import Reply

SPEC = ProgramSpec(
    stages=(StageSpec("self", "question -> answer"),),
    reward="def reward(args, pred):\n    return 0.0\n",
    inputs={"question": QUESTION},
    N=N,
)


class AtOnce(BaseLM):
    """Hands out one of three replies, made beforehand."""

    kind: ClassVar[Literal["scripted"]] = "scripted"

    def __init__(self, choose: Chooser) -> None:
        super().__init__("at once", temperature=0.0)
        self.choose = choose
        self.replies = {name: Reply(text) for name, text in TEXTS.items()}

    def complete(self, messages: Sequence[Mapping[str, str]], *_: Any, **__: Any) -> Reply:
        return self.replies[self.choose(messages[-1]["content"])]


class Slow(AtOnce):
    """Takes its time, as a real model does."""

    def complete(self, messages: Sequence[Mapping[str, str]], *_: Any, **__: Any) -> Reply:
        time.sleep(LATENCY_S)
        return self.replies[self.choose(messages[-1]["content"])]


class TwoPredictors(Module):
    """A program of two stages."""

    def __init__(self) -> None:
        self.draft = Predict("question -> draft")
        self.answer = Predict("question, draft -> answer")

    def forward(self, question: str) -> Any:
        return self.answer(question=question, draft=self.draft(question=question).draft)


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
    with within(Scope(sinks=(recorder(store),))) as scope:
        scope.emit(started())
        went = program(question=QUESTION).refinement
        scope.emit(RunFinished(went.reason, went.best, went.returned, 0.0))


def main() -> None:
    """Serve the cases."""
    choose = Chooser()
    configure(lm=AtOnce(choose))
    slow = Slow(choose)
    store = open_store(Path(sys.argv[1]))
    one = Refine(Predict("question -> answer"), N=N, reward_fn=never_enough, threshold=1.0)
    two = Refine(TwoPredictors(), N=N, reward_fn=never_enough, threshold=1.0)
    best = BestOfN(Predict("question -> answer"), N=N, reward_fn=never_enough, threshold=1.0)
    three = Refine(Predict("question -> answer"), N=BATCH_N, reward_fn=never_enough, threshold=1.0)

    def batch(size: int) -> None:
        examples = [Example(question=f"{QUESTION} ({i})").with_inputs("question") for i in range(size)]
        with context(lm=slow):
            three.batch(examples, num_threads=THREADS, disable_progress_bar=True)

    calls = {
        "refine": lambda: one(question=QUESTION),
        "two predictors": lambda: two(question=QUESTION),
        "best of n": lambda: best(question=QUESTION),
    }
    cases = {name: Case(run, EXPECTED[name]) for name, run in calls.items()}
    cases["refine, recorded"] = Case(
        lambda: recorded(one, store), EXPECTED["refine"], clock=time.perf_counter
    )
    cases["later"] = Case(calls["refine"], EXPECTED["refine"])
    cases["earlier"] = Case(calls["refine"], EXPECTED["refine"], lambda: None)
    for size in (200, 1000):
        asked = asks(BATCH_N, times=size)
        cases[f"batch of {size}"] = Case(partial(batch, size), asked, partial(batch, 10), time.perf_counter)
    serve(cases, choose)
    store.close()


if __name__ == "__main__":
    main()
