"""What the scores say, in a headline and a line below it."""

from __future__ import annotations

from pages.rewards.bench import Bench
from pages.rewards.views import count_moves
from refine_core.formatting import format_score, pluralize


def describe_rows(bench: Bench) -> tuple[str, str]:
    """How many rows have a score, and how they moved; what failed."""
    if bench.scores is None:
        if bench.error is not None:
            return "No scores yet: the reward cannot be loaded", "The line under “Reward” says why."
        if bench.running:
            return f"Scoring {pluralize(len(bench.rows), 'row')} …", ""
        return (
            f"{pluralize(len(bench.rows), 'row')}, not scored yet",
            "Write a reward, or start from one of the library.",
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
    if not any(bench.old_of(i) is not None for i in range(len(bench.rows))):
        mean = "" if summary.mean is None else f", {format_score(summary.mean)} on average"
        return (
            f"{pluralize(summary.scored, 'row')} score{'s' if summary.scored == 1 else ''} {span}{mean}",
            unscored,
        )
    up, down = count_moves(bench)
    if not up and not down:
        return f"All {summary.scored:,} scores are as before", unscored
    return f"{up:,} up, {down:,} down, {summary.scored - up - down:,} as before", unscored


def _span(low: float, high: float | None) -> str:
    return (
        format_score(low) if high is None or low == high else f"{format_score(low)} to {format_score(high)}"
    )
