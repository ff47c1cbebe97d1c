"""Score rows with a reward of any recognised shape, in the reward's own worker process.

    recognize_reward(source) -> Recognized        rows + Recognized --score_rows--> Scores

Nothing here asks a model; a reward that asks a judge gets the one that is passed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RewardError
from refine_core.rewards import Judge, RowResult, RowRunner
from refine_core.rewards.shapes import ArgumentQuestion, Recognized, recognize
from refine_core.rows import Row
from refine_core.spec.limits import REWARD_TIMEOUT_S
from refine_core.workbench.scores import RowError, RowScore, Scores

Progress = Callable[[int, int], None]


def score_rows(
    rows: Sequence[Row],
    reward: Recognized | str,
    *,
    judge: Judge | None = None,
    timeout_s: float = REWARD_TIMEOUT_S,
    files: Mapping[str, bytes] | None = None,
    on_progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Scores:
    """Score every row. A row that fails does not keep the others from their scores.

    reward: from `recognize`, or the source text of one whose parameters tell what they are. judge: answers the reward's
    `judge(…)`. timeout_s: for one call, of a row, a batch or a group. files: name -> content, put beside the reward.
    on_progress: called with (rows done, rows in all), in this thread.
    Raises: RewardError for a source that cannot be loaded, as then no row has a score, and "ArgumentsUnknown" for one whose
    parameters do not tell; WorkerError; RunCancelled.
    """
    began = time.perf_counter()
    recognized = _recognized(reward, rows) if isinstance(reward, str) else reward
    with RowRunner(recognized, rows, timeout_s=timeout_s, judge=judge, files=files) as runner:
        results = runner.score(on_progress=on_progress, cancel=cancel)
        confinement = runner.confinement
    return Scores(
        tuple(_to_score(row, result) for row, result in zip(rows, results.results, strict=True)),
        recognized.shape,
        {one.name: one.weight for one in recognized.functions},
        time.perf_counter() - began,
        changed_alone=results.changed_alone,
        refusals=results.refusals,
        confinement=confinement,
    )


_LOOKED_AT = 200


def list_columns(rows: Sequence[Row]) -> frozenset[str]:
    """The names of the inputs and expected values that rows have; of many rows the first ones are looked at."""
    return frozenset(name for row in rows[:_LOOKED_AT] for name in (*row.inputs, *row.expected))


def _recognized(source: str, rows: Sequence[Row]) -> Recognized:
    found = recognize(source, columns=list_columns(rows) or None)
    if isinstance(found, ArgumentQuestion):
        raise RewardError(found.message, type_name="ArgumentsUnknown", line=found.line)
    return found


def _to_score(row: Row, result: RowResult) -> RowScore:
    error = result.error
    return RowScore(
        row.id,
        row.group,
        result.value,
        result.parts,
        result.feedback,
        None if error is None else RowError(error.type_name, error.message, error.line),
        result.framework_outcome,
        result.stdout,
    )
