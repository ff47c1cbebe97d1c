"""Rows become cases: one that a person pins, or all that have a label."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from refine_core.cases.case import Case, CaseSet, output_key
from refine_core.cases.wants import BAD, GOOD, Want
from refine_core.formatting import clip
from refine_core.rows import Row

NAME_CHARS: Final = 48
_GOOD: Final = frozenset(
    ("good", "right", "correct", "pass", "passed", "yes", "true", "ok", "1", "1.0", "up", "👍")
)
_BAD: Final = frozenset(
    ("bad", "wrong", "incorrect", "fail", "failed", "no", "false", "0", "0.0", "-1", "down", "👎")
)


def read_label(label: str | None) -> Want | None:
    """The want that a person's label stands for; None for one that is neither good nor bad."""
    word = (label or "").strip().lower()
    return GOOD if word in _GOOD else BAD if word in _BAD else None


def case_from_row(row: Row, want: Want, name: str = "") -> Case:
    """A row as a case. name: how it is called; by default after its output. A set gives it a number where it is taken."""
    return Case(name or name_output(row), row.inputs, row.prediction, row.expected, want=want)


def list_labelled(rows: Iterable[Row], cases: CaseSet) -> list[Case]:
    """The rows with a label as cases: those that are not pinned yet, or of whose case the label says the opposite."""
    pinned = {output_key(case): case.want for case in cases}
    found = []
    for row in rows:
        want = read_label(row.label)
        known = pinned.get(output_key(row)) if want is not None else None
        if want is not None and (known is None or (known.kind in ("good", "bad") and known != want)):
            found.append(case_from_row(row, want))
    return found


def name_output(row: Row) -> str:
    """What a row's output is called: the beginning of its first field that has any text, or "empty output"."""
    for value in row.prediction.values():
        line = " ".join(value.split() if isinstance(value, str) else [str(value)])
        if line:
            return clip(line, NAME_CHARS)
    return "empty output"
