"""A run as a row of the table: every cell as text, and its rewards as points of a small chart."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final
from urllib.parse import urlencode

from pages.runs.branches import Entry, describe_folded
from refine_core.formatting import (
    format_cost,
    format_day,
    format_duration,
    format_score,
    format_time,
    pluralize,
)
from refine_core.messages import RUN_OUTCOMES
from refine_core.runs import Folded, ListedRun, SortKey
from refine_core.unseen import show_unseen_in

MAX_POINTS: Final = 40  # of the small chart; of more attempts, the best of each stretch is drawn
COLUMNS: Final[tuple[tuple[SortKey | None, str, str], ...]] = (
    # what it is sorted by, its title, its class
    ("name", "Name", "name"),
    (None, "Input", "input"),
    (None, "Rewards", "rewards"),
    ("best", "Best", "best number"),
    ("attempts", "Attempts", "attempts number"),
    ("outcome", "Outcome", "outcome"),
    ("model", "Model", "model"),
    ("tokens", "Tokens", "tokens number"),
    ("cost", "Cost", "cost number"),
    ("took", "Took", "took number"),
    ("when", "When", "when number"),
    (None, "Tags", "tags"),
)
_UNKNOWN = "unknown"
_NOTHING = "—"


def table_columns() -> list[dict[str, object]]:
    """The columns, as the browser draws them."""
    return [{"sort": sort, "title": title, "kind": kind} for sort, title, kind in COLUMNS]


def entry_row(entry: Entry) -> dict[str, object]:
    """A run with its place among the others: what stands under it, or what it stands under."""
    folded = entry.folded
    words = describe_folded(folded)
    left_out = f" ({entry.left_out:,} more are not shown)" if entry.left_out else ""
    begins = entry.run.summary.fork_attempt
    row = table_row(entry.run)
    if entry.kind == "branch" and not entry.run.annotation.name and entry.run.summary.change:
        row |= {
            "name": show_unseen_in(entry.run.summary.change),
            "title": row["name"],
        }  # its title is the parent's
    if entry.kind == "try" and not entry.run.annotation.name:
        whole = str(row["name"])  # its title begins with the parent's, which stands above
        row |= {"name": whole.rpartition(" · ")[2], "title": whole}
    if entry.same_inputs:
        row |= {"input": "", "input_title": ""}
    fold = {"text": _count_folded(folded), "words": f"{words}{left_out}", "open": entry.is_open}
    from_attempt = "" if begins is None else f"from {begins}"
    again = show_unseen_in(entry.run.summary.change) if entry.run.summary.parent is not None else ""
    return row | {
        "kind": entry.kind,
        "fold": fold if words else None,
        "context": not folded.passes,
        "from": {"branch": from_attempt, "run": again}.get(entry.kind, ""),
    }


def _count_folded(folded: Folded) -> str:
    """What the button of a row says: "2" branches, "20 tries", or "2 + 20" of both."""
    if not folded.tries:
        return f"{folded.branches:,}"
    tries = f"{folded.tries:,}"
    return (
        f"{folded.branches:,} + {tries}"
        if folded.branches
        else f"{tries} {'try' if folded.tries == 1 else 'tries'}"
    )


def table_row(run: ListedRun, *, now: datetime.datetime | None = None) -> dict[str, object]:
    """One run. now: the time by which "today" is told, in this machine's zone."""
    summary, spent = run.summary, run.spent
    rewards = ended_rewards(summary.rewards, summary.failed)
    best = summary.best_reward
    rules = ", rule not met" if summary.best_unmet else ""
    waits = run.outcome == "running" and not summary.spent  # no model has answered yet
    row: dict[str, object] = {
        "id": run.run_id,
        "href": f"run?{urlencode({'run': run.run_id})}",
        "name": run.name,
        "title": summary.title if run.annotation.name else "",
        "note": run.annotation.note,
        "starred": run.annotation.starred,
        "imported": run.imported,
        "input": run.facts.inputs,
        "points": chart_points(rewards),
        "threshold": summary.threshold if _is_number(summary.threshold) else None,
        "alt": describe_rewards(rewards),
        "best": (_NOTHING if best is None else format_score(best, (summary.threshold,)))
        + ("*" if rules else ""),
        "best_title": f"Best reward {format_score(best)}{rules}" if best is not None else "No reward",
        "attempts": f"{len(summary.rewards):,}",
        "outcome": run.outcome,
        "outcome_title": RUN_OUTCOMES[summary.reason] if summary.reason is not None else run.outcome,
        "model": summary.model.rpartition("/")[2] or summary.model,
        "model_title": summary.model,
        "tokens": _NOTHING
        if waits
        else _sum(None if spent.tokens is None else f"{spent.tokens:,}", partial=spent.tokens_partial),
        "cost": _NOTHING
        if waits
        else _sum(
            None if spent.cost_usd is None else format_cost(spent.cost_usd), partial=spent.cost_partial
        ),
        "took": _NOTHING if run.facts.took_s is None else format_duration(run.facts.took_s),
        "when": format_day(summary.started_at, now=now),
        "when_title": format_time(summary.started_at),
        "tags": list(run.annotation.tags),
    }
    cost = "cost unknown" if row["cost"] == _UNKNOWN else row["cost"]
    parts = [pluralize(len(summary.rewards), "attempt"), row["model"], cost, row["took"], row["when"]]
    row["more"] = " · ".join(str(part) for part in parts if part != _NOTHING)
    return show_unseen_in(row)


def ended_rewards(rewards: Sequence[float | None], failed: int) -> Sequence[float | None]:
    """The rewards of the attempts that ended: without the last ones, if they run or were cut off. failed: how many failed."""
    without_end = rewards.count(None) - failed
    count = len(rewards)
    while without_end > 0 and rewards[count - 1] is None:
        count, without_end = count - 1, without_end - 1
    return rewards[:count]


def chart_points(rewards: Sequence[float | None]) -> list[float | None]:
    """At most MAX_POINTS rewards, in order; None for an attempt without one. Of more, the best of each stretch.

    An infinite one lies beyond the others.
    """
    finite = [value for value in rewards if value is not None and math.isfinite(value)]
    low, high = min([0.0, *finite]), max([1.0, *finite])
    beyond = (high - low) / 4
    values = [
        None if v is None or math.isnan(v) else min(max(v, low - beyond), high + beyond) for v in rewards
    ]
    if len(values) <= MAX_POINTS:
        return values
    edges = [round(n * len(values) / MAX_POINTS) for n in range(MAX_POINTS + 1)]
    stretches = (values[a:b] for a, b in pairwise(edges))
    return [max((v for v in stretch if v is not None), default=None) for stretch in stretches]


def describe_rewards(rewards: Sequence[float | None]) -> str:
    """The small chart in words, for those who do not see it."""
    values = [value for value in rewards if value is not None and not math.isnan(value)]
    if not values:
        return "No rewards"
    if len(rewards) <= 10:  # noqa: PLR2004  # as many as one listens to
        texts = ["none" if v is None or math.isnan(v) else format_score(v, values) for v in rewards]
        return f"Rewards: {', '.join(texts)}"
    low, high = (format_score(value) for value in (min(values), max(values)))
    missing = len(rewards) - len(values)
    without = f", {missing} without a reward" if missing else ""
    return f"Rewards of {pluralize(len(rewards), 'attempt')}, from {low} to {high}{without}"


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _sum(text: str | None, *, partial: bool) -> str:
    """A sum over calls, of which some may not have said what they cost."""
    if text is None:
        return _UNKNOWN
    return f"≥ {text}" if partial else text
