"""How far an experiment is, in words, for each state that it can be in.

"378 of 480 runs. About 2 min left, $1.05 of $3.00."
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Self

from refine_core.experiments.outcomes import Outcome
from refine_core.experiments.snapshot import Snapshot, Spent
from refine_core.experiments.time_left import format_about
from refine_core.formatting import format_clock, format_cost, format_dollars, join_words, pluralize

VERDICT_LATER: Final = (
    "The verdict comes at the end: a comparison read early favours whoever is ahead by luck."
)
LONG_HOLD_S: Final = 10.0
"""A wait that is worth a sentence."""
NOTHING_TWICE: Final = "nothing that finished is paid for again"
_ELSEWHERE: Final = "Another Refinescope process on the same history runs it: pause or cancel it there."


@dataclass(slots=True)
class Sums:
    """What runs that have ended took. cost_usd: what is known of it. unpriced: runs whose cost is unknown."""

    runs: int = 0
    failed: int = 0
    calls: int = 0
    tokens: int = 0
    uncounted: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count one run in."""
        self.runs += 1
        self.failed += outcome.state == "failed"
        self.calls += outcome.calls
        if not outcome.calls:
            return
        self.tokens += outcome.tokens or 0
        self.uncounted += outcome.tokens is None
        self.cost_usd += outcome.cost_usd or 0.0
        self.unpriced += outcome.cost_usd is None

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """All of them together."""
        whole = cls()
        for part in parts:
            for name in cls.__slots__:
                setattr(whole, name, getattr(whole, name) + getattr(part, name))
        return whole


def describe_cost(sums: Sums) -> str:
    """What runs cost: "$0.55", "free"; "at least $0.55" where some of them do not tell; "unknown"; "" before any call."""
    if not sums.calls:
        return ""
    if sums.unpriced:
        return f"at least {format_cost(sums.cost_usd)}" if sums.cost_usd else "unknown"
    return format_cost(sums.cost_usd)


def write_headline(snapshot: Snapshot, sums: Sums, left_s: float | None) -> str:
    """The sentence on top: how many runs have ended, what they cost, how long the rest takes in seconds (None: unknown)."""
    total, done = len(snapshot.cells), snapshot.done
    count = f"{done:,} of {pluralize(total, 'run')}"
    kept = f"{count} are kept"
    match snapshot.state:
        case "running":
            left = (
                f"About {format_about(left_s)} left".replace("About under", "Under")
                if left_s is not None
                else "The time left is not known yet"
            )
            return f"{count}. {', '.join([left, *_describe_spent(snapshot, sums)])}."
        case "pausing":
            last = pluralize(len(snapshot.under_way), "run")
            return f"Pausing: {last} under way will end first. {count} have ended."
        case "paused":
            return f"Paused. {kept}, {total - done:,} are left."
        case "cancelling":
            return f"Cancelling … {kept}."
        case "finished":
            return f"All {pluralize(total, 'run')} have ended."
        case _:
            kept = f"{kept}; {NOTHING_TWICE}." if done else f"None of {pluralize(total, 'run')} has ended."
            return f"{_describe_stop(snapshot, sums)} {kept}"


def _describe_stop(snapshot: Snapshot, sums: Sums) -> str:
    match snapshot.stopped_by:
        case "cancel":
            return "Cancelled."
        case "crash":
            return "The app ended while this was running."
        case "budget":
            limits = _describe_limits(snapshot, sums)
            return f"Stopped by its budget: {', '.join(limits)}." if limits else "Stopped by its budget."
        case "store":
            return "Stopped: the history could not be written."
        case "error":
            return "Stopped by an error."
        case "arms":
            return "Stopped: no arm that has runs left can go on."
        case _:
            return "Stopped."


def describe_hold(label: str, until: float) -> str:
    """That a model is not asked for now, as its server refused calls. until: a time of the epoch."""
    return f"{label} refused calls (429): it is asked again at {format_clock(until)}"


