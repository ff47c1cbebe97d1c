"""Whether line breaks alone cost the score: recorded outputs on one line, and with one more line in their reasoning.

“<think>a↵b</think><answer>4</answer>” scores 0, “<think>a b</think><answer>4</answer>” scores 1
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from refine_core.concurrency.cancellation import Cancel
from refine_core.doctor.answers.forms import learn_from_output
from refine_core.doctor.answers.outputs import put_text, read_text
from refine_core.doctor.answers.right_answers import find_main_output
from refine_core.doctor.findings.scored_rows import ScoredRows, describe_score, quote
from refine_core.doctor.probes.scoring import STRONGLY_REFUSED
from refine_core.rewards import RowRunner
from refine_core.rows import Row

MAX_ROWS: Final = 12
MAX_READ: Final = 200
_BREAK = re.compile(r"\s*\n\s*")
_SECOND_LINE: Final = "\nThen I look at it again."


@dataclass(frozen=True, slots=True)
class _Pair:
    """A recorded output, the same with fewer or more line breaks, and which of both has fewer."""

    row: Row
    recorded: str
    changed: str
    value: float
    recorded_has_fewer: bool


def find_costly_breaks(
    runner: RowRunner, scored: ScoredRows, cancel: Cancel | None = None
) -> tuple[str, ...]:
    """Sentences about outputs that score less only because they have a line break more. Raises: as RowRunner.score_further."""
    pairs = [*islice(_list_pairs(scored), MAX_ROWS)]
    results = runner.score_further([pair.row for pair in pairs], cancel=cancel) if pairs else ()
    found = []
    for pair, result in zip(pairs, results, strict=True):
        other = 0.0 if result.value is None or result.error is not None else result.value
        few, many = (pair.value, other) if pair.recorded_has_fewer else (other, pair.value)
        if few > 0 and many < STRONGLY_REFUSED * few:
            texts = (
                (pair.recorded, pair.changed) if pair.recorded_has_fewer else (pair.changed, pair.recorded)
            )
            found.append(
                f"{quote(texts[0])} scores {describe_score(few)}, and with one line break more, {quote(texts[1])} scores {describe_score(many)}"
            )
    return tuple(found)


def _list_pairs(scored: ScoredRows) -> Iterator[_Pair]:
    for row, value in islice(scored.scored, MAX_READ):
        field = find_main_output(row, (), scored.mentioned) if row.prediction else ""
        pair = _change(row, field, value) if field else None
        if pair is not None:
            yield pair


def _change(row: Row, field: str, value: float) -> _Pair | None:
    """The row with its text on one line, if it has several; else with a second line where it reasons between marks."""
    text = read_text(row.prediction[field])
    if text is None:
        return None
    if "\n" in text.strip():
        changed, fewer = _BREAK.sub(" ", text.strip()), False
    else:
        form = next((one for one in learn_from_output(text, "") if one.has_thought), None)
        if form is None or value <= 0:
            return None
        start = len(form.lead) + len(form.thought)
        changed, fewer = f"{text[:start]}{_SECOND_LINE}{text[start:]}", True
    new = replace(row, prediction={**row.prediction, field: put_text(row.prediction[field], changed)})
    return _Pair(new, text, changed, value, fewer)
