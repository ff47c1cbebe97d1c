"""dspy: what Evaluate saves as CSV or JSON, and the saved programs that are no rows (made with 3.4.1).

Evaluate writes the example's fields and the prediction's side by side. Only a name that both have gets a prefix, so of the others
nobody can tell which of the two they come from, except by name: the table is asked about, with what the prefixes say filled in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from refine_core.rows.guessing import ALIASES, ColumnGuess
from refine_core.rows.mapping import Role

NAME = "dspy Evaluate results"


def is_program(document: object) -> bool:
    """Whether a document is a saved program's state: predictors with their demos and signatures."""
    if not isinstance(document, Mapping):
        return False
    inner = [value for value in document.values() if isinstance(value, Mapping)]
    return any(
        {"demos", "signature"} <= set(value) or {"traces", "train", "demos"} <= set(value) for value in inner
    )


def is_evaluate(columns: Sequence[str]) -> bool:
    """Whether columns are those of Evaluate: at least one name with both prefixes."""
    names = set(columns)
    return any(name.startswith("example_") and f"pred_{name[8:]}" in names for name in names)


def row_names(columns: Sequence[str]) -> dict[str, str]:
    """Column -> the field's own name, for the names that have a prefix: what a metric calls pred.answer and example.answer."""
    if not is_evaluate(columns):
        return {}
    prefixed = [c for c in columns if c.startswith("example_") and f"pred_{c[8:]}" in columns]
    return {f"{prefix}{c[8:]}": c[8:] for c in prefixed for prefix in ("example_", "pred_")}


def guesses(columns: Sequence[str]) -> list[ColumnGuess]:
    """What the prefixes and the order say."""
    found = []
    for column in columns:
        role: Role | None = None
        reason = "The example's or the prediction's: Evaluate marks only names that both have. Say which."
        if column.startswith("example_") and f"pred_{column[8:]}" in columns:
            role, reason = "expected", "the example's, by its prefix"
        elif column.startswith("pred_") and f"example_{column[5:]}" in columns:
            role, reason = "output", "the prediction's, by its prefix"
        elif column == columns[-1]:
            role, reason = "reward", "the metric stands last"
        elif column.lower() in ALIASES["input"]:
            role, reason = "input", "guessed from the name"
        elif column == "reasoning":
            reason = "The prediction's, if ChainOfThought wrote it. Say which."
        found.append(ColumnGuess(column, "", role, reason))
    return found
