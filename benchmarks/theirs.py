"""dspy's side: the same programs, reward and replies; its caches, history and logging are off.

python -m benchmarks.theirs             run by the Python of dspy's own environment
"""

from __future__ import annotations

import warnings
from types import SimpleNamespace as Record

import dspy  # type: ignore[import-not-found]  # it is in an environment of its own

from benchmarks.replies import QUESTION, TEXTS, Chooser, N, never_enough
from benchmarks.sides import serve

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
    dspy.configure(lm=AtOnce("at once", cache=False), disable_history=True)
    one = dspy.Refine(dspy.Predict("question -> answer"), N=N, reward_fn=never_enough, threshold=1.0)
    two = dspy.Refine(TwoPredictors(), N=N, reward_fn=never_enough, threshold=1.0)
    best = dspy.BestOfN(dspy.Predict("question -> answer"), N=N, reward_fn=never_enough, threshold=1.0)

    def call(program):
        with dspy.context(trace=[]):  # else the trace of every call would be kept
            program(question=QUESTION)

    cases = {
        "refine": lambda: call(one),
        "two predictors": lambda: call(two),
        "best of n": lambda: call(best),
    }
    serve(cases, choose)


if __name__ == "__main__":
    main()
