"""Score rows with a reward, in the reward's own worker process.

    rows + source --score_rows--> Scores

Nothing here asks a model; a reward that asks a judge gets the one that is passed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RewardError
from refine_core.rewards import Judge, RewardRunner
from refine_core.rows import Row
from refine_core.spec.limits import REWARD_TIMEOUT_S
from refine_core.workbench.scores import RowError, RowScore, Scores

Progress = Callable[[int, int], None]
_STEP: Final = 20  # rows between two reports of progress


def score_rows(
    rows: Sequence[Row],
    source: str,
    *,
    name: str | None = None,
    judge: Judge | None = None,
    timeout_s: float = REWARD_TIMEOUT_S,
    on_progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Scores:
    """Score every row. A row that fails does not keep the others from their scores.

    source: Python text of the reward. name: which of its functions. judge: answers the reward's `judge(…)`.
    timeout_s: for one row. on_progress: called with (rows done, rows in all), in this thread.
    Raises: RewardError for a source that cannot be loaded, as then no row has a score; WorkerError; RunCancelled.
    """
    began, token = time.perf_counter(), cancel or Cancel()
    with RewardRunner(source, name=name, judge=judge, timeout_s=timeout_s) as runner:
        scored: list[RowScore] = []
        for i, row in enumerate(rows):
            if on_progress is not None and i % _STEP == 0:
                on_progress(i, len(rows))
            scored.append(_score(runner, row, token))
        functions = {runner.name: 1.0}
    return Scores(tuple(scored), "refine", functions, time.perf_counter() - began)


def _score(runner: RewardRunner, row: Row, cancel: Cancel) -> RowScore:
    try:
        result = runner.score({**row.inputs, **row.expected}, row.prediction, cancel)
    except RewardError as error:
        if error.repeats:
            raise
        failed = RowError(error.type_name, error.message, error.line)
        return RowScore(row.id, row.group, error=failed, stdout=error.stdout)
    return RowScore(
        row.id, row.group, result.value, dict(result.parts), result.feedback, stdout=result.stdout
    )
