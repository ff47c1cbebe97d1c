"""dspy's side, the newest or the original: the same programs, reward and replies; its caches and logging are off.

python -m benchmarks.theirs             run by the Python of dspy's own environment

History: the newest keeps none where only time is measured. The original has it as its users do; since it copies all of a
model's history for every attempt, each call has a new model there, so that what is timed is always a first call. In a
batch neither keeps any, for the original would not come to an end. Where earlier calls are what is measured, both do.
"""

from __future__ import annotations

import time
import warnings
from functools import partial
from types import SimpleNamespace as Record

import dspy  # type: ignore[import-not-found]  # it is in an environment of its own

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

ORIGINAL = dspy.__version__.startswith("2.")
choose = Chooser()  # a module's own: dspy copies its models


def _response(text: str) -> Record:
    """As an OpenAI client hands it out."""
    message = Record(content=text, tool_calls=None, reasoning_content=None, provider_specific_fields=None)
    return Record(
        choices=[Record(message=message, finish_reason="stop", logprobs=None)], usage={}, model="at once"
    )


RESPONSES = {name: _response(text) for name, text in TEXTS.items()}


class AtOnce(dspy.BaseLM):
    """Hands out one of three replies, made beforehand. Measured faster than the same as an engine of dspy.LM."""

    def forward(self, prompt=None, messages=None, **_):  # noqa: ARG002 - dspy's own signature
        return RESPONSES[choose(messages[-1]["content"])]


class Slow(AtOnce):
    """Takes its time, as a real model does."""

    def forward(self, prompt=None, messages=None, **_):  # noqa: ARG002 - dspy's own signature
        time.sleep(LATENCY_S)
        return RESPONSES[choose(messages[-1]["content"])]


class TwoPredictors(dspy.Module):
    """A program of two stages."""

    def __init__(self):
        super().__init__()
        self.draft = dspy.Predict("question -> draft")
        self.answer = dspy.Predict("question, draft -> answer")

    def forward(self, question):
        return self.answer(question=question, draft=self.draft(question=question).draft)


def main() -> None:
    """Serve the cases."""
    warnings.simplefilter("ignore")
    dspy.disable_logging()
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
    inner = dspy.Predict("question -> answer")
    one = dspy.Refine(inner, N=N, reward_fn=never_enough, threshold=1.0)
    two = dspy.Refine(TwoPredictors(), N=N, reward_fn=never_enough, threshold=1.0)
    best = dspy.BestOfN(inner, N=N, reward_fn=never_enough, threshold=1.0)
    three = dspy.Refine(inner, N=BATCH_N, reward_fn=never_enough, threshold=1.0)
    steady, remembering, slow = (kind("at once", cache=False) for kind in (AtOnce, AtOnce, Slow))
    dspy.configure(lm=steady)

    def call(program):
        lm = AtOnce("at once", cache=False) if ORIGINAL else steady
        with dspy.context(lm=lm, disable_history=not ORIGINAL, trace=[]):  # else all traces would be kept
            program(question=QUESTION)

    def again(program):
        with dspy.context(lm=remembering, disable_history=False, trace=[]):
            program(question=QUESTION)

    def batch(size):
        examples = [dspy.Example(question=f"{QUESTION} ({i})").with_inputs("question") for i in range(size)]
        with dspy.context(lm=slow, disable_history=True, trace=[]):
            three.batch(examples, num_threads=THREADS, disable_progress_bar=True)

    programs = {"refine": one, "two predictors": two, "best of n": best}
    cases = {name: Case(partial(call, program), EXPECTED[name]) for name, program in programs.items()}
    # Nothing is recorded here: it is what ours, which waits for the disk, is compared with by the same clock.
    cases["refine, recorded"] = Case(partial(call, one), EXPECTED["refine"], clock=time.perf_counter)
    cases["later"] = Case(partial(again, one), EXPECTED["refine"])
    cases["earlier"] = Case(partial(again, inner), asks(1), lambda: None)
    for size in (200, 1000):
        asked = asks(BATCH_N, times=size)
        cases[f"batch of {size}"] = Case(partial(batch, size), asked, partial(batch, 10), time.perf_counter)
    serve(cases, choose)


if __name__ == "__main__":
    main()
