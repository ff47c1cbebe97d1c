"""Feedback that gives the right answer away: in a run it goes to whoever writes the hints, and from there into the prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from refine_core.doctor.answers.right_answers import RightAnswer
from refine_core.doctor.findings.scored_rows import ScoredRows, quote
from refine_core.formatting import pluralize
from refine_core.rewards.checks import Finding
from refine_core.rows import Row

_MIN_CHARS: Final = 2


def find_quoted_answers(scored: ScoredRows, shape: str) -> Iterator[Finding]:
    """Rows whose feedback holds the expected answer, though neither the output nor an input has it.

    A warning where a run makes hints of the feedback; of other frameworks it is a log, or meant for training examples.
    """
    quoting = [
        (row, right, one.feedback)
        for (row, one), right in zip(scored, scored.rights, strict=True)
        if one.feedback and right is not None and right.is_known and _gives_away(one.feedback, right, row)
    ]
    if not quoting:
        return
    count = "1 row" if len(quoting) == 1 else pluralize(len(quoting), "row")
    yield Finding(
        "feedback-quotes-answer", "warning" if shape == "refine" else "note",
        f"The feedback of {count} quotes the expected answer. A hint made from it tells the model what to write.",
        evidence=tuple(f"row {row.id}: {quote(text)} holds {quote(right.text)}" for row, right, text in quoting[:4]),
    )  # fmt: skip


def _gives_away(feedback: str, right: RightAnswer, row: Row) -> bool:
    answer = right.text.strip()
    if len(answer) < _MIN_CHARS:
        return False
    given = [
        value for value in row.inputs.values() if value != right.value
    ]  # an input may be the expected value
    known = " ".join(map(str, (*row.prediction.values(), *given)))
    return _holds(feedback, answer) and not _holds(known, answer)


def _holds(text: str, answer: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", text, re.IGNORECASE) is not None
