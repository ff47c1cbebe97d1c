"""Rows out of saved runs: one for each attempt that made an output."""

from __future__ import annotations

from collections.abc import Mapping

from refine_core.jsonable import to_jsonable
from refine_core.log.timeline import Attempt, Timeline
from refine_core.rows.row import Row
from refine_core.uptake.leaks import reference_names


def rows_of_run(timeline: Timeline, labels: Mapping[int, str] | None = None) -> tuple[Row, ...]:
    """The attempts of a run as rows, without those that failed before they had an output.

    labels: index of an attempt -> a person's label. The id is "run id/attempt", counted from 1, and the group is the run. Inputs that
    no stage reads are what is expected: only the reward sees them.
    """
    hidden = reference_names(timeline.spec)
    inputs, expected = (
        {
            name: to_jsonable(value)
            for name, value in timeline.spec.inputs.items()
            if (name in hidden) is wanted
        }
        for wanted in (False, True)
    )
    return tuple(
        _row(timeline, attempt, inputs, expected, (labels or {}).get(attempt.index))
        for attempt in timeline.attempts
        if attempt.outputs is not None
    )


def attempt_index(row: Row) -> int:
    """The index of the attempt that a run's row is, from 0."""
    return int(row.id.rpartition("/")[2]) - 1


def _row(
    timeline: Timeline,
    attempt: Attempt,
    inputs: Mapping[str, object],
    expected: Mapping[str, object],
    label: str | None,
) -> Row:
    number, score = attempt.index + 1, attempt.score
    return Row(
        id=f"{timeline.run_id}/{number}",
        inputs=inputs,
        prediction=to_jsonable(dict(attempt.outputs or {})),
        expected=expected,
        group=timeline.run_id,
        reward=attempt.reward,
        parts=dict(score.parts) if score is not None else {},
        label=label,
        source=f"attempt {number}, kept" if attempt.kept else f"attempt {number}",
        feedback=score.feedback if score is not None else "",
    )
