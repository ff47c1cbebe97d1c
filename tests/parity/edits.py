"""Edits of dspy's own source: which functions, and how lines are replaced or added.

An edit is a few words of the original, which must be there exactly once, and what stands in their place. Edits that add
lines leave the line that they go by, so that several can add something at the same spot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

REFINE = "dspy.predict.refine"
BEST_OF_N = "dspy.predict.best_of_n"
PREPARE = "dspy.predict.predict:Predict._forward_preprocess"
NOTE = "dspy.predict.predict:Predict._forward_postprocess"
PREDICT = "dspy.predict.predict:Predict.forward"
ADAPT = "dspy.adapters.chat_adapter:ChatAdapter.__call__"
PARSE = "dspy.adapters.chat_adapter:ChatAdapter.parse"
REPLY = "dspy.adapters.chat_adapter:ChatAdapter.format_assistant_message_content"
AS_JSON = "dspy.adapters.json_adapter:JSONAdapter.__call__"
NOTES = tuple(f"dspy.adapters.{name}_adapter:translate_field_type" for name in ("chat", "json"))
BOTH = (REFINE, BEST_OF_N)


@dataclass(frozen=True, slots=True)
class Edit:
    """In the source of `where` (a module, module:function or module:Class.method) the text `old` becomes `new`."""

    where: str
    old: str
    new: str


def apply_edits(source: str, edits: Iterable[Edit]) -> str:
    """The source with the edits made, one after another. Raises LookupError where one does not fit exactly once."""
    for edit in edits:
        if (times := source.count(edit.old)) != 1:
            raise LookupError(
                f"{edit.where}: {edit.old!r} is there {times} times, not once; has dspy changed?"
            )
        source = source.replace(edit.old, edit.new)
    return source


def after(where: str, line: str, added: str) -> Edit:
    """Add lines below a line. added: with the indent that they need."""
    return Edit(where, line, f"{line}\n{added}")


def before(where: str, line: str, added: str) -> Edit:
    """Add lines above a line, of the same indent; `line` begins with its indent."""
    return Edit(where, line, f"{added}\n{line}")


def in_both(old: str, new: str) -> tuple[Edit, ...]:
    """The same edit in Refine and in BestOfN."""
    return tuple(Edit(where, old, new) for where in BOTH)


def after_in_both(line: str, added: str) -> tuple[Edit, ...]:
    """`after`, in Refine and in BestOfN."""
    return tuple(after(where, line, added) for where in BOTH)


def before_in_both(line: str, added: str) -> tuple[Edit, ...]:
    """`before`, in Refine and in BestOfN."""
    return tuple(before(where, line, added) for where in BOTH)
