"""Score rows with a reward of any recognised shape, in the reward's own worker process.

    recognize_reward(source) -> Recognized        rows + Recognized --score_rows--> Scores

No model is asked unless `ask_judge` allows it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from refine_core import runs
from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RewardError
from refine_core.rewards import Judge, RowResult, RowRunner
from refine_core.rewards.shapes import ArgumentQuestion, Recognized, recognize
from refine_core.rows import Row
from refine_core.runs.judge_memory import JudgeCounts, JudgeMemory
from refine_core.runs.judges import JudgeSpec
from refine_core.spec.limits import REWARD_TIMEOUT_S
from refine_core.workbench.judging import asks_judge
from refine_core.workbench.scores import RowError, RowScore, Scores

Progress = Callable[[int, int], None]


def score_rows(
    rows: Sequence[Row],
    reward: Recognized | str,
    *,
    judge: JudgeSpec | None = None,
    ask_judge: bool = False,
    timeout_s: float = REWARD_TIMEOUT_S,
    files: Mapping[str, bytes] | None = None,
    on_progress: Progress | None = None,
    cancel: Cancel | None = None,
    alone: bool = False,
) -> Scores:
    """Score every row. A row that fails does not keep the others from their scores.

    reward: from `recognize`, or the source text of one whose parameters tell what they are. judge: whom the reward's
    `judge(…)` would ask. ask_judge: whether a person allowed that; else it is answered from what was asked before, and a row that
    needs more waits. timeout_s: for one call, of a row, a batch or a group. files: name -> content, put beside the reward.
    on_progress: called with (rows done, rows in all), in this thread. alone: a function that takes lists gets each row by itself.
    Raises: RewardError for a source that cannot be loaded, as then no row has a score, and "ArgumentsUnknown" for one whose
    parameters do not tell; WorkerError; RunCancelled; with a judge, StoreError, as its answers are kept in the user's data folder.
    """
    began = time.perf_counter()
    recognized = _recognized(reward, rows) if isinstance(reward, str) else reward
    counts = JudgeCounts()
    answers = _remembering(judge, counts, ask_judge=ask_judge) if asks_judge(recognized) else None
    with RowRunner(recognized, rows, timeout_s=timeout_s, judge=answers, files=files) as runner:
        waiting = _Waiting(counts)
        results = runner.score(on_progress=on_progress, on_results=waiting.look, cancel=cancel, alone=alone)
        confinement = runner.confinement
    scored = tuple(
        RowScore(row.id, row.group, waits=True) if i in waiting.places else to_row_score(row, result)
        for i, (row, result) in enumerate(zip(rows, results.results, strict=True))
    )
    return Scores(
        scored,
        recognized.shape,
        {one.name: one.weight for one in recognized.functions},
        time.perf_counter() - began,
        judge_calls=counts.calls,
        changed_alone=results.changed_alone,
        refusals=results.refusals,
        confinement=confinement,
    )


_LOOKED_AT = 200


@dataclass(slots=True)
class _Waiting:
    """Places of rows whose judge was not asked. Whatever such a row returned, it is not what it returns with an answer."""

    counts: JudgeCounts
    places: set[int] = field(default_factory=set)
    _missing: int = 0

    def look(self, results: Mapping[int, object]) -> None:
        """Results that have just come: with a judge, those of one call."""
        if self.counts.missing > self._missing:
            self._missing = self.counts.missing
            self.places |= results.keys()


def _remembering(judge: JudgeSpec | None, counts: JudgeCounts, *, ask_judge: bool) -> Judge:
    if judge is None:
        return JudgeMemory().recalling("", counts)
    memory = runs.default().judge_memory
    return (
        memory.answering(judge.connect(), judge.name, counts)
        if ask_judge
        else memory.recalling(judge.name, counts)
    )


def list_columns(rows: Sequence[Row]) -> frozenset[str]:
    """The names of the inputs and expected values that rows have; of many rows the first ones are looked at."""
    return frozenset(name for row in rows[:_LOOKED_AT] for name in (*row.inputs, *row.expected))


def _recognized(source: str, rows: Sequence[Row]) -> Recognized:
    found = recognize(source, columns=list_columns(rows) or None)
    if isinstance(found, ArgumentQuestion):
        raise RewardError(found.message, type_name="ArgumentsUnknown", line=found.line)
    return found


def to_row_score(row: Row, result: RowResult) -> RowScore:
    """A worker's result as the score of its row."""
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
