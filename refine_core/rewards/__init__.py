"""Rewards: what they may return, which function of a source is the reward, and how it is run in a process of its own.

    source text --find_reward--> name --RewardRunner--> ScoreResult(value, feedback, parts, stdout, took_s)

    score_conversion.py    what counts as a score; shared by this process and the worker
    score.py               Score, ScoreResult, as_score
    checks/                what reading the source finds wrong with it
    source.py              which name is the reward, and on which line an error is shown; reads, never runs
    repeating_errors.py    whether an error will come again in every attempt
    shapes/                functions written for other frameworks: which, how they are called, what they return

    rows + Recognized --RowRunner--> RowResults      many rows with functions of any shape, in one worker

    row + Recognized --XrayRunner--> RowXray      the same for one row, with what each line did

    runner.py              RewardRunner: one source, one score at a time; a worker that failed is replaced
    row_runner.py          RowRunner: many rows, in slices of time; row_frames.py: on their way; row_replies.py: their scores
    xray_runner.py         XrayRunner: one row under X-ray; xray_replies.py: its traces; xray/: what runs in the worker for it
    exchange.py            one request to the worker, and its reply
    judge.py               the model that a reward may ask
    judge_calls.py         how often a source may ask it, before anything is spent
    failures.py            ways in which the worker fails, and the errors that they become
    process.py             this side of one worker process: start, send, wait, watch, kill
    spawn.py               with which code, environment and files it is started
    folder.py              its folder: bounded, emptied, removed
    process_resources.py   what else it holds that the kernel does not limit
    worker_replies.py      its frames, checked before use

    wire.py                frames between the two processes
    value_codec.py         Python values as JSON and back, with their types
    limits.py              how much of everything a reward may return

    worker.py              the other side: the process that runs the user's code
    channel.py             its end of the channel
    error_frames.py        errors as frames; error_report.py: what the user's code raised; error_explanations.py: what Python's message lacks
    reward_module.py       the module that the source runs in
    arguments.py           what it passes to that code: inputs and prediction
    sandbox_api.py         what else that code meets: its output, its time limit
    restricted_library.py  what `refine_core` is to that code
    sandbox.py             what the process gives up before it runs that code; seccomp.py: the system calls that it keeps
    sandbox_refusals.py    notices what the sandbox refused

The names below are loaded when first used, so that importing this package costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from refine_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from refine_core.rewards.judge import Judge
    from refine_core.rewards.row_frames import ScorableRow
    from refine_core.rewards.row_runner import RowResult, RowResults, RowRunner
    from refine_core.rewards.runner import RewardRunner
    from refine_core.rewards.score import Score, ScoreResult, as_score
    from refine_core.rewards.source import find_error_line, find_reward
    from refine_core.rewards.xray_runner import RowXray, XrayRunner

__all__ = [
    "Judge",
    "RewardRunner",
    "RowResult",
    "RowResults",
    "RowRunner",
    "RowXray",
    "ScorableRow",
    "Score",
    "ScoreResult",
    "XrayRunner",
    "as_score",
    "find_error_line",
    "find_reward",
]

_HOME = {
    "judge": ("Judge",),
    "row_frames": ("ScorableRow",),
    "row_runner": ("RowResult", "RowResults", "RowRunner"),
    "runner": ("RewardRunner",),
    "score": ("Score", "ScoreResult", "as_score"),
    "source": ("find_error_line", "find_reward"),
    "xray_runner": ("RowXray", "XrayRunner"),
}

if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, _HOME)
