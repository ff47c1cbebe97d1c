"""Rewards: what they may return, which function of a source is meant, and how one is run apart from us.

    source text --find_reward--> name --RewardRunner--> ScoreResult(value, feedback, parts, stdout, took_s)

    score_conversion.py    what counts as a score; shared by this process and the worker
    score.py               Score, ScoreResult, as_score
    checks/                what reading finds wrong with it
    source.py              which name is the reward, and which line is to blame; reads, never runs
    wire.py                frames between the two processes
    value_codec.py         Python values as JSON and back, with their types
    limits.py              how much of everything a reward may say
    worker_replies.py      what a worker said, checked
    runner.py              RewardRunner: one source, one score at a time, restarted when it must be
    process.py             this side of one worker process: start, send, wait, watch, kill
    folder.py              the worker's folder: bounded, emptied, removed
    worker.py              the other side: the process that runs the user's code
    arguments.py           what it hands to that code: inputs and prediction
    restricted_library.py  what `refine_core` is to that code
    sandbox_refusals.py    what the sandbox refused to it; error_explanations.py says so
    sandbox.py             what that process gives up before it does
    seccomp.py             the system calls that it keeps

The names below are loaded when first used, so that importing this package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from refine_core.rewards.runner import Judge, RewardRunner
    from refine_core.rewards.score import Score, ScoreResult, as_score
    from refine_core.rewards.source import find_error_line, find_reward

_HOME = {
    "Judge": "runner",
    "RewardRunner": "runner",
    "Score": "score",
    "ScoreResult": "score",
    "as_score": "score",
    "find_error_line": "source",
    "find_reward": "source",
}

__all__ = ["Judge", "RewardRunner", "Score", "ScoreResult", "as_score", "find_error_line", "find_reward"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value
