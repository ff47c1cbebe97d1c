"""A user's dspy script with the two lines, whose model answers when it is told to. Run by dspy's own Python.

python -m tests.interop.told      for each reply a line on standard input: the answer, or the hint where advice is asked for
"""

from __future__ import annotations

import sys
from types import SimpleNamespace as Record
from typing import Any

import dspy  # type: ignore[import-not-found]  # it is in an environment of its own

from refine_core.interop import dspy_recorder
from tests.interop.scenes import one_word, reply


class Told(dspy.BaseLM):  # type: ignore[misc]
    """Says what it is told."""

    def forward(self, prompt: Any = None, messages: Any = None, **kwargs: Any) -> Record:
        told = sys.stdin.readline().strip()
        advises = "reward_code" in messages[-1]["content"]
        text = reply(discussion="d", advice={"self": told}) if advises else reply(answer=told)
        return Record(
            choices=[Record(message=Record(content=text), finish_reason="stop")],
            usage={"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
            model=self.model,
        )


if __name__ == "__main__":
    dspy.configure(lm=Told("scripted/model", cache=False), callbacks=[dspy_recorder()])
    program = dspy.Refine(dspy.Predict("question -> answer"), N=3, reward_fn=one_word, threshold=1.0)
    program(question="What is the capital of Belgium?")
