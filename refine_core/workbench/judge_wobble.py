"""How much a judge wobbles: the same outputs judged several times, each time anew.

    estimate_rejudging(recognized, rows, judge, times, runs) -> JudgeEstimate      the price, before anything is asked
    judge_repeatedly(rows, recognized, judge, times) -> Rejudged(scores, wobble)

Each time is a rollout of its own, so that neither the cache of calls nor the memory of answers gives an earlier answer; the
model's settings are those that the judge always has. Answers are kept under their rollout: asked for again, they are free.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from refine_core import runs
from refine_core.concurrency.cancellation import Cancel
from refine_core.errors import RewardError, RunCancelled
from refine_core.formatting import format_number, format_score, pluralize
from refine_core.log.timeline import Timeline
from refine_core.rewards import Judge, RowResult, RowRunner
from refine_core.rewards.shapes import Recognized
from refine_core.rows import Row
from refine_core.runs.judge_memory import JudgeCounts
from refine_core.runs.judges import JudgeEstimate, JudgeSpec, estimate_cost
from refine_core.spec.limits import REWARD_TIMEOUT_S
from refine_core.statistics import Wobble, judge_wobble
from refine_core.workbench.judging import estimate_calls
from refine_core.workbench.scoring import Progress

MAX_TIMES: Final = 50
_PROMPT_CHARACTERS: Final = 600  # what the instructions around an output take, about


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What came of judging outputs several times.

    scores: of each row, in the order in which they were given; without those that failed or were unscored. times: how often
    every row was to be judged. calls: to the model; what was known already is none. failures: message -> how often.
    stopped: whether it was cancelled before the end; what was judged until then is here.
    """

    scores: tuple[tuple[float, ...], ...]
    times: int
    calls: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    stopped: bool = False

    @property
    def _finite(self) -> list[list[float]]:
        return [[one for one in row if math.isfinite(one)] for row in self.scores]

    def wobble(self, threshold: float | None = None) -> Wobble:
        """Its figures. threshold: which rows may cross."""
        return judge_wobble(self.scores, threshold)

    def describe(self, threshold: float | None = None) -> str:
        """The figures as a sentence: "The scores of one output differ by 0.08 (standard deviation). 3 of 8 rows cross …"."""
        wobble = self.wobble(threshold)
        repeated = sum(len(row) > 1 for row in self.scores)
        if wobble.mean_deviation is None:
            return "No row has two scores yet, so nothing can be said of how much the judge wobbles."
        if not any(wobble.deviations):
            given = {score for row in self.scores for score in row}
            alike = (
                f" All rows got {format_score(given.pop())}: it does not tell them apart."
                if len(given) == 1 < repeated
                else ""
            )
            return f"The judge gave {'each row' if repeated > 1 else 'the row'} the same score every time.{alike}"
        spread = f"The scores of one output differ by {format_score(wobble.mean_deviation, [0.0])} on average (standard deviation).{self._compare_with_rows(wobble.mean_deviation)}"
        if wobble.crossing is None or threshold is None:
            return spread
        crossing = round(wobble.crossing * repeated)
        rows = f"{crossing} of {pluralize(repeated, 'row')}" if crossing else "No row"
        verb = "crosses" if crossing <= 1 else "cross"
        return f"{spread} {rows} {verb} the threshold {format_number(threshold)} from one time to the next."

    @property
    def wobbles(self) -> bool:
        """Whether an output got two different scores."""
        return any(self.wobble().deviations)

    def headline(self) -> str:
        """What a person has to know first; "" where no row has two scores."""
        repeated = [row for row in self._finite if len(row) > 1]
        if not repeated:
            return ""
        if not self.wobbles:
            return "The judge is steady: asked again, it gives the same score. Whether it is right, only labelled rows can tell."
        widest = max(repeated, key=lambda row: max(row) - min(row))
        low, high = min(widest), max(widest)
        return f"The judge wobbles: the same output got {format_score(low)} one time and {format_score(high)} another."

    def _compare_with_rows(self, deviation: float) -> str:
        """How large that is: beside what the rows differ by, where that is less."""
        averages = [statistics.fmean(row) for row in self._finite if row]
        if len(averages) < 2:  # noqa: PLR2004  # two to compare
            return ""
        between = statistics.stdev(averages)
        if deviation < between:
            return ""
        return (
            f" The averages of the rows differ by {format_score(between, [0.0])}, which is no more than that: "
            "one score does not tell these rows apart."
        )


def estimate_rejudging(
    recognized: Recognized,
    rows: Sequence[Row],
    judge: JudgeSpec | None,
    times: int,
    timelines: Iterable[Timeline],
) -> JudgeEstimate:
    """What judging these rows so often takes at most. timelines: of runs whose judge calls tell what one costs."""
    once = estimate_calls(recognized, len(rows), judge, ())
    texts = [f"{dict(row.inputs)}{dict(row.prediction)}" for row in rows[:20]]
    characters = _PROMPT_CHARACTERS + sum(map(len, texts)) // max(1, len(texts))
    return estimate_cost(once.calls * times, None if judge is None else judge.model, timelines, characters)


def judge_repeatedly(
    rows: Sequence[Row],
    recognized: Recognized,
    judge: JudgeSpec,
    *,
    times: int,
    timeout_s: float = REWARD_TIMEOUT_S,
    on_progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Rejudged:
    """Score every row `times` times, and ask the judge anew each time. A person has to allow that: it costs calls.

    on_progress: called with (scores done, scores in all), in this thread. A cancel ends it with what there is.
    Raises: ValueError for fewer than 1 or more than MAX_TIMES times; RewardError for a source that cannot be loaded; LMKeyError;
    WorkerError; RunCancelled only if nothing was judged.
    """
    if not 1 <= times <= MAX_TIMES:
        raise ValueError(f"a judge can be asked 1 to {MAX_TIMES} times, not {times}")
    memory, counts = runs.default().judge_memory, JudgeCounts()
    judges = [
        memory.answering(judge.connect(rollout), f"{judge.name} rollout {rollout}", counts)
        for rollout in range(1, times + 1)
    ]
    taken = _Taken(len(rows))
    turn = 0

    def ask(signature: str, /, **inputs: object) -> Mapping[str, object]:
        return judges[turn](signature, **inputs)

    asked: Judge = ask
    stopped = False
    with RowRunner(recognized, rows, timeout_s=timeout_s, judge=asked) as runner:
        for turn in range(times):  # `ask` reads it
            done = turn * len(rows)
            report = (
                None if on_progress is None else lambda n, _, d=done: on_progress(d + n, times * len(rows))
            )
            try:
                runner.score(on_progress=report, on_results=taken.take, cancel=cancel, alone=True)
            except RunCancelled:
                if not any(taken.scores):
                    raise
                stopped = True
                break
    return Rejudged(tuple(map(tuple, taken.scores)), times, counts.calls, taken.failures, stopped)


class _Taken:
    """Scores as they come."""

    def __init__(self, rows: int) -> None:
        self.scores: list[list[float]] = [[] for _ in range(rows)]
        self.failures: dict[str, int] = {}

    def take(self, results: Mapping[int, RowResult]) -> None:
        for i, result in results.items():
            if result.value is not None:
                self.scores[i].append(result.value)
            else:
                message = _describe(result.error)
                self.failures[message] = self.failures.get(message, 0) + 1


def _describe(error: RewardError | None) -> str:
    return "the reward gave no score" if error is None else error.message
