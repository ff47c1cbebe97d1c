"""What can be asked of the list of runs, and what comes back.

    Filters, Sort, Page --Store.search--> RunPage(rows, total, matching, unindexed)

Beside its log a run has an annotation: what a person noted about it. Nothing else of a row is written by a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from refine_core.events import StopReason
from refine_core.log.summaries import Summary

Label = Literal["good", "bad"]
Outcome = Literal[
    "reached",
    "not reached",
    "finished",
    "failed",
    "cancelled",
    "stopped",
    "running",
    "paused",
    "interrupted",
]
SortKey = Literal["when", "name", "outcome", "best", "attempts", "model", "tokens", "cost", "took"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
SORT_KEYS: Final[tuple[SortKey, ...]] = get_args(SortKey)

_OUTCOMES: Final[Mapping[StopReason, Outcome]] = {
    "threshold_reached": "reached",
    "attempts_used_up": "not reached",
    "too_many_failures": "failed",
    "every_attempt_failed": "failed",
    "error": "failed",
    "reward_broken": "failed",
    "cancelled": "cancelled",
    "budget_used_up": "stopped",
    "recording_ended": "stopped",
    "unknown": "finished",
}


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a person noted about a run. name: in place of its title; "" for none.

    deleted_at: when it was deleted, in seconds since the epoch; None while it is in the list.
    """

    name: str = ""
    tags: tuple[str, ...] = ()
    starred: bool = False
    note: str = ""
    deleted_at: float | None = None


NO_ANNOTATION: Final = Annotation()


@dataclass(frozen=True, slots=True)
class Filters:
    """Which runs to list; a field at its default filters nothing, and () is any.

    since, until: of the start, in seconds since the epoch. min_cost_usd: runs that cost at least so much.
    deleted: the deleted runs, in place of all others. run_ids: only these.
    tries: the tries of hint tests, in place of all other runs; where `run_ids` names runs, both. parents: only runs that were
    made from one of these. fold: branches stand under the run that they all go back to: a row is such a run, listed if it passes or
    a branch of it does. Deleted runs are never folded. under: only branches, or tries, that stand under one of these runs.
    experiments: only the cells of one of these; no other filter but `run_ids` lets a cell through.
    """

    outcomes: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    since: float | None = None
    until: float | None = None
    min_cost_usd: float | None = None
    max_cost_usd: float | None = None
    starred: bool = False
    deleted: bool = False
    run_ids: tuple[str, ...] = ()
    tries: bool = False
    parents: tuple[str, ...] = ()
    fold: bool = False
    under: tuple[str, ...] = ()
    experiments: tuple[str, ...] = ()

    @property
    def tries_only(self) -> bool | None:
        """Whether to list the tries of hint tests (True) or all runs but them (False); None for both."""
        return None if self.run_ids and not self.tries else self.tries

    @property
    def without_cells(self) -> bool:
        """Whether the cells of experiments are left out: unless they, or runs by their ids, are asked for."""
        return not self.experiments and not self.run_ids


@dataclass(frozen=True, slots=True)
class Sort:
    """The order of a list. What has no value comes last either way; equals by time, the newest first."""

    key: SortKey = "when"
    descending: bool = True


NO_FILTERS: Final = Filters()
NEWEST_FIRST: Final = Sort()


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run's calls cost. None where that is unknown; is_partial: more, as some calls did not report theirs."""

    tokens: int | None
    cost_usd: float | None
    tokens_partial: bool = False
    cost_partial: bool = False

    @classmethod
    def of(cls, summary: Summary) -> Spent:
        """The sums over all models and days."""
        if summary.spent is None:
            return cls(None, None)
        tokens = sum(one.prompt_tokens + one.completion_tokens for one in summary.spent)
        cost = sum(one.cost_usd for one in summary.spent)
        uncounted = any(one.uncounted for one in summary.spent)
        unpriced = any(one.unpriced for one in summary.spent)
        return cls(
            None if uncounted and not tokens else tokens,
            None if unpriced and not cost else cost,
            uncounted and tokens > 0,
            unpriced and cost > 0,
        )


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run's events say beside its summary.

    inputs: what it was asked, on one line, the beginning of it. took_s: how long it worked; None until it finished.
    program_hash, inputs_hash: equal for runs of equal programs with their rewards, and of equal inputs.
    parent: the run that it was edited from, or replays; None for none.
    hint_test: id of the hint test that it is a try of; None for any other run.
    under: of a branch or a try, the run that it stands under in the list: the first of its family; None for any other run.
    experiment: id of the experiment that it is a cell of; None for any other run.
    """

    inputs: str = ""
    took_s: float | None = None
    program_hash: str = ""
    inputs_hash: str = ""
    parent: str | None = None
    hint_test: str | None = None
    under: str | None = None
    experiment: str | None = None


NO_FACTS: Final = RunFacts()


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A run in the list.

    alive, imported: as of `RunRow`. facts: what its events say. paused: whether it waits for a person before its next step.
    """

    run_id: str
    summary: Summary
    alive: bool
    annotation: Annotation = NO_ANNOTATION
    facts: RunFacts = NO_FACTS
    paused: bool = False
    imported: bool = False

    @property
    def name(self) -> str:
        """What it is called: the name it was given, else its title."""
        return self.annotation.name or self.summary.title or self.run_id

    @property
    def outcome(self) -> Outcome:
        """How it ended, or whether it still goes on."""
        ended = ended_outcome(self.summary)
        if ended is not None:
            return ended
        if not self.alive:
            return "interrupted"
        return "paused" if self.paused else "running"

    @property
    def spent(self) -> Spent:
        """What its calls cost."""
        return Spent.of(self.summary)


@dataclass(frozen=True, slots=True)
class Folded:
    """What stands under a row. branches, tries of hint tests: those that pass the filters. passes: whether the row itself does."""

    branches: int = 0
    tries: int = 0
    passes: bool = True


@dataclass(frozen=True, slots=True)
class RunPage:
    """A page of the list. total: runs in the list without any filter, tries of hint tests and cells of experiments not counted. matching: those that the filters let through.

    row_count: how many rows there are on all pages: `matching`, or fewer where branches are folded. folded: run id of a row -> what
    stands under it; rows without anything are left out.
    unindexed: runs that are not in it yet, since their logs have still to be read; asking again reads more of them.
    index_error: why they cannot be read into the index for now, such as a full disk; "" where they can.
    """

    rows: tuple[ListedRun, ...]
    total: int
    matching: int
    unindexed: int = 0
    index_error: str = ""
    row_count: int = 0
    folded: Mapping[str, Folded] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to filter by: how many listed runs have each model and each tag, tries of hint tests and cells of experiments not counted. deleted: how many are deleted."""

    models: Mapping[str, int]
    tags: Mapping[str, int]
    deleted: int = 0


def ended_outcome(summary: Summary) -> Outcome | None:
    """How a run ended; None for one that has no end. Without a threshold nothing was to be reached."""
    if summary.reason is None:
        return None
    if summary.reason == "attempts_used_up" and summary.threshold is None:
        return "finished"
    return _OUTCOMES[summary.reason]
