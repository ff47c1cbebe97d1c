"""Our side: Refine and BestOfN with a model that answers at once, or after a while.

Nothing is switched off that a user would have: history is kept, as it is by default.

python -m benchmarks.ours
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
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
from refine_core import BaseLM, BestOfN, Example, Module, Predict, Refine, configure, context
from refine_core.lm.types import Reply


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


def main() -> None:
    """Serve the cases."""
    choose = Chooser()
    configure(lm=AtOnce(choose))
    slow = Slow(choose)
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
    cases["later"] = Case(calls["refine"], EXPECTED["refine"])
    cases["earlier"] = Case(calls["refine"], EXPECTED["refine"], lambda: None)
    for size in (200, 1000):
        asked = asks(BATCH_N, times=size)
        cases[f"batch of {size}"] = Case(partial(batch, size), asked, partial(batch, 10), time.perf_counter)
    serve(cases, choose)


if __name__ == "__main__":
    main()
