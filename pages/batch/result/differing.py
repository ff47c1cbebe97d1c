"""What differs between two runs of the same input, in a few words: the parts that fell, else the output, else how they ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from refine_core import runs
from refine_core.errors import StoreError
from refine_core.experiments.result import InputDifference, describe_change
from refine_core.formatting import clip, pluralize
from refine_core.runs import Timeline, format_value
from refine_core.unseen import show_unseen

_OUTPUT_CHARACTERS: Final = 48


def describe_differences(inputs: Sequence[InputDifference]) -> Mapping[int, str]:
    """Row -> what differs. Reads the two runs of those that the parts of their rewards say nothing of."""
    return {one.row: show_unseen(describe_change(one)) or _describe_runs(one) for one in inputs}


def _describe_runs(one: InputDifference) -> str:
    try:
        before, after = runs.timeline(one.second_run), runs.timeline(one.first_run)
    except StoreError:
        return ""
    if before is None or after is None:
        return "a run was removed"
    first, second = _outputs(before), _outputs(after)
    for name, value in first.items():
        if name in second and second[name] != value:
            return f"{show_unseen(clip(name, 30))}: {_quote(value)} → {_quote(second[name])}"
    counts = len(before.attempts), len(after.attempts)
    if counts[0] != counts[1]:
        return f"{pluralize(counts[0], 'attempt')} → {counts[1]:,}"
    return "the same output"


def _outputs(timeline: Timeline) -> Mapping[str, object]:
    """What was returned."""
    end = timeline.end
    attempt = next((a for a in timeline.attempts if end is not None and a.index == end.returned), None)
    return {} if attempt is None else attempt.outputs or {}


def _quote(value: object) -> str:
    return f"“{show_unseen(clip(' '.join(format_value(value).split()), _OUTPUT_CHARACTERS))}”"
