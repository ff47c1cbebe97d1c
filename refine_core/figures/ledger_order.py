"""Which attempts the ledger shows, in which order, a page at a time.

    Choice(show, sort, page, span) --choose_attempts--> Chosen(attempts of the page, order of all, counts for the filters)

A choice comes from an address, so anything may stand in it: what makes no sense is the default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, get_args

from refine_core.figures.grid import MANY
from refine_core.figures.story_parts import part_columns
from refine_core.log.timeline import Attempt, Timeline, Usage

Filter = Literal["all", "range", "best", "failed", "hint"]
PAGE: Final = 20  # rows of a page …
SHORT_PAGE: Final = 10  # … and beneath a matrix, which is higher than the other charts
_WORDS: Final[Mapping[Filter, str]] = {
    "range": "Selected",
    "all": "All",
    "best": "Best so far",
    "failed": "Failed",
    "hint": "New hint",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is wished for.

    show: which attempts. sort: a column's key, with "-" before it for the largest first. page: from 1; None for the one that
    holds the attempt looked at. span: first and last index of a range that was selected on the chart.
    """

    show: str = "all"
    sort: str = "attempt"
    page: int | None = None
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is shown of it.

    attempts: indices on this page. order: all that are shown, sorted. filters: (name, words) of those there are, for a run of
    more than a page.
    """

    attempts: tuple[int, ...]
    order: tuple[int, ...]
    page: int
    pages: int
    show: Filter
    sort: str
    filters: tuple[tuple[Filter, str], ...]


def choose_attempts(timeline: Timeline, choice: Choice, selected: int | None = None) -> Chosen:
    """Sort and filter the attempts, and cut out a page. selected: the attempt looked at."""
    kinds = _kinds(timeline, choice.span)
    show: Filter = next((kind for kind in kinds if kind == choice.show), "all")
    name, descending = choice.sort.removeprefix("-"), choice.sort.startswith("-")
    keys = sort_keys(timeline)
    if name not in keys:
        name, descending = "attempt", False
    order = _sort(kinds[show], keys[name], descending=descending)
    size = SHORT_PAGE if timeline.spec.attempt_count > MANY else PAGE
    pages = max(1, -(-len(order) // size))
    holding = order.index(selected) // size + 1 if selected in order else 1
    page = min(max(choice.page or holding, 1), pages)
    many = len(timeline.attempts) > size or show != "all"
    filters = tuple(
        (kind, _describe(kind, kinds[kind], choice.span)) for kind in get_args(Filter) if kind in kinds
    )
    return Chosen(
        attempts=tuple(order[(page - 1) * size : page * size]),
        order=tuple(order),
        page=page,
        pages=pages,
        show=show,
        sort=f"-{name}" if descending else name,
        filters=tuple(sorted(filters, key=lambda one: list(_WORDS).index(one[0]))) if many else (),
    )


def _kinds(timeline: Timeline, span: tuple[int, int] | None) -> dict[Filter, list[Attempt]]:
    attempts = timeline.attempts
    kinds: dict[Filter, list[Attempt]] = {"all": list(attempts), "best": [], "failed": [], "hint": []}
    if span is not None:
        kinds["range"] = [a for a in attempts if span[0] <= a.index <= span[1]]
    best: float | None = None
    before: Attempt | None = None
    for attempt in attempts:
        if attempt.best_so_far is not None and attempt.best_so_far != best:
            kinds["best"].append(attempt)
            best = attempt.best_so_far
        if attempt.state == "failed":
            kinds["failed"].append(attempt)
        if attempt.real_hints and (before is None or attempt.real_hints != before.real_hints):
            kinds["hint"].append(attempt)
        before = attempt
    return kinds


def _describe(kind: Filter, attempts: list[Attempt], span: tuple[int, int] | None) -> str:
    between = f" {span[0] + 1}\N{EN DASH}{span[1] + 1}" if kind == "range" and span is not None else ""
    return f"{_WORDS[kind]}{between} ({len(attempts)})"


_KEYS: Final[Mapping[str, Callable[[Attempt, float | None], float | None]]] = {
    "attempt": lambda attempt, _: attempt.index,
    "temperature": lambda attempt, _: attempt.temperature,
    "reward": lambda attempt, _: attempt.reward,
    "change": lambda attempt, before: (
        None if attempt.reward is None or before is None else attempt.reward - before
    ),
    "time": lambda attempt, _: (
        None
        if attempt.took_s is None
        else attempt.took_s + ((attempt.advice.took_s if attempt.advice else None) or 0.0)
    ),
    "tokens": lambda attempt, _: _tokens(attempt),
    "cost": lambda attempt, _: Usage.of(attempt.all_calls).cost_usd,
}


def sort_keys(timeline: Timeline) -> dict[str, Callable[[Attempt, float | None], float | None]]:
    """By which columns of the ledger attempts can be sorted: key -> (attempt, reward before it) -> a value, or None."""
    return {
        **_KEYS,
        **{f"part-{i}": partial(_part, one.name) for i, one in enumerate(part_columns(timeline))},
    }


def _part(name: str, attempt: Attempt, _before: float | None) -> float | None:
    return attempt.score.parts.get(name) if attempt.score is not None else None


def _tokens(attempt: Attempt) -> float | None:
    return Usage.of(attempt.all_calls).tokens


def _sort(
    attempts: list[Attempt],
    key: Callable[[Attempt, float | None], float | None],
    *,
    descending: bool,
) -> list[int]:
    """Indices by value, those without one last."""
    values: dict[int, float | None] = {}
    before: float | None = None
    for attempt in attempts:
        values[attempt.index] = key(attempt, before)
        before = attempt.reward if attempt.reward is not None else before
    known = [index for index, value in values.items() if value is not None]
    known.sort(key=lambda index: (values[index] or 0.0) * (-1 if descending else 1))
    return [*known, *(index for index, value in values.items() if value is None)]
