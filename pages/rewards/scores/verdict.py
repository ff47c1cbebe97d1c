"""What the scores say, in a headline and a line below it."""

from __future__ import annotations

from pages.rewards.bench import Bench
from pages.rewards.views import count_moves
from refine_core.formatting import format_score, pluralize
from refine_core.workbench import ArgumentQuestion


def describe_rows(bench: Bench) -> tuple[str, str]:
    """How many rows have a score, and how they moved; what failed."""
    if bench.scores is None:
        if bench.error is not None:
            return "No scores yet: the reward cannot be loaded", "The line under “Reward” says why."
        if bench.running:
            return f"Scoring {pluralize(len(bench.rows), 'row')} …", ""
        asks = isinstance(bench.recognized, ArgumentQuestion)
        return (
            f"{pluralize(len(bench.rows), 'row')}, not scored yet",
            "Say above the reward which argument is what."
            if asks
            else "Write a reward, or start from one in the library.",
        )
    summary = bench.scores.summary
    if summary.waiting:
        rows = pluralize(summary.waiting, "row")
        return (
            f"{rows} {'waits' if summary.waiting == 1 else 'wait'} for the judge",
            "This reward asks a model. It is asked when you say so.",
        )
    span = "" if summary.low is None else _span(summary.low, summary.high)
    unscored = f"{summary.unscored:,} unscored, in no average. " if summary.unscored else ""
    if summary.errors:
        first = summary.errors[0]
        where = f" at line {first.error.line}" if first.error.line is not None else ""
        failed = (
            f"{summary.failed:,} of {pluralize(summary.rows, 'row')} fail{'s' if summary.failed == 1 else ''}"
        )
        rest = f"; {summary.scored:,} score {span}" if summary.scored else ""
        return (
            f"{failed}{where if len(summary.errors) == 1 else ''}{rest}",
            f"{unscored}A failed row has no score. It is counted as failed, not as 0.",
        )
    if not summary.scored:
        return "No row has a score", unscored
    up, down, new = count_moves(bench)
    if new == summary.scored:
        alike = summary.low == summary.high
        every = "All " if alike and summary.scored > 1 else ""
        mean = "" if alike or summary.mean is None else f", {format_score(summary.mean)} on average"
        return (
            f"{every}{pluralize(summary.scored, 'row')} score{'s' if summary.scored == 1 else ''} {span}{mean}",
            unscored,
        )
    same = summary.scored - up - down - new
    rest = f"; {new:,} had no score before" if new else ""
    if not up and not down:
        every = "All " if same > 1 and not new else ""
        return f"{every}{pluralize(same, 'score')} {'is' if same == 1 else 'are'} as before{rest}", unscored
    return f"{up:,} up, {down:,} down, {same:,} as before{rest}", unscored


def _span(low: float, high: float | None) -> str:
    return (
        format_score(low) if high is None or low == high else f"{format_score(low)} to {format_score(high)}"
    )
