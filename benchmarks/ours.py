"""Our side: Refine and BestOfN with a model that answers at once, unrecorded, and recorded event by event on disk.

python -m benchmarks.ours FOLDER        FOLDER: where the store of the recorded runs goes
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from benchmarks.replies import QUESTION, TEXTS, Chooser, N, never_enough
from benchmarks.sides import serve
from refine_core import (
    BaseLM,
    BestOfN,
    Cancel,
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
    store = open_store(Path(sys.argv[1]))
    one = Refine(Predict("question -> answer"), N=N, reward_fn=never_enough, threshold=1.0)
    two = Refine(TwoPredictors(), N=N, reward_fn=never_enough, threshold=1.0)
    best = BestOfN(Predict("question -> answer"), N=N, reward_fn=never_enough, threshold=1.0)
    cases = {
        "refine": lambda: one(question=QUESTION),
        "two predictors": lambda: two(question=QUESTION),
        "best of n": lambda: best(question=QUESTION),
        "refine, recorded": lambda: recorded(one, store),
    }
    serve(cases, choose)
    store.close()


if __name__ == "__main__":
    main()
