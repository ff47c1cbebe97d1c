"""Attempts as rows of a table: one an attempt, with a column for each input, output, part and hint.

    run_id, attempt, reward, "input.question", "output.answer", "part.short", "hint.draft", …, json_columns

What is unknown is None, never 0. refine_core.rows.formats.attempts reads such a table.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from refine_core.export.run_log import RunLog
from refine_core.formatting import format_time
from refine_core.jsonable import to_jsonable
from refine_core.log.folds import cut_short, timeline
from refine_core.log.summaries import title_of
from refine_core.log.timeline import Attempt, Timeline, Usage
from refine_core.messages import COMPUTED, describe_failure
from refine_core.uptake.leaks import reference_names

Cells = dict[str, object]

FIRST: Final = (
    "run_id",
    "run",
    "started",
    "model",
    "strategy",
    "parent",
    "attempt",
    "kept",
    "outcome",
    "returned",
    "temperature",
)
GROUPS: Final = ("input", "expected", "output", "part", "hint")
"""Columns of these are called "input.question"."""
SCORE: Final = ("reward", "best_so_far")
LAST: Final = (
    "rules_not_met", "feedback", "error", "label", "calls", "tokens_in", "tokens_out", "cost_usd", "seconds",
)  # fmt: skip

TYPES: Final[Mapping[str, str]] = {
    **dict.fromkeys((*FIRST, *LAST), "text"),
    **dict.fromkeys(("attempt", "calls", "tokens_in", "tokens_out"), "whole"),
    **dict.fromkeys(("temperature", *SCORE, "cost_usd", "seconds"), "number"),
    **dict.fromkeys(("kept", "returned"), "flag"),
}
"""Column that every table has -> "text", "whole" (number), "number" or "flag" (true or false)."""


def attempt_rows(runs: Iterable[RunLog]) -> Iterator[Cells]:
    """The rows of these runs. Values are JSON data; a column that a row lacks is unknown or does not apply."""
    for run in runs:
        folded = timeline(run.records)
        if folded is None:
            continue
        folded = cut_short(folded)
        same = _cells_of_run(run, folded)
        for attempt in folded.attempts:
            yield {**same, **_cells(folded, attempt, run.labels.get(attempt.index))}


def columns_of(rows: Iterable[Mapping[str, object]]) -> list[str]:
    """The columns of a table with these rows, in their order."""
    names = dict.fromkeys(name for row in rows for name in row)
    groups: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name in names:
        group, dot, _ = name.partition(".")
        if dot and group in groups:
            groups[group].append(name)
    inputs, expected, outputs, parts, hints = (groups[group] for group in GROUPS)
    return [*FIRST, *inputs, *expected, *outputs, *SCORE, *parts, *hints, *LAST]


def is_open(column: str) -> bool:
    """Whether the values of a column may be of any type: those of inputs and outputs."""
    return column.startswith(("input.", "expected.", "output."))


def _cells_of_run(run: RunLog, folded: Timeline) -> Cells:
    spec = folded.spec
    hidden = reference_names(spec)
    values = {
        f"{'expected' if name in hidden else 'input'}.{name}": to_jsonable(value)
        for name, value in spec.inputs.items()
    }
    return {
        "run_id": run.run_id,
        "run": run.annotation.name or title_of(spec),
        "started": _iso(folded.started_at),
        "model": spec.model.label,
        "strategy": spec.strategy,
        "parent": spec.parent,
        **values,
    }


def _cells(folded: Timeline, attempt: Attempt, label: str | None) -> Cells:
    score = attempt.score
    return {
        "attempt": attempt.index + 1,
        "kept": attempt.kept,
        "outcome": attempt.outcome if attempt.computed_at is None else f"{attempt.outcome}, {COMPUTED}",
        "returned": attempt.is_returned,
        "temperature": attempt.temperature if folded.has_temperature(attempt) else None,
        **_named("output", attempt.outputs or {}),
        "reward": attempt.reward,
        "best_so_far": attempt.best_so_far,
        **_named("part", score.parts if score is not None else {}),
        **_named("hint", attempt.real_hints),
        "rules_not_met": ", ".join(attempt.unmet) or None,
        "feedback": (score.feedback or None) if score is not None else None,
        "error": describe_failure(attempt) or None,
        "label": label,
        **_spent(attempt),
    }


def _spent(attempt: Attempt) -> Cells:
    """What it took, advice about it included; nothing where a branch keeps it from its parent, so that the columns can be added up."""
    if attempt.kept:
        return {"calls": 0, "tokens_in": 0, "tokens_out": 0, "cost_usd": 0.0, "seconds": 0.0}
    usage = Usage.of(attempt.all_calls)
    return {
        "calls": usage.calls,
        "tokens_in": usage.prompt_tokens,
        "tokens_out": usage.completion_tokens,
        "cost_usd": usage.cost_usd,
        "seconds": attempt.took_s,
    }


def _named(group: str, values: Mapping[str, object]) -> Cells:
    return {f"{group}.{name}": to_jsonable(value) for name, value in values.items()}


def _iso(at: float) -> str:
    """A time in UTC, "2026-11-23T14:05:09+00:00"."""
    try:
        return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return format_time(at)
