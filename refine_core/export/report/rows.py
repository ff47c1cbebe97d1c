"""An attempt on one line, for tables: the ledger's own cells, without those that compare outputs, which each attempt does below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from refine_core.comparison.texts import show_value
from refine_core.figures.ledger import list_columns
from refine_core.figures.ledger_cells import (
    change_cell,
    message_cell,
    reward_cell,
    temperature_cell,
    text_cell,
    tokens_cell,
)
from refine_core.figures.story_fields import main_field
from refine_core.figures.story_parts import part_columns
from refine_core.log.timeline import Attempt, Outcome, Timeline
from refine_core.messages import describe_outcome

_SHORT: Final = 40  # characters of an output that has room beside the main one
_OTHERS: Final = 3


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt. outcome: chooses its mark. words: the same, as a person says it.

    temperature: or the number of its rollout, where none is sent. change: "" where there is nothing to compare.

    text: its main output. more: its other outputs, where all are short: "confidence: 0.9".
    message: in place of the output, why there is none, or no reward; "" where it did not fail.
    """

    attempt: Attempt
    outcome: Outcome
    words: str
    temperature: str
    reward: str
    change: str
    text: str
    message: str
    tokens: str
    more: str = ""

    @property
    def change_style(self) -> str:
        """The class of the change: better, worse, or neither."""
        return {"+": "ok", "±": "", "": ""}.get(self.change[:1], "bad")


def output_title(run: Timeline) -> str:
    """The heading of the outputs."""
    return next(column.title for column in list_columns(run) if column.key == "text")


def list_rows(run: Timeline) -> Iterator[AttemptRow]:
    """A row an attempt, in order."""
    has_parts = bool(part_columns(run))
    short = _short_fields(run)
    before: float | None = None
    for attempt in run.attempts:
        change = change_cell(run, attempt, before)
        message = message_cell(attempt) if has_parts else None
        yield AttemptRow(
            attempt,
            "scored" if attempt.unmet else attempt.outcome,
            describe_outcome(run, attempt),
            temperature_cell(run, attempt).text if run.has_temperature(attempt) else str(attempt.index),
            reward_cell(run, attempt, attempt.outcome).text,
            "" if change.quiet else change.text,
            text_cell(run, attempt, has_parts=has_parts).text,
            message.text if message is not None else "",
            tokens_cell(attempt).text,
            _more(run, attempt, short),
        )
        before = attempt.reward if attempt.reward is not None else before


def _more(run: Timeline, attempt: Attempt, short: frozenset[str]) -> str:
    """The outputs beside the main one that are short: two attempts may differ in these alone."""
    main = main_field(run, attempt)
    others = {name: value for name, value in (attempt.outputs or {}).items() if name != main}
    if attempt.error is not None or len(others) > _OTHERS:
        return ""
    return " · ".join(f"{name}: {show_value(value)}" for name, value in others.items() if name in short)


def _short_fields(run: Timeline) -> frozenset[str]:
    """Outputs that are short in every attempt, so that a row has room for them."""
    sizes: dict[str, int] = {}
    for attempt in run.attempts:
        for name, value in (attempt.outputs or {}).items():
            if sizes.get(name, 0) <= _SHORT:
                sizes[name] = max(sizes.get(name, 0), len(show_value(value)))
    return frozenset(name for name, size in sizes.items() if size <= _SHORT)
