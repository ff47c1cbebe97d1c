"""The workbench: rewards tried on outputs that are already there, without a model call.

rows + reward --score_rows--> Scores(rows: RowScore …, summary)

scores.py         a score a row, or why there is none; all of them summed up
scoring.py        rows scored in the reward's worker
judge_wobble.py   the same rows judged several times
kept_jobs.py      work that goes on while nobody looks, and is kept
row_sources.py    rows of saved runs, and rows that a person brought
saved_rewards.py  rewards under a name, with versions
"""

from __future__ import annotations

from refine_core.concurrency.background import Job, Work
from refine_core.rewards.checks import Fields, Finding, check_recognized
from refine_core.rewards.shapes import (
    SHAPES,
    ArgumentQuestion,
    Recognized,
    RewardFunction,
    Shape,
    describe_function,
    describe_shape,
    recognize,
)
from refine_core.rewards.shapes.types import ROLES
from refine_core.rows import Row, RowSet
from refine_core.runs.judges import JudgeEstimate, JudgeSpec, judge_of_run
from refine_core.workbench.isolation import Isolation, SelfTest, probe_isolation
from refine_core.workbench.judge_wobble import Rejudged, estimate_rejudging, judge_repeatedly
from refine_core.workbench.judging import asks_judge, estimate_calls
from refine_core.workbench.kept_jobs import KeptJobs, Scoring
from refine_core.workbench.reading import (
    Reading,
    RunReward,
    is_another_reward,
    keeps_reward,
    list_fields_read,
    pack_reading,
    read_for_run,
    read_reward_source,
    reads_on,
    unpack_reading,
)
from refine_core.workbench.row_sources import (
    RUN,
    RowSource,
    find_runs,
    keep_rows,
    label_row,
    load_source,
    run_ref,
)
from refine_core.workbench.run_what_if import WhatIfAnswer, ask_what_if
from refine_core.workbench.saved_rewards import (
    RewardVersion,
    SavedReward,
    compare_versions,
    count_changed_lines,
    list_rewards,
    list_uses,
    read_reward,
    remove_reward,
    restore_reward,
    save_reward,
)
from refine_core.workbench.scores import ErrorCount, RowError, RowScore, Scores, State, Summary, summarize
from refine_core.workbench.scoring import list_columns, score_rows

__all__ = [
    "ROLES",
    "RUN",
    "SHAPES",
    "ArgumentQuestion",
    "ErrorCount",
    "Fields",
    "Finding",
    "Isolation",
    "Job",
    "JudgeEstimate",
    "JudgeSpec",
    "KeptJobs",
    "Reading",
    "Recognized",
    "Rejudged",
    "RewardFunction",
    "RewardVersion",
    "Row",
    "RowError",
    "RowScore",
    "RowSet",
    "RowSource",
    "RunReward",
    "SavedReward",
    "Scores",
    "Scoring",
    "SelfTest",
    "Shape",
    "State",
    "Summary",
    "WhatIfAnswer",
    "Work",
    "ask_what_if",
    "asks_judge",
    "check_recognized",
    "compare_versions",
    "count_changed_lines",
    "describe_function",
    "describe_shape",
    "estimate_calls",
    "estimate_rejudging",
    "find_runs",
    "is_another_reward",
    "judge_of_run",
    "judge_repeatedly",
    "keep_rows",
    "keeps_reward",
    "label_row",
    "list_columns",
    "list_fields_read",
    "list_rewards",
    "list_uses",
    "load_source",
    "pack_reading",
    "probe_isolation",
    "read_for_run",
    "read_reward",
    "read_reward_source",
    "reads_on",
    "recognize",
    "remove_reward",
    "restore_reward",
    "run_ref",
    "save_reward",
    "score_rows",
    "scorings",
    "self_test",
    "summarize",
    "unpack_reading",
]

scorings: KeptJobs[Scores] = KeptJobs()
"""The scorings of this process."""

self_test = SelfTest()
"""The self-test of this process."""
