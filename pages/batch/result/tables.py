"""The tables of a result as data for assets/batch: arms, pairs, parts, the worst inputs, what failed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from pages.batch.marks import mark_data
from pages.batch.result.phrases import arm_name, input_line, input_text, lower_name, share
from refine_core.datasets import Dataset
from refine_core.experiments import Snapshot
from refine_core.experiments.failure_kinds import list_failures
from refine_core.experiments.result import (
    ArmResult,
    Comparison,
    InputDifference,
    Result,
    Spending,
    describe_pair,
)
from refine_core.formatting import (
    clip,
    format_cost,
    format_difference,
    format_interval,
    format_score,
    join_words,
    pluralize,
)
from refine_core.unseen import show_unseen

PAGE: Final = 10
"""Rows of the table of the worst inputs that are shown at once."""
RETRY: Final = "retry"
_ROWS_NAMED: Final = 8
Table = dict[str, object]
_KINDS: Final[Mapping[str, str]] = {"better": "better", "worse": "worse", "no difference": "equal"}
"""What can be said of a pair -> its shape."""


def list_arms(result: Result, chosen: tuple[str, ...]) -> Table:
    """A row for each arm. Before the end it is counted what ended and what failed, and nothing is averaged."""
    has_threshold = any(arm.threshold is not None for arm in result.arms)
    has_tokens = not any(arm.usd.total for arm in result.arms)  # what is free or unknown says nothing
    columns = [
        ["name", "arm"],
        *([["reward", "best reward"]] if result.is_final else []),
        *([["reached", "reached"]] if has_threshold and result.is_final else []),
        *(
            [["calls", "calls"], ["tokens", "tokens"] if has_tokens else ["cost", "cost"]]
            if result.is_final
            else []
        ),
        ["failed", "failed"],
        *([] if result.is_final else [["done", "ended"]]),
    ]
    rows = [_arm_row(place, arm, result, chosen) for place, arm in enumerate(result.arms)]
    return {"columns": columns, "arms": rows}


def _arm_row(place: int, arm: ArmResult, result: Result, chosen: tuple[str, ...]) -> dict[str, object]:
    low, high = arm.interval
    reached = arm.share_reached
    return {
        "name": arm_name(arm.name),
        "mark": mark_data(place),
        "chosen": arm.key in chosen or len(result.arms) < 3,  # noqa: PLR2004 - two are always compared
        "cells": {
            "reward": "none" if arm.mean is None else format_score(arm.mean),
            "reached": "no threshold"
            if arm.threshold is None
            else "unknown"
            if reached is None
            else share(reached),
            "calls": "unknown" if arm.calls.mean is None else f"{arm.calls.mean:.1f}",
            "tokens": "unknown" if arm.tokens.mean is None else f"{arm.tokens.mean:,.0f}",
            "cost": _cost(arm.usd),
            "failed": f"{arm.failed:,}",
            "done": f"{arm.runs:,} of {arm.cells:,}",
        },
        "asides": {"reward": "" if low is None or high is None else format_interval(low, high)},
        "titles": {
            "reward": f"Mean over {pluralize(arm.inputs, 'input')}, 95 % interval",
            "reached": "" if arm.reached is None else f"{arm.reached:,} of {pluralize(arm.runs, 'run')}",
            "calls": _in_all(arm.calls, "calls"),
            "tokens": _in_all(arm.tokens, "tokens"),
            "cost": "Of all runs" if arm.usd.mean is None else f"{format_cost(arm.usd.mean)} a run",
            "failed": f"Of {pluralize(arm.runs, 'run')} that ended",
        },
    }


def _cost(spending: Spending) -> str:
    return "unknown" if spending.total is None else format_cost(spending.total)


def _in_all(spending: Spending, word: str) -> str:
    return "" if spending.total is None else f"A run on average; {spending.total:,.0f} {word} in all"


def list_pairs(result: Result, chosen: Comparison | None) -> Table | None:
    """Every pair of arms; None where there is but one, which the verdict speaks of."""
    if len(result.comparisons) < 2:  # noqa: PLR2004 - a choice
        return None
    rows = []
    for one in result.comparisons:
        known = one.difference
        kind, word = _judge(one)
        rows.append(
            {
                "key": f"{one.first.key}.{one.second.key}",
                "name": f"{arm_name(one.first.name)} against {lower_name(one.second.name)}",
                "difference": "" if known is None else format_difference(known.difference),
                "interval": "" if known is None else format_interval(known.low, known.high, signed=True),
                "kind": kind,
                "word": word,
                "chosen": one is chosen,
            }
        )
    title = "What can be said already" if result.verdict.answer == "not enough data" else "All pairs"
    return {"title": title, "rows": rows, "note": "Press a pair to see its inputs."}


def _judge(one: Comparison) -> tuple[str, str]:
    """The shape and the word of a comparison."""
    answer = describe_pair(one)[2]
    return _KINDS.get(answer, "open"), answer


def list_parts(one: Comparison) -> Table:
    """Which parts of the reward differ, the largest difference first."""
    title = "Where the difference comes from"
    if not one.parts:
        note = "The reward gives no parts. Return Score(value, parts={…}) to see which of them differ."
        return {"title": title, "rows": [], "note": note}
    rows = []
    for part in sorted(one.parts, key=lambda p: -abs(p.first - p.second)):
        known = part.difference
        rows.append(
            {
                "name": show_unseen(clip(part.name, 60)),
                "difference": format_difference(part.first - part.second),
                "interval": "" if known is None else format_interval(known.low, known.high, signed=True),
            }
        )
    return {"title": title, "rows": rows, "note": ""}


def list_worst(one: Comparison, dataset: Dataset, page: int, differ: Mapping[int, str]) -> Table:
    """The inputs at which the first arm was worse, a page of them. differ: row -> what differs, in words."""
    worst = one.regressions
    first, second = lower_name(one.first.name), lower_name(one.second.name)
    pages = max(1, math.ceil(len(worst) / PAGE))
    page = min(max(1, page), pages)
    rows = [_worst_row(i, dataset, differ) for i in worst[(page - 1) * PAGE : page * PAGE]]
    return {
        "title": "" if rows else f"Inputs on which {first} is worse",
        "label": f"worst for {first} first",
        "arms": [second, first],
        "rows": rows,
        "none": f"None: {first} got at least as much as {second} on every input.",
        "pages": pages,
        "page": page,
        "count": len(worst),
    }


def _worst_row(one: InputDifference, dataset: Dataset, differ: Mapping[int, str]) -> dict[str, object]:
    return {
        "row": one.row,
        "text": input_line(dataset, one.row),
        "whole": show_unseen(input_text(dataset, one.row)),
        "before": format_score(one.second),
        "after": format_score(one.first),
        "change": format_difference(one.difference),
        "differs": differ.get(one.row, ""),
    }


def show_failures(result: Result, snapshot: Snapshot) -> Table | None:
    """What failed, how often and where, as while it ran; None where nothing did."""
    if not result.failed:
        return None
    return {
        "title": f"{pluralize(result.failed, 'run')} failed",
        "rows": [
            {
                "count": f"{kind.count:,}",
                "what": show_unseen(f"{kind.what}: {kind.detail}" if kind.detail else kind.what),
                "arms": show_unseen(join_words(kind.arms)),
            }
            for kind in list_failures(snapshot)
            if kind.how == "failed"
        ],
        "note": _write_rows_left_out(snapshot),
        "act": {"name": RETRY, "label": f"Retry {result.failed:,}"},
    }


def _write_rows_left_out(snapshot: Snapshot) -> str:
    """Which rows failed in every repeat of an arm, and which have another repeat that counts."""
    in_state: dict[str, set[tuple[str, int]]] = {"scored": set(), "failed": set()}
    for cell, outcome in snapshot.outcomes.items():
        in_state.setdefault(outcome.state, set()).add((cell.arm, cell.row))
    lost = sorted({row for _, row in in_state["failed"] - in_state["scored"]})
    kept = sorted({row for _, row in in_state["failed"] & in_state["scored"]} - set(lost))
    notes = []
    if lost:
        notes.append(f"Left out of every comparison with that arm: {_name_rows(lost)}.")
    if kept:
        notes.append(f"Counted by the other repeat: {_name_rows(kept)}.")
    return " ".join(notes)


def _name_rows(rows: list[int]) -> str:
    named = ", ".join(str(row) for row in rows[:_ROWS_NAMED])
    rest = len(rows) - _ROWS_NAMED
    return f"row{'s' if len(rows) > 1 else ''} {named}" + (f" and {rest:,} more" if rest > 0 else "")
