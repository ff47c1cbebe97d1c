"""What a recorded run would have done with the scores that a reward gives its attempts now.

RowSource of a run + its RowScores --ask_what_if--> WhatIf, and the same for every threshold at once
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from refine_core.events import AttemptFailed, Fault
from refine_core.log.timeline import Timeline
from refine_core.rows import Row, attempt_index
from refine_core.what_if import (
    AS_RECORDED,
    End,
    Keep,
    ThresholdStep,
    WhatIf,
    change_spec,
    score_end,
    threshold_curve,
    what_if,
)
from refine_core.workbench.scores import RowScore


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
    """How an attempt ends by its row's score; as recorded, where that is the same."""
    attempt = next(one for one in timeline.attempts if one.index == index)
    error = score.error
    end = score_end(
        index,
        score.value,
        None if error is None else Fault(error.type, error.message, "program", error.line, score.stdout),
        parts=score.parts,
        feedback=score.feedback,
        stdout=score.stdout,
    )
    if isinstance(end, AttemptFailed):
        then = attempt.error if attempt.phase == "reward" else None
        same = then is not None and (then.type, then.message) == (end.error.type, end.error.message)
        return replace(end, error=then) if then is not None and same else end
    recorded = attempt.score
    if recorded is None:
        return end
    if (recorded.value, dict(recorded.parts), recorded.feedback) == (
        end.value,
        dict(end.parts),
        end.feedback,
    ):
        return recorded
    return replace(end, unmet=recorded.unmet)  # validators read outputs, which are the recorded ones