def write_details(snapshot: Snapshot, sums: Sums) -> Iterator[str]:
    """The sentences below it: what is in the way, and what to do."""
    if snapshot.is_live and not snapshot.is_local:
        yield _ELSEWHERE
    if snapshot.error and snapshot.state not in ("running", "finished"):
        yield _as_sentence(snapshot.error)
    for label, wait_s in snapshot.on_hold.items():
        if wait_s >= LONG_HOLD_S:
            yield f"{describe_hold(label, time.time() + wait_s)}."
    arms = snapshot.experiment.arms
    yield from list_stopped_arms((arm.name, snapshot.stopped_arms.get(arm.key, "")) for arm in arms)
    is_said = snapshot.stopped_by == "budget" and snapshot.error
    step = _find_next_step(snapshot) if snapshot.state == "stopped" and not is_said else None
    if step is not None:
        yield _NEXT_STEPS[step]
    if snapshot.state not in ("stopped", "finished"):
        yield VERDICT_LATER
    if sums.unpriced and snapshot.experiment.budget.usd is not None:
        it = "it" if sums.unpriced == 1 else "they"
        yield f"{pluralize(sums.unpriced, 'run')} did not tell what {it} cost, so the budget in dollars cannot be exact."


def list_stopped_arms(arms: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Which arms were stopped, a sentence for each cause. arms: their names, and why each was stopped or ""."""
    by_cause: dict[str, list[str]] = {}
    for name, why in arms:
        if why:
            by_cause.setdefault(why, []).append(f"“{name}”")
    for why, names in by_cause.items():
        yield f"{join_words(names)} {'was' if len(names) == 1 else 'were'} stopped. {_as_sentence(why)}"


_NEXT_STEPS: Final = {
    "": "Resume runs what is left.",
    "cancel": "Resume runs what is left.",
    "crash": "Resume runs what is left; a call that was under way is made again.",
    "budget": "Raise the budget and resume, or read the result of what there is.",
    "store": "See that it can be written (disk space, the server of the database), then resume.",
    "error": "Resume runs what is left.",
    "arms": "Put this right, then resume.",
    "key": "Resume asks again for a key that was refused.",
    "reward": "An experiment that has begun keeps its programs and rewards. Use it as a new draft to correct them, or try another reward on "
    "what is recorded: Result so far, then What if.",
}


def _find_next_step(snapshot: Snapshot) -> str | None:
    """The name of what to do; None where the reasons say it. An arm that was stopped for an error of its runs, and not of its model, cannot be put right in place."""
    why = snapshot.stopped_by
    if why != "arms":
        return why if why in _NEXT_STEPS else ""
    if any(
        snapshot.stopped_arms[cell.arm] in one.error
        for cell, one in snapshot.outcomes.items()
        if cell.arm in snapshot.stopped_arms
    ):
        return "reward"
    if snapshot.keyless_arms:
        return "key"
    return None if all("resume" in one.lower() for one in snapshot.stopped_arms.values()) else why


def _describe_spent(snapshot: Snapshot, sums: Sums) -> list[str]:
    """What was spent, beside each limit that there is: "$1.05 of $3.00"."""
    limits = _describe_limits(snapshot, sums)
    if snapshot.experiment.budget.usd is not None:
        return limits
    cost = (
        describe_cost(_counted(snapshot.spent, sums)) if sums.calls else ""
    )  # refused calls alone tell nothing
    cost = {"unknown": "cost unknown", "free": "free", "": ""}.get(cost, f"{cost} so far")
    return [*([cost] if cost else []), *limits]


def _describe_limits(snapshot: Snapshot, sums: Sums) -> list[str]:
    budget, counted = snapshot.experiment.budget, _counted(snapshot.spent, sums)
    found = []
    if budget.usd is not None:
        known = f"${format_dollars(counted.cost_usd)}" if counted.cost_usd else "$0"
        least = "at least " if counted.unpriced else ""
        found.append(f"{least}{known} of ${format_dollars(budget.usd)}")
    if budget.calls is not None:
        found.append(f"{counted.calls:,} of {pluralize(budget.calls, 'call')}")
    if budget.tokens is not None:
        least = "at least " if counted.uncounted else ""
        found.append(f"{least}{counted.tokens:,} of {budget.tokens:,} tokens")
    return found


def _counted(spent: Spent | None, sums: Sums) -> Sums:
    """What the budget counts, where that is known; else what runs that have ended took."""
    if spent is None:
        return sums
    unknown = Sums(calls=spent.calls, tokens=spent.tokens or 0, cost_usd=spent.usd or 0.0)
    unknown.unpriced, unknown.uncounted = int(spent.usd is None), int(spent.tokens is None)
    if spent.usd is None:
        unknown.cost_usd = sums.cost_usd
    if spent.tokens is None:
        unknown.tokens = sums.tokens
    return unknown


def _as_sentence(text: str) -> str:
    text = " ".join(text.split())
    text = f"{text[:1].upper()}{text[1:]}"
    return text if text.endswith((".", "!", "?", '."')) else f"{text}."
