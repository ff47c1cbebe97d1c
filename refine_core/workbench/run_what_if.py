"""What a recorded run would have done with the scores that a reward gives its attempts now.

RowSource of a run + its RowScores --ask_what_if--> WhatIf, and the same for every threshold at once
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from refine_core.events import AttemptFailed, Fault, RewardScored
from refine_core.log.timeline import Timeline
from refine_core.rows import Row, attempt_index
from refine_core.what_if import (
    AS_RECORDED,
    End,
    Keep,
    ThresholdStep,
    WhatIf,
    change_spec,
    threshold_curve,
    what_if,
)
from refine_core.workbench.scores import RowScore

UNSCORED = "the reward gave no score"


@dataclass(frozen=True, slots=True)
class WhatIfAnswer:
    """answer: at the threshold that was asked for. curve: at every threshold, from the lowest to the highest."""

    answer: WhatIf
    curve: tuple[ThresholdStep, ...]


def ask_what_if(
    timeline: Timeline,
    rows: Sequence[Row],
    scores: Sequence[RowScore],
    source: str,
    *,
    threshold: float | Keep | None = AS_RECORDED,
) -> WhatIfAnswer:
    """What the run would have done with this reward and threshold.

    rows: of its attempts, with their scores beside them. source: of the reward, as the adviser would have read it.
    Raises SpecError for a threshold that is no number.
    """
    spec = timeline.spec
    name = spec.reward_name if source == spec.reward else None
    changed = change_spec(spec, reward=source, reward_name=name, threshold=threshold)
    ends = {
        i: _end(timeline, i, score)
        for i, score in zip(map(attempt_index, rows), scores, strict=True)
        if not score.waits
    }
    return WhatIfAnswer(what_if(timeline, changed, ends), threshold_curve(timeline, changed, ends))


def _end(timeline: Timeline, index: int, score: RowScore) -> End:
    attempt = next(one for one in timeline.attempts if one.index == index)
    recorded = attempt.score
    if score.error is not None or score.value is None:
        error = score.error
        fault = (
            Fault("Unscored", UNSCORED, "program")
            if error is None
            else Fault(error.type, error.message, "program", error.line, score.stdout)
        )
        same = attempt.error
        if (
            same is not None
            and attempt.phase == "reward"
            and (same.type, same.message) == (fault.type, fault.message)
        ):
            fault = same
        return AttemptFailed(index, "reward", fault)
    if recorded is not None and (recorded.value, dict(recorded.parts), recorded.feedback) == (
        score.value,
        dict(score.parts),
        score.feedback,
    ):
        return recorded
    # Validators read outputs that are the recorded ones, so what was met is met.
    unmet = recorded.unmet if recorded is not None else {}
    return RewardScored(index, score.value, 0.0, score.parts, score.feedback, score.stdout, unmet)
