"""dspy's side with callbacks: none, one that does nothing, and the recorder. As its users have it, with its history.

Each call has a model of its own, since dspy 2 copies all of a model's history for every attempt.

python -m benchmarks.recorded_dspy FOLDER       run by the Python of dspy's own environment. FOLDER: where the store goes
"""

from __future__ import annotations

import sys
import time
import warnings
from functools import partial
from typing import Any

import dspy  # type: ignore[import-not-found]  # it is in an environment of its own
from dspy.utils.callback import BaseCallback  # type: ignore[import-not-found]

from benchmarks.replies import EXPECTED, QUESTION, N, never_enough
from benchmarks.sides import Case, serve
from benchmarks.theirs import AtOnce, Slow, choose
from refine_core.interop import dspy_recorder


class Idle(BaseCallback):  # type: ignore[misc]
    """Does nothing: what dspy itself spends once there is a callback."""


def call(program: Any, model: type[Any], callbacks: list[Any]) -> None:
    """One call of a program."""
    lm = model("at once", cache=False)
    with dspy.context(lm=lm, callbacks=callbacks, disable_history=False, trace=[]):
        program(question=QUESTION)


def main() -> None:
    """Serve the cases."""
    warnings.simplefilter("ignore")
    dspy.disable_logging()
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
    inner = dspy.Predict("question -> answer")
    kinds = {"refine": dspy.Refine, "best of n": dspy.BestOfN}
    programs = {name: kind(inner, N=N, reward_fn=never_enough, threshold=1.0) for name, kind in kinds.items()}
    listeners = {"none": [], "idle": [Idle()], "recorder": [dspy_recorder(sys.argv[1])]}
    paces = {"slow": (Slow, time.perf_counter), "at once": (AtOnce, time.thread_time)}
    cases = {
        f"{name}, {pace}, {listener}": Case(
            partial(call, program, model, callbacks), EXPECTED[name], clock=clock
        )
        for name, program in programs.items()
        for pace, (model, clock) in paces.items()
        for listener, callbacks in listeners.items()
    }
    serve(cases, choose)


if __name__ == "__main__":
    main()
