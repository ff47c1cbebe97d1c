"""What a recorded run would have done, and a sentence about it.

read_what_if(bench) -> Question | None        describe_run -> verdict        (its pictures: pages.shared.what_if_pictures)
"""

from __future__ import annotations

from dataclasses import dataclass

from pages.rewards import fields
from pages.rewards.bench import Bench
from pages.rewards.threshold import choose_threshold
from refine_core import workbench
from refine_core.formatting import format_score, pluralize
from refine_core.rows import attempt_index
from refine_core.runs import Timeline
from refine_core.what_if import ThresholdStep, WhatIf
from refine_core.workbench import RowScore, RowSource, State


@dataclass(frozen=True)
class Question:
    """A run, what it would have done, and where its rows are.

    first: position of its first row. threshold: the one that is asked about. scores: of its rows.
    """

    source: RowSource
    timeline: Timeline
    first: int
    scores: tuple[RowScore, ...]
    threshold: float | None
    answer: WhatIf
    curve: tuple[ThresholdStep, ...]

    @property
    def positions(self) -> dict[int, int]:
        """Number of an attempt -> position of its row."""
        return {attempt_index(row) + 1: self.first + i for i, row in enumerate(self.source.rows)}

    def state_of(self, number: int) -> State:
        """What became of that attempt."""
        score = self.score_of(number)
        return "failed" if score is None else score.state

    def score_of(self, number: int) -> RowScore | None:
        """The new score of that attempt, if it has a row."""
        position = self.positions.get(number)
        return None if position is None else self.scores[position - self.first]


def read_what_if(bench: Bench) -> Question | None:
    """The question of the run that is looked at: that of the selected row, else the first; None without any, or without scores."""
    if bench.scores is None:
        return None
    selected, found = fields.read_row(), None
    for source, start in bench.placed_sources:
        if source.timeline is not None and source.rows:
            chosen = selected is not None and start <= selected < start + len(source.rows)
            if found is None or chosen:
                found = (source, source.timeline, start)
    if found is None:
        return None
    source, timeline, first = found
    scores = bench.scores.rows[first : first + len(source.rows)]
    threshold = choose_threshold(timeline.spec.threshold)
    result = workbench.ask_what_if(timeline, source.rows, scores, bench.scored_code, threshold=threshold)
    return Question(source, timeline, first, scores, threshold, result.answer, result.curve)


def describe_run(question: Question) -> tuple[str, str]:
    """The verdict on the run, and what makes it so."""
    answer = question.answer
    fall = "" if answer.is_known else _first_fall(question)
    return answer.headline, f"{fall}{_describe_failures(question)}{answer.case.removesuffix('.')}."


def _describe_failures(question: Question) -> str:
    """How many attempts the reward fails on now, and where."""
    summary = workbench.summarize(question.scores)
    if not summary.errors:
        return ""
    line = summary.errors[0].error.line
    where = f" at line {line}" if line is not None and len(summary.errors) == 1 else ""
    return f"The reward fails on {summary.failed} of {pluralize(summary.rows, 'output')}{where}. "


def _first_fall(question: Question) -> str:
    """What the last exact attempt scores now, and that it does not end the loop."""
    answer = question.answer
    number = answer.exact_until
    if not number or question.threshold is None:
        return ""
    one = answer.attempts[number - 1]
    if one.new is None:
        return f"Attempt {number} has no score now, so the loop would go on. "
    if one.old is None or one.old == one.new:
        return ""
    moves = "rises" if one.new > one.old else "falls"
    return (
        f"Attempt {number} {moves} to {format_score(one.new)}, below the threshold {format_score(question.threshold)}, "
        "so the loop would go on. "
        if one.new < question.threshold
        else ""
    )
